"""What the demo shows: the last lists in words, what is understood of the rooms, and the figures below them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamrec.demo.ledger import Cause, Report, describe
from streamrec.events.speech import Reply, RoomMoment
from streamrec.events.types import Recommendation
from streamrec.ranking.reasons.languages import DEFAULT, Language
from streamrec.ranking.reasons.sentences import in_words
from streamrec.system.printing import printable

TOP = 5
ROOM_LINES = 8
"""Lines about rooms: one for each room of the demo, and its last answers."""
ANSWERS = 2
LINES_PER_LIST = TOP + 3
REFRESH_PER_SECOND = 4


class Screen:
    """The last lists in the order of their arrival, as many as fit into the terminal, above the rooms; a renderable of rich."""

    def __init__(
        self, console: Console, titles: dict[str, str], report: Callable[[], Report], rate: float, language: Language = DEFAULT
    ) -> None:
        self._titles, self._report, self._rate, self._language = titles, report, rate, language
        # The reader's thread adds lists while rich draws from its own.
        self._lock = threading.Lock()
        self._lists: deque[RenderableType] = deque(maxlen=max(1, (console.height - 4 - ROOM_LINES) // LINES_PER_LIST))
        self._rooms: dict[str, RenderableType] = {}
        self._answers: deque[RenderableType] = deque(maxlen=ANSWERS)

    def show(self, ranked: Recommendation, cause: Cause) -> None:
        """Put a list on the screen. One whose trigger is not known, such as a repeat, is passed over."""
        if cause.message is not None:
            block = list_block(ranked, cause, self._titles, self._language)
            with self._lock:
                self._lists.append(block)

    def show_moment(self, moment: RoomMoment, now_ms: int) -> None:
        """Put a room's moment in the place of the one before it."""
        line = moment_line(moment, self._titles, now_ms)
        with self._lock:
            self._rooms[moment.room_id] = line

    def show_reply(self, reply: Reply) -> None:
        """Put an answer under the rooms."""
        with self._lock:
            self._answers.append(reply_line(reply, self._titles))

    def __rich__(self) -> RenderableType:
        with self._lock:
            blocks, rooms = list(self._lists), [line for _, line in sorted(self._rooms.items())[: ROOM_LINES - ANSWERS]]
            answers = list(self._answers)
        return Group(*blocks, *rooms, *answers, footer(self._report(), self._rate))

    def live(self, console: Console) -> Live:
        """A context manager in which the screen redraws itself."""
        return Live(self, console=console, refresh_per_second=REFRESH_PER_SECOND)


class Scroll:
    """Prints each list once, each item that comes on air and each answer, for output that is not a terminal."""

    def __init__(self, console: Console, titles: dict[str, str], language: Language = DEFAULT) -> None:
        self._console, self._titles, self._language = console, titles, language
        self._on_air: dict[str, str | None] = {}

    def show(self, ranked: Recommendation, cause: Cause) -> None:
        """Print a list. One whose trigger is not known is passed over."""
        if cause.message is not None:
            self._console.print(list_block(ranked, cause, self._titles, self._language, whole=True))

    def show_moment(self, moment: RoomMoment, now_ms: int) -> None:
        """Print a room's moment if another item is on air."""
        if self._on_air.get(moment.room_id) != moment.on_air:
            self._on_air[moment.room_id] = moment.on_air
            self._console.print(moment_line(moment, self._titles, now_ms))

    def show_reply(self, reply: Reply) -> None:
        """Print an answer."""
        self._console.print(reply_line(reply, self._titles))


class Silence:
    """Shows nothing."""

    def show(self, ranked: Recommendation, cause: Cause) -> None:
        """Pass over a list."""

    def show_moment(self, moment: RoomMoment, now_ms: int) -> None:
        """Pass over a moment."""

    def show_reply(self, reply: Reply) -> None:
        """Pass over an answer."""


