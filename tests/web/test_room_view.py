"""The room view in a real browser, served from a room made here: what a person sees, on a desk and on a telephone."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web

from streamrec.web import page as live_page
from streamrec.web.access import Access
from streamrec.web.connections import Connections
from streamrec.web.gate import guard
from tests.patience import PATIENCE_S
from tests.web.rooms import PRIVATE, RoomWorker, insight

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from tests.web.test_browser import BROWSER, CONTRAST, FLAGS  # noqa: E402

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")


class Site:
    """A live page on a free port, served by a thread."""

    def __init__(self, worker: RoomWorker) -> None:
        self.worker, self.address = worker, ""
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def read(self, *users: str) -> None:
        """Have the worker read a comment of each of them."""
        asyncio.run_coroutine_threadsafe(self._read(*users), self._loop).result(PATIENCE_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE_S)
        self.worker.core.stop()

    async def _read(self, *users: str) -> None:
        self.worker.read(*(insight(user) for user in users))

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        app, access = web.Application(), Access(None)
        guard(app, access, Connections())
        live_page.serve_page(app, self.worker.feed, access)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()


@pytest.fixture(scope="module", params=[True, False], ids=["people shown", "people not shown"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    made = Site(RoomWorker(web_show_people=request.param))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[playwright.Page]:
    """A page that watches the room; whatever the browser complains about, or asks of others, fails the test."""
    complaints: list[str] = []
    with playwright.sync_playwright() as driver:
        profile = tmp_path_factory.mktemp("profile")
        context = driver.chromium.launch_persistent_context(profile, executable_path=BROWSER, args=FLAGS, color_scheme="light")
        page = context.pages[0]
        page.set_default_timeout(1000 * PATIENCE_S)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(site.address) else complaints.append(f"asked {asked.url}"))
        page.goto(site.address)
        assert page.locator("#room-view").is_hidden(), "no room is chosen yet"
        yield page
        assert complaints == []
        context.close()


@pytest.fixture(autouse=True)
def watched(page: playwright.Page) -> None:
    """The page watches the room, whatever a test before this one has chosen."""
    choose(page, "r1")
    page.locator("#on-air").get_by_text("Blue <mug>").wait_for()


def choose(page: playwright.Page, room: str) -> None:
    page.locator("#room").fill(room)
    page.get_by_role("button", name="Show").click()


def test_it_tells_what_is_on_air_since_when_by_whom_and_how_sure(page: playwright.Page) -> None:
    assert page.locator("#room-title").inner_text() == "Tea time"
    text = page.locator("#on-air").inner_text()
    assert "by what the host says, 93 % sure" in text
    assert "before: Red bowl" in text
    assert "okay link one the blue one" in text
    before = re.search(r"for (\d+) (s|min)", text)
    assert before is not None
    page.wait_for_function("(before) => !document.getElementById('on-air').innerText.includes(before)", arg=before[0])


def test_it_tells_heat_mood_what_is_wanted_bursts_and_what_the_host_said(page: playwright.Page) -> None:
    heat = page.locator("#room-heat").inner_text()
    assert "42 comments a minute" in heat
    assert [word for word in heat.split() if word in ("positive", "neutral", "negative")] == ["positive", "neutral", "negative"]
    assert page.locator("#room-heat svg path").get_attribute("d")
    assert "Metal sign" in page.locator("#room-wanted").inner_text()
    assert "14 by 11 people" in page.locator("#room-bursts").inner_text()
    assert "oven safe" in page.locator("#room-said").inner_text()


def test_questions_stand_with_their_answers_and_sources_and_the_words_of_people_only_if_they_may_be_shown(
    site: Site, page: playwright.Page
) -> None:
    text = page.locator("#room-questions").inner_text()
    assert "4.25 GBP" in text
    assert "said by the host" in text
    assert "open" in text
    if site.worker.settings.web_show_people:
        assert "“how much <b>”" in text
    else:
        assert "About price" in text
        assert PRIVATE not in page.content()


def test_comments_come_with_what_they_were_taken_for(site: Site, page: playwright.Page) -> None:
    site.read("ann-secret")
    page.locator("#room-comments li").first.wait_for()
    text = page.locator("#room-comments").inner_text()
    for part in ("ask price", "want", "positive", "Blue <mug> (deictic)", "Red bowl not wanted"):
        assert part in text
    assert ("ann-secret" in page.content()) is (PRIVATE in text) is site.worker.settings.web_show_people


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_text_of_the_room_has_enough_contrast(page: playwright.Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []


def test_the_room_fits_on_a_telephone(page: playwright.Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_room_of_which_nothing_is_known_says_so_and_no_room_hides_the_view(page: playwright.Page) -> None:
    choose(page, "r9")
    page.get_by_text("Nothing is known of this room").wait_for()
    assert "Blue <mug>" not in page.locator("#room-view").inner_text()
    page.get_by_role("button", name="All").click()
    page.locator("#room-view").wait_for(state="hidden")
