"""What the demo shows."""

from __future__ import annotations

import io

from rich.console import Console

from streamrec.demo.ledger import Cause, Ledger
from streamrec.demo.screen import Screen, Scroll, list_block
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
    assert text.count("wrote") == 3
    assert text.splitlines()[-1].startswith(" 0 lists for 0 triggers, 20/s")
    assert text.count("\n") < 30


def test_output_that_is_no_terminal_gets_every_list_once() -> None:
    console = Console(file=io.StringIO(), width=120)
    for cause in (Cause(WROTE, 0.01), Cause(None, None), Cause(WROTE, 0.01)):
        Scroll(console, TITLES).show(ranked(), cause)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().count("wrote") == 2
