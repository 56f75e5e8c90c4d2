"""The live page over HTTP, with batches made here: what is sent to whom, and what is not."""

from __future__ import annotations

import asyncio
import configparser
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

import streamrec
from streamrec.contract.idle import Idle
from streamrec.contract.pieces import Names
from streamrec.contract.processor import Outcome
from streamrec.contract.records import Outbound
from streamrec.errors import BadEvent
from streamrec.events.codec import encode
from streamrec.events.dead_letters import dead_letter
from streamrec.events.types import ModelRef, RankedItem, Recommendation, Trigger
from streamrec.observe.audience import Audience
from streamrec.observe.metrics import Metrics
from streamrec.settings import Settings
from streamrec.system.core import Core
from streamrec.web import page
from streamrec.web.access import Access
from streamrec.web.connections import Connections
from streamrec.web.feed import MOST_WATCHERS, Feed
from streamrec.web.gate import guard
from tests.patience import PATIENCE_S

NOW_MS = 1_700_000_000_000
PRIVATE = "call me at 5550199"
SESAME = "open sesame, 你好"
Client = TestClient[web.Request, web.Application]


class Titles(Idle):
    """Titles that are no harmless words, and one room."""

    def names(self, items: Collection[str], rooms: Collection[str]) -> Names:
        return {item: f"<b>{item}</b>" for item in items}, {"r1": "Tea time"}


