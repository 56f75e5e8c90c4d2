"""What the demo shows: the last lists in words, and the figures below them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamrec.demo.ledger import Cause, Report, describe
from streamrec.events.types import Recommendation
from streamrec.ranking.reasons.sentences import in_words
from streamrec.system.printing import printable

TOP = 5
LINES_PER_LIST = TOP + 3
REFRESH_PER_SECOND = 4


class Screen:
    """The last lists in the order of their arrival, as many as fit into the terminal; a renderable of rich."""

    def __init__(self, console: Console, titles: dict[str, str], report: Callable[[], Report], rate: float) -> None:
        self._titles, self._report, self._rate = titles, report, rate
        # The reader's thread adds lists while rich draws from its own.
        self._lock = threading.Lock()
        self._lists: deque[RenderableType] = deque(maxlen=max(1, (console.height - 4) // LINES_PER_LIST))

    def show(self, ranked: Recommendation, cause: Cause) -> None:
        """Put a list on the screen. One whose trigger is not known, such as a repeat, is passed over."""
        if cause.message is not None:
            block = list_block(ranked, cause, self._titles)
            with self._lock:
                self._lists.append(block)

    def __rich__(self) -> RenderableType:
        with self._lock:
            blocks = list(self._lists)
        return Group(*blocks, footer(self._report(), self._rate))

    def live(self, console: Console) -> Live:
        """A context manager in which the screen redraws itself."""
        return Live(self, console=console, refresh_per_second=REFRESH_PER_SECOND)


class Scroll:
    """Prints each list once, for output that is not a terminal."""

    def __init__(self, console: Console, titles: dict[str, str]) -> None:
        self._console, self._titles = console, titles

    def show(self, ranked: Recommendation, cause: Cause) -> None:
        """Print a list. One whose trigger is not known is passed over."""
        if cause.message is not None:
            self._console.print(list_block(ranked, cause, self._titles, whole=True))


class Silence:
    """Shows nothing."""

    def show(self, ranked: Recommendation, cause: Cause) -> None:
        """Pass over a list."""


def list_block(ranked: Recommendation, cause: Cause, titles: dict[str, str], *, whole: bool = False) -> RenderableType:
    """Who did what, how long the list took, and its top items. `titles` has the names of items and rooms, cut short unless `whole`."""
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
        title, why = titles.get(item.item_id, item.item_id), " ".join(in_words(item, titles))
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
