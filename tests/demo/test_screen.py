"""What the demo shows."""

from __future__ import annotations

import io

from rich.console import Console

from streamrec.demo.ledger import Cause, Ledger
from streamrec.demo.screen import Screen, Scroll, list_block, moment_line, reply_line
from streamrec.events.speech import Question, Reply, RoomMoment
from streamrec.events.types import ModelRef, RankedItem, Recommendation, Trigger
from streamrec.simulator.messages import message

TITLES = {"i1": "[bold]RED CUP[/bold]", "room-1": "Cups with Mei"}
WROTE = message("danmaku", {"user_id": "u7", "room_id": "room-1", "ts": 1, "text": "[red]3号多少钱"})


def ranked() -> Recommendation:
    return Recommendation(
        arm="default",
        list_id="a",
        user_id="u7",
        room_id="room-1",
        trigger=Trigger(topic="danmaku", partition=0, offset=0, event_id="e", ts=1),
        generated_ts=1,
        items=[RankedItem(item_id=f"i{rank}", rank=rank, score=1 / rank, scores={}, reasons=["on_air", "new"]) for rank in range(1, 11)],
        model=ModelRef(name="mini", revision="r", provider="CPU"),
        weights_version="1",
        seq=1,
        covers=[("danmaku", 0, 0)],
    )


def drawn(renderable: object) -> str:
    console = Console(file=io.StringIO(), width=120, height=40)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_list_tells_who_wrote_what_and_names_its_top_items() -> None:
    text = drawn(list_block(ranked(), Cause(WROTE, 0.0123), TITLES))
    assert "u7 in Cups with Mei wrote “[red]3号多少钱”" in text
    assert "12 ms" in text
    assert "[bold]RED CUP[/bold]" in text
    assert "1.000" in text
    assert "The host is showing it right now. New in: it" in text
    assert text.count("\n") == 7


def test_the_screen_keeps_as_many_lists_as_fit_above_the_figures() -> None:
    console = Console(file=io.StringIO(), width=120, height=30)
    ledger = Ledger(0.0)
    screen = Screen(console, TITLES, lambda: ledger.report(bad_sent=2, simulated=0), 20)
    for _ in range(9):
        screen.show(ranked(), Cause(WROTE, 0.01))
    screen.show(ranked(), Cause(None, None))
    text = drawn(screen)
    assert text.count("wrote") == 2
    assert text.splitlines()[-1].startswith(" 0 lists for 0 triggers, 20/s")
    assert text.count("\n") < 30


def test_output_that_is_no_terminal_gets_every_list_once() -> None:
    console = Console(file=io.StringIO(), width=120)
    for cause in (Cause(WROTE, 0.01), Cause(None, None), Cause(WROTE, 0.01)):
        Scroll(console, TITLES).show(ranked(), cause)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("wrote") == 2


MOMENT = RoomMoment(
    room_id="room-1",
    ts=90_000,
    on_air="i1",
    since=88_000,
    confidence=0.934,
    by="speech",
    comments=41.6,
    questions=[Question(text="多少钱", intent="ask_price", asked=3, ts=1, item_id="i1", answer="4.25 GBP", source="catalogue")],
)
REPLY = Reply(
    reply_id="r", room_id="room-1", ts=1, question="how\nbig [b]", lang="en", intent="ask_size", answer="9 cm", source="host", field="s-1",
    confidence=0.9, item_id="i1",
)  # fmt: skip


def test_a_room_tells_what_is_on_air_by_whom_and_what_is_asked() -> None:
    line = moment_line(MOMENT, TITLES, 100_000).plain
    assert line == (
        "Cups with Mei: on air [bold]RED CUP[/bold] since 12 s (by what the host says, 0.93); 42 comments/min; "
        "asked: 多少钱 (3×) → 4.25 GBP"
    )
    other = RoomMoment(room_id="room-1", ts=1, on_air="i2", since=1, questions=MOMENT.questions)
    assert "asked about [bold]RED CUP[/bold]: 多少钱" in moment_line(other, TITLES, 2).plain
    told = RoomMoment(room_id="room-9", ts=90_000, on_air="i9", since=95_000)
    assert moment_line(told, TITLES, 94_000).plain == "room-9: on air i9 since 0 s (by its record); 0 comments/min"
    assert "nothing known to be on air" in moment_line(RoomMoment(room_id="room-9", ts=1), TITLES, 2).plain


def test_an_answer_is_one_line_with_its_source() -> None:
    assert reply_line(REPLY, TITLES).plain == "Cups with Mei asked “how big [b]” about [bold]RED CUP[/bold] → 9 cm  the host said so"


def test_the_screen_shows_the_last_moment_of_each_room_and_the_last_answers() -> None:
    console = Console(file=io.StringIO(), width=160, height=30)
    ledger = Ledger(0.0)
    screen = Screen(console, TITLES, lambda: ledger.report(bad_sent=2, simulated=0), 20)
    for _ in range(5):
        screen.show_moment(MOMENT, 100_000)
        screen.show_reply(REPLY)
    text = drawn(screen)
    assert text.count("on air") == 1
    assert text.count("9 cm") == 2


def test_output_that_is_no_terminal_gets_a_moment_where_another_item_is_on_air() -> None:
    console = Console(file=io.StringIO(), width=160)
    scroll = Scroll(console, TITLES)
    for moment in (MOMENT, MOMENT, RoomMoment(room_id="room-1", ts=1, on_air="i2")):
        scroll.show_moment(moment, 100_000)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("on air") == 2