class Worker:
    """What the page is served from: an audience that batches are shown to."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(prefix="shop.", **settings)
        self.audience, self.core = Audience(), Core()
        outlook = lambda: {"not_ready": [], "lag": {"views": 3}, "queue": 0, "ts": NOW_MS}  # noqa: E731
        self.feed = Feed(self.settings, Titles(), self.core, self.audience, Metrics("shop."), outlook)

    def applied(self, *events: tuple[str, str]) -> None:
        """A batch of danmaku by (user, room), the last record a bad one."""
        read = [self._read(offset, user, room) for offset, (user, room) in enumerate(events)]
        made = [self._list(offset, user, room) for offset, (user, room) in enumerate(events)]
        made.append(dead_letter("shop.dead-letters", read[-1], "decode", BadEvent("misrouted", "no"), NOW_MS))
        self.audience.see(Outcome(records=made, counts=Counter(list=len(events))), read)

    def _read(self, offset: int, user: str, room: str) -> Any:
        value = {"user_id": user, "room_id": room, "ts": NOW_MS, "text": PRIVATE, "item_id": "mug"}
        return SimpleNamespace(
            topic="shop.danmaku", partition=1, offset=offset, timestamp=NOW_MS, key=b"k", value=msgspec.json.encode(value), headers=[]
        )

    def _list(self, offset: int, user: str, room: str) -> Outbound:
        made = Recommendation(
            list_id=f"shop.danmaku-1-{offset}",
            user_id=user,
            room_id=room,
            trigger=Trigger(topic="shop.danmaku", partition=1, offset=offset, event_id=f"of-{user}", ts=NOW_MS),
            generated_ts=NOW_MS + 12,
            items=[RankedItem(item_id="mug", rank=1, score=1.5, scores={"mention": 1.5}, reasons=["you_mentioned"])],
            model=ModelRef(name="mini", revision="1", provider="CPUExecutionProvider"),
            weights_version="w1",
            seq=4,
            covers=[("shop.danmaku", 1, offset)],
            arm="default",
        )
        return Outbound("shop.recommendations", user.encode(), encode(made))


def visit(worker: Worker, visitor: Callable[[Client], Awaitable[None]]) -> None:
    """Serve the page, and let someone in."""

    async def run() -> None:
        app = web.Application()
        token = worker.settings.web_token
        access = Access(token.get_secret_value() if token else None)
        guard(app, access, Connections())
        page.serve_page(app, worker.feed, access)
        async with TestClient(TestServer(app)) as client:
            await visitor(client)
        worker.core.stop()

    asyncio.run(run())


async def messages(answer: Any, wanted: str) -> Any:
    """The content of the next message of a kind."""
    kind = ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: ") and kind == wanted:
            return msgspec.json.decode(line.removeprefix("data: "))
    raise AssertionError(f"the stream ended before {wanted}")


def test_figures_lists_and_dead_letters_come_without_ids_and_texts() -> None:
    worker = Worker()

    async def visitor(client: Client) -> None:
        answer = await client.get("/feed")
        assert answer.content_type == "text/event-stream"
        assert (await messages(answer, "words"))["shows_people"] is False
        said = await messages(answer, "figures")
        assert said["lag"] == {"views": 3}
        worker.applied(("ann", "r1"))
        (letter,) = await messages(answer, "letters")
        assert (letter["topic"], letter["partition"], letter["offset"], letter["reason"]) == ("danmaku", "1", "0", "misrouted")
        (made,) = await messages(answer, "lists")
        assert made["id"] == "danmaku-1-0"
        assert (made["room"], made["room_title"], made["waited_ms"]) == ("r1", "Tea time", 12)
        assert made["items"][0]["title"] == "<b>mug</b>"
        assert made["items"][0]["reasons"] == ["you_mentioned"]
        assert made["items"][0]["why"] == ["You mentioned it in the chat."]
        assert made["viewer"].startswith("viewer ")
        for message in (letter, made):
            assert "ann" not in str(message)
            assert PRIVATE not in str(message)

    visit(worker, visitor)


def test_a_setting_shows_who_wrote_what() -> None:
    worker = Worker(web_show_people=True)

    async def visitor(client: Client) -> None:
        answer = await client.get("/feed")
        await messages(answer, "figures")
        worker.applied(("ann", "r1"))
        (letter,) = await messages(answer, "letters")
        (made,) = await messages(answer, "lists")
        assert (made["viewer"], made["text"]) == ("ann", PRIVATE)
        assert PRIVATE in letter["value"]

    visit(worker, visitor)


def test_a_page_sees_only_the_viewer_or_room_that_it_chose() -> None:
    worker = Worker()
    pseudonym = worker.feed.people.name(b"ann")

    async def visitor(client: Client) -> None:
        asked = [{"user": "ann"}, {"user": pseudonym}, {"room": "r2"}]
        answers = [await client.get("/feed", params=chosen) for chosen in asked]
        for answer in answers:
            await messages(answer, "figures")
        worker.applied(("bob", "r1"), ("ann", "r1"), ("carl", "r2"))
        by_id, by_pseudonym, by_room = [await messages(answer, "lists") for answer in answers]
        assert [made["id"] for made in by_id] == [made["id"] for made in by_pseudonym] == ["danmaku-1-1"]
        assert [made["id"] for made in by_room] == ["danmaku-1-2"]

    visit(worker, visitor)


def test_of_many_lists_a_sample_is_sent() -> None:
    worker = Worker()

    async def visitor(client: Client) -> None:
        answer = await client.get("/feed")
        await messages(answer, "figures")
        worker.applied(*((f"user-{number}", "r1") for number in range(500)))
        made = await messages(answer, "lists")
        assert len(made) == 10
        assert made[-1]["id"] == "danmaku-1-499", "the newest is in it"

    visit(worker, visitor)


def test_nothing_runs_once_the_page_is_closed() -> None:
    worker = Worker()

    async def visitor(client: Client) -> None:
        answer = await client.get("/feed")
        await messages(answer, "figures")
        answer.close()
        async with asyncio.timeout(PATIENCE_S):
            while worker.audience.watchers:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        worker.applied(("ann", "r1"))
        assert worker.audience.take() == []

    visit(worker, visitor)


def test_a_stopping_worker_ends_the_streams() -> None:
    worker = Worker()

    async def visitor(client: Client) -> None:
        answer = await client.get("/feed")
        await messages(answer, "figures")
        await client.server.app.shutdown()
        async with asyncio.timeout(PATIENCE_S):
            await answer.content.read()
        assert (await client.get("/feed")).status == 503

    visit(worker, visitor)


def test_too_many_pages_are_refused() -> None:
    worker = Worker()

    async def visitor(client: Client) -> None:
        answers = [await client.get("/feed") for _ in range(MOST_WATCHERS)]
        for answer in answers:
            await messages(answer, "words")
        assert (await client.get("/feed")).status == 503

    visit(worker, visitor)


def test_with_a_token_the_page_asks_for_it_and_the_cookie_opens_it() -> None:
    worker = Worker(web_token=SecretStr(SESAME))

    async def visitor(client: Client) -> None:
        refused = await client.get("/")
        assert refused.status == 401
        assert 'name="token"' in await refused.text()
        feed = await client.get("/feed")
        assert feed.status == 401
        assert "web_token" in (await feed.json())["error"]
        wrong = await client.post("/login", data={"token": "guess"}, allow_redirects=False)
        assert (wrong.status, wrong.cookies) == (401, {})
        right = await client.post("/login", data={"token": SESAME}, allow_redirects=False)
        assert right.status == 303
        assert "HttpOnly" in str(right.cookies)
        assert "SameSite=Strict" in str(right.cookies)
        assert SESAME not in str(right.cookies)
        assert 'id="lists"' in await (await client.get("/")).text()
        assert (await client.get("/feed")).status == 200
        client.session.cookie_jar.clear()
        assert (await client.get("/feed", headers={"Authorization": f"Bearer {SESAME}"})).status == 200

    visit(worker, visitor)


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain; charset=nonsense", b"token=x"),
        ("multipart/form-data", b"token=x"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=x\r\nContent-Encoding: odd\r\n\r\nx\r\n--b--"),
        ("", b""),
        ("nonsense", b"\xff"),
        (FORM, b"token=" + b"x" * 100_000),
        (FORM, b"&".join(b"%d=x" % number for number in range(100))),
    ],
)
def test_what_is_no_login_form_is_a_bad_request_and_no_guess(kind: str, body: bytes) -> None:
    async def visitor(client: Client) -> None:
        answer = await client.post("/login", data=body, headers={"Content-Type": kind}, allow_redirects=False)
        assert (answer.status, answer.cookies) == (400, {})
        assert 'name="token"' in await answer.text()

    visit(Worker(web_token=SecretStr(SESAME)), visitor)


@pytest.mark.parametrize("kind", [FORM, f"{FORM}; charset=nonsense", f"{FORM}; charset=utf-16"])
def test_a_login_form_is_utf_8_whatever_its_header_says(kind: str) -> None:
    async def visitor(client: Client) -> None:
        form = {"data": urlencode({"token": SESAME}).encode(), "headers": {"Content-Type": kind}, "allow_redirects": False}
        assert (await client.post("/login", **form)).status == 303  # type: ignore[arg-type]
        form["data"] = b"token=%FF%FE\xff"
        assert (await client.post("/login", **form)).status == 401  # type: ignore[arg-type]

    visit(Worker(web_token=SecretStr(SESAME)), visitor)


def test_the_cookie_stays_on_tls_where_the_browser_came_by_it() -> None:
    async def visitor(client: Client) -> None:
        for headers, secure in (({}, False), ({"X-Forwarded-Proto": "https"}, True), ({"X-Forwarded-Proto": "http"}, False)):
            answer = await client.post("/login", data={"token": SESAME}, headers=headers, allow_redirects=False)
            assert ("Secure" in str(answer.cookies)) is secure

    visit(Worker(web_token=SecretStr(SESAME)), visitor)


def test_without_a_token_there_is_nothing_to_log_in_to() -> None:
    async def visitor(client: Client) -> None:
        answer = await client.post("/login", data={"token": ""}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"], answer.cookies) == (303, "/", {})

    visit(Worker(), visitor)


def test_every_answer_forbids_what_the_page_does_not_need() -> None:
    async def visitor(client: Client) -> None:
        for path in ("/", "/page/page.js", "/page/room.js", "/page/dom.js", "/page/page.css"):
            answer = await client.get(path)
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (await client.get("/page/login.html")).status == 404
        assert (await client.get("/page/..%2fpage.py")).status == 404

    visit(Worker(), visitor)


def test_the_files_ask_nobody_else_and_write_no_html() -> None:
    async def visitor(client: Client) -> None:
        texts = {
            name: await (await client.get(name)).text()
            for name in ("/", "/page/page.js", "/page/room.js", "/page/dom.js", "/page/page.css")
        }
        for name, text in texts.items():
            assert "//" not in text.replace("http://www.w3.org/2000/svg", "").replace("// ", ""), name
            for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", " onclick", "style="):
                assert forbidden not in text, f"{forbidden} in {name}"

    visit(Worker(), visitor)


def test_the_files_of_the_page_are_in_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(Path(streamrec.__file__).parents[1] / "setup.cfg")
    package = Path(streamrec.__file__).parent
    shipped = {file for pattern in setup["options.package_data"]["streamrec"].split() for file in package.glob(pattern)}
    assert {file.name for file in shipped} >= {"index.html", "login.html", "page.css", "page.js", "room.js", "dom.js"}
