"""The watched room as the page gets it: what it is about, and its comments, without ids and words unless people may be shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from streamrec.events.speech import RoomMoment
from streamrec.web import page
from streamrec.web.access import Access
from streamrec.web.feed import COMMENTS_PER_TICK
from streamrec.web.rooms import comment_message, needs, room_message
from streamrec.web.showing import People
from tests.web.rooms import MOMENT, NOW_MS, PRIVATE, TITLES, RoomWorker, insight

Client = TestClient[web.Request, web.Application]
NAMES = (TITLES, {"r1": "Tea time"})


def visit(worker: RoomWorker, visitor: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        app = web.Application()
        page.serve_page(app, worker.feed, Access(None))
        async with TestClient(TestServer(app)) as client:
            await visitor(client)
        worker.core.stop()

    asyncio.run(run())


async def message(answer: Any, *wanted: str) -> tuple[str, Any]:
    """The next message of one of these kinds."""
    kind = ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: ") and kind in wanted:
            return kind, msgspec.json.decode(line.removeprefix("data: "))
    raise AssertionError(f"the stream ended before {wanted}")


def test_a_moment_is_told_with_titles_and_only_what_is_in_it() -> None:
    told = room_message("r1", MOMENT, People(show=True), NAMES, NOW_MS)
    assert (told["title"], told["on_air"], told["for_s"], told["by"], told["confidence"]) == (
        "Tea time",
        "Blue <mug>",
        12.0,
        "speech",
        0.93,
    )
    assert told["wanted"] == [{"title": "Metal sign", "amount": 3.5}]
    assert told["said"] == [{"title": "Blue <mug>", "points": ["oven safe"]}]
    assert [(one["text"], one["item"], one["answer"], one["source"]) for one in told["questions"]] == [
        ("how much <b>", "Blue <mug>", "4.25 GBP", "host"),
        (PRIVATE, "Red bowl", None, None),
    ]
    empty = room_message("r1", RoomMoment(room_id="r1", ts=1), People(show=True), NAMES, NOW_MS)
    assert (empty["known"], empty["on_air"], empty["for_s"]) == (True, None, None)
    assert room_message("r9", None, People(show=True), NAMES, NOW_MS) == {"room": "r9", "title": None, "known": False}


def test_all_items_that_are_told_of_are_asked_for() -> None:
    assert needs(MOMENT, []) == {"mug", "bowl", "sign"}
    assert needs(None, [insight("ann")]) == {"mug", "bowl"}


def test_words_and_ids_of_people_are_left_out_unless_they_may_be_shown() -> None:
    shy = People(show=False)
    for told in (room_message("r1", MOMENT, shy, NAMES, NOW_MS), comment_message(insight("ann"), shy, NAMES)):
        text = str(told)
        assert PRIVATE not in text
        assert "how much" not in text
        assert "111" not in text
        assert "ann" not in text.replace("channel", "")
    shown = comment_message(insight("ann"), People(show=True), NAMES)
    assert (shown["viewer"], shown["text"]) == ("ann", PRIVATE)
    assert shown["items"] == [{"title": "Blue <mug>", "ref": "deictic", "weight": 1.0}]
    assert shown["unwanted"] == ["Red bowl"]


def test_a_page_is_told_of_the_room_that_it_watches_and_of_no_other() -> None:
    worker = RoomWorker()

    async def visitor(client: Client) -> None:
        watching, other = await client.get("/feed", params={"room": "r1"}), await client.get("/feed", params={"room": "r9"})
        _, told = await message(watching, "room")
        assert told["on_air"] == "Blue <mug>"
        assert (await message(other, "room"))[1] == {"room": "r9", "title": None, "known": False}
        worker.read(insight("bob", "r2"), insight("ann"), insight("carl", "r9"))
        _, comments = await message(watching, "comments")
        assert [(one["intents"], one["text"]) for one in comments] == [(["ask_price", "want"], None)]
        assert comments[0]["viewer"] == worker.feed.people.name(b"ann")

    visit(worker, visitor)


def test_a_page_without_a_room_is_told_of_none() -> None:
    worker = RoomWorker()

    async def visitor(client: Client) -> None:
        answer = await client.get("/feed")
        await message(answer, "figures")
        worker.read(insight("ann"))
        seen = [await message(answer, "figures", "room", "comments") for _ in range(2)]
        assert {kind for kind, _ in seen} == {"figures"}

    visit(worker, visitor)


def test_of_many_comments_the_newest_are_sent_in_their_order() -> None:
    worker = RoomWorker(web_show_people=True)

    async def visitor(client: Client) -> None:
        answer = await client.get("/feed", params={"room": "r1"})
        await message(answer, "room")
        worker.read(*(insight("ann", offset=number, text=f"comment {number}") for number in range(500)))
        _, comments = await message(answer, "comments")
        assert [one["text"] for one in comments] == [f"comment {number}" for number in range(500 - COMMENTS_PER_TICK, 500)]

    visit(worker, visitor)