def moment_line(moment: RoomMoment, titles: dict[str, str], now_ms: int) -> Text:
    """What is on air in a room, since when and by whom, and what is asked most, in one line."""
    room = titles.get(moment.room_id, moment.room_id)
    if moment.on_air is None:
        what = "nothing known to be on air"
    else:
        by = "by its record" if moment.by == "room" else f"by what the host says, {moment.confidence:.2f}"
        what = f"on air {titles.get(moment.on_air, moment.on_air)} since {max(0, now_ms - moment.since) // 1000} s ({by})"
    heat = f"; {moment.comments:.0f} comments/min"
    asked = ""
    if moment.questions:
        one = moment.questions[0]
        about = f" about {titles.get(one.item_id, one.item_id)}" if one.item_id and one.item_id != moment.on_air else ""
        asked = f"; asked{about}: {one.text}" + (f" ({one.asked}×)" if one.asked > 1 else "") + (f" → {one.answer}" if one.answer else "")
    said = printable(f": {what}{heat}{asked}")
    return Text.assemble((printable(room), "bold magenta"), said, no_wrap=True, overflow="ellipsis")


def reply_line(reply: Reply, titles: dict[str, str]) -> Text:
    """A question and its answer, with its source, in one line."""
    room = titles.get(reply.room_id, reply.room_id)
    about = f" about {titles.get(reply.item_id, reply.item_id)}" if reply.item_id else ""
    said = printable(f" asked “{reply.question}”{about} → {reply.answer}")
    source = {"catalogue": f"catalogue: {reply.field}", "host": "the host said so", "policy": f"policy: {reply.field}"}[reply.source]
    return Text.assemble((printable(room), "bold magenta"), said, (f"  {printable(source)}", "dim"), no_wrap=True, overflow="ellipsis")


def list_block(
    ranked: Recommendation, cause: Cause, titles: dict[str, str], language: Language = DEFAULT, *, whole: bool = False
) -> RenderableType:
    """Who did what, how long the list took, and its top items with reasons in a language.

    `titles` has the names of items and rooms, cut short unless `whole`.
    """
    assert cause.message is not None
    where = f" in {titles.get(ranked.room_id, ranked.room_id)}" if ranked.room_id else ""
    took = "" if cause.seconds is None else f"  {cause.seconds * 1000:.0f} ms"
    degraded = f"  {ranked.degraded}" if ranked.degraded else ""
    said = printable(f"{where} {describe(cause.message, titles)}")
    head = Text.assemble(
        (printable(ranked.user_id), "bold cyan"), said, (took, "dim"), (degraded, "yellow"), no_wrap=True, overflow="ellipsis"
    )
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False, expand=not whole)
    table.add_column(justify="right", style="dim", min_width=4)
    table.add_column(width=None if whole else 40, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", style="green", min_width=8)
    table.add_column(style="dim", no_wrap=True, overflow="ellipsis", ratio=1)
    for item in ranked.items[:TOP]:
        title, why = titles.get(item.item_id, item.item_id), " ".join(in_words(item, titles, language))
        table.add_row(str(item.rank), Text(printable(title)), f"{item.score:.3f}", Text(printable(why)))
    return Group(head, table, Text())


def footer(report: Report, rate: float) -> RenderableType:
    """The figures so far, in one line."""
    latency = "–" if report.p50_ms is None else f"p50 {report.p50_ms:.0f} ms, p99 {report.p99_ms:.0f} ms"
    degraded = f"{report.degraded / report.lists:.1%}" if report.lists else "–"
    provider = report.provider.removesuffix("ExecutionProvider")
    return Text(
        f" {report.lists} lists for {report.triggers} triggers, {rate:g}/s · {latency} · {report.model} on {provider} · "
        f"weights {report.weights} · "
        f"degraded {degraded} · {report.dead_letters} of {report.bad_sent} bad ones dead letters · Ctrl-C ends ",
        style="reverse",
        no_wrap=True,
        overflow="ellipsis",
    )
