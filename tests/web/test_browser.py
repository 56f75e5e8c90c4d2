"""The live page in a real browser, against a real worker on real Kafka: what a person sees and does; no error on the console."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer

from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.support import Worker, stop_all
from tests.patience import PATIENCE_S

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
FLAGS = [
    f"--{flag}"
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
    )
]
TITLES = {"mug": "Blue <mug>", "bowl": "Red bowl", "sold": "Sold out scarf"}
SESAME = "browser test"
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


class Room:
    """A shop with a running worker."""

    def __init__(self, settings: Settings, worker: Worker, producer: KafkaProducer) -> None:
        self.settings, self.worker, self.producer = settings, worker, producer

    def send(self, topic: str, key: str, **fields: object) -> None:
        value = json.dumps({"ts": int(time.time() * 1000)} | fields).encode()
        self.producer.send(self.settings.topic(topic), value, key=key.encode()).get(timeout=PATIENCE_S)

    def view(self, user: str, item: str = "mug") -> None:
        self.send("views", user, user_id=user, item_id=item, room_id="r1")

    @property
    def address(self) -> str:
        where = json.loads((self.worker.folder / "web.json").read_bytes())
        return f"http://127.0.0.1:{where['port']}/"


@pytest.fixture(scope="module")
def room(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    settings = Settings(broker=broker, prefix="browser.", app_id="browser", partitions=1, data_dir=tmp_path_factory.mktemp("browser"))
    topics.create(settings)
    worker = Worker(settings, module="streamrec.cli.main worker", STREAMREC_SCORING="off", STREAMREC_WEB_TOKEN=SESAME)
    with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:
        made = Room(settings, worker, producer)
        for item_id, title in TITLES.items():
            made.send("items", item_id, item_id=item_id, title=title, price=5, currency="GBP", stock=0 if item_id == "sold" else 9)
        made.send("rooms", "r1", room_id="r1", host_id="h", title="Tea time", status="live", shelf=list(TITLES))
        try:
            worker.start().ready()
            yield made
            assert worker.stop() == 0, "an open page holds up no worker"
        finally:
            stop_all([worker])


@pytest.fixture(scope="module")
def page(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[playwright.Page]:
    """The page behind its login; whatever the browser complains about, or asks of others, fails the test."""
    complaints: list[str] = []
    with playwright.sync_playwright() as driver:
        profile = tmp_path_factory.mktemp("profile")
        context = driver.chromium.launch_persistent_context(profile, executable_path=BROWSER, args=FLAGS, color_scheme="dark")
        page = context.pages[0]
        page.set_default_timeout(1000 * PATIENCE_S)
        page.goto(room.address)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(room.address) else complaints.append(f"asked {asked.url}"))
        page.get_by_label("Token").fill(SESAME)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("serving").wait_for()
        yield page
        assert complaints == []
        context.close()


def test_a_list_comes_with_titles_scores_and_reasons_and_without_the_viewers_id(room: Room, page: playwright.Page) -> None:
    room.view("ann-secret")
    # Lists of the tests before may still come.
    page.locator("#lists button", has_text="looked at Blue <mug>").first.click()
    detail = page.locator("#detail")
    detail.get_by_text("in Tea time").wait_for()
    titles = detail.locator(".ranked .title").all_inner_texts()
    assert sorted(titles) == ["Blue <mug>", "Red bowl"], "what is sold out is not in it, and a title is no HTML"
    assert "It is on the shelf in the room you are in." in detail.inner_text()
    detail.locator(".ranked summary").first.click()
    assert "shelf" in detail.locator(".ranked details[open] .part").all_inner_texts()[0]
    detail.get_by_text("What the filters remove for this viewer now").click()
    detail.get_by_text("1 by sold out:").wait_for()
    assert "Sold out scarf" in detail.locator("#removed-here").inner_text()
    assert "ann-secret" not in page.content()


def test_it_tells_what_the_filters_removed_and_which_events_were_dead_letters(room: Room, page: playwright.Page) -> None:
    room.send("views", "eve", user_id="eve-secret", item_id="mug", text="wrong key")
    room.view("ann-secret")
    page.locator("#removed").get_by_text("Items that are sold out or taken off sale.").wait_for()
    page.locator("#letters").get_by_text("misrouted").wait_for()
    assert "eve-secret" not in page.content()


def test_a_viewer_is_followed_by_keyboard_alone(room: Room, page: playwright.Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("bea-secret")
    page.keyboard.press("Enter")
    page.get_by_text("serving").wait_for()
    deadline = time.monotonic() + PATIENCE_S
    while not page.locator("#lists button").count():
        assert time.monotonic() < deadline
        room.view("ann-secret")
        room.view("bea-secret", "bowl")
        page.wait_for_timeout(200)
    assert all("Red bowl" in text for text in page.locator("#lists .did").all_inner_texts()), "only the chosen viewer's"
    page.locator("h1").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#lists button[aria-current=true]").count() == 1
    page.keyboard.press("p")
    assert page.get_by_role("button", name="Pause").get_attribute("aria-pressed") == "true"
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    assert page.get_by_role("textbox", name="Viewer").input_value() == ""


def test_a_room_tells_what_its_host_shows_and_what_its_viewers_ask(room: Room, page: playwright.Page) -> None:
    page.locator("#room").fill("r1")
    page.get_by_role("button", name="Show").click()
    for segment, text in enumerate(("okay link number one the blue mug", "so the mug is five pounds", "link number one everyone")):
        room.send("transcripts", "r1", room_id="r1", segment=f"s{segment}", text=text, lang="en")
    page.locator("#on-air").get_by_text("Blue <mug>").wait_for()
    assert "by what the host says" in page.locator("#on-air").inner_text()
    room.send("danmaku", "dan-secret", user_id="dan-secret", room_id="r1", text="how much is the secret", lang="en")
    page.locator("#room-comments .chip", has_text="ask price").first.wait_for()
    assert "secret" not in page.content()
    page.locator("#room-questions").get_by_text("About price").wait_for()
    page.get_by_role("button", name="All").click()
    page.locator("#room-view").wait_for(state="hidden")


CONTRAST = """() => {
  const light = (text) => {
    const part = text.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return light(colour);
    }
    return 1;
  };
  return [...document.querySelectorAll('body *')].filter((node) => [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim())
      && node.offsetParent && !node.closest('.skip'))
    .map((node) => [light(getComputedStyle(node).color), ground(node), node.textContent.trim().slice(0, 40)])
    .map(([a, b, text]) => [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text])
    .filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_text_has_the_contrast_that_wcag_asks_for_and_every_field_a_label(page: playwright.Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(18, 21, 27)" if scheme == "dark" else "rgb(246, 247, 249)")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("[...document.querySelectorAll('input')].filter((field) => !field.labels.length).length") == 0
    assert page.evaluate("[...document.querySelectorAll('button, summary')].filter((one) => !one.textContent.trim()).length") == 0


def test_a_telephone_needs_no_sideways_scrolling(page: playwright.Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 900})
