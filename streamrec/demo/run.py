"""The demo: a live shop with real items and purchases, from Kafka to ranked lists, and the figures about them."""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec
from rich.console import Console

from streamrec.demo.ledger import Ledger, Report
from streamrec.demo.reader import Handler, Reader
from streamrec.demo.screen import Screen, Scroll, Silence
from streamrec.demo.stage import broker_with_topics, own
from streamrec.demo.understood import Understood
from streamrec.demo.worker import WorkerProcess
from streamrec.errors import NotCovered
from streamrec.events.codec import decode_list
from streamrec.events.files import read_items
from streamrec.events.speech import Insight, Reply, RoomMoment
from streamrec.kafka import topics
from streamrec.kafka.producers import producer
from streamrec.ranking.reasons.languages import DEFAULT
from streamrec.settings import Settings
from streamrec.simulator.feedback import Critics
from streamrec.simulator.messages import Message
from streamrec.simulator.playback import SAMPLE_EVENTS, SHIPPED, Lang, event_messages, item_messages
from streamrec.simulator.player import Player, Summary
from streamrec.simulator.script import live
from streamrec.simulator.shop import Shop
from streamrec.system.clock import now_ms

# Generous, since no demo should fail because its machine is busy: a worker that has ended is noticed within WATCH_S anyway.
DRAIN_PATIENCE_S = 120.0
WATCH_S = 0.5
PAUSE_S = 0.05
_decode_insight = msgspec.json.Decoder(Insight).decode
_decode_reply = msgspec.json.Decoder(Reply).decode
_decode_moment = msgspec.json.Decoder(RoomMoment).decode


@dataclass(frozen=True)
class Plan:
    """What the demo plays: messages a second, for how long (None: until interrupted), with which seed and share of spoilt events.

    The first `warm_up_s` seconds are left out of the figures. With `learn`, viewers react to their lists and a learner runs. With the
    language `zh` the whole shop is Chinese and nothing in it is real.
    """

    rate: float
    duration_s: float | None
    seed: int = 0
    bad_share: float = 0.0
    warm_up_s: float = 0.0
    learn: bool = False
    lang: Lang = "both"


def run(settings: Settings, plan: Plan, progress: Callable[[str], None], console: Console | None, cleaning: Callable[[], None]) -> Report:
    """Start broker, topics and worker, play the shop with the real purchases, and stop everything again; returns the figures.

    Without a `console` nothing is shown. `cleaning` is called before anything is stopped.

    Raises:
        NotCovered: triggers still had no list when the patience was over.
        WorkerEnded: the worker died; the message holds the end of its log.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamrec-demo-")))
            # Everything ends in the reverse of this order: the worker before its broker, the broker before its folder.
            settings = stack.enter_context(broker_with_topics(_open_to_view(own(settings, folder)), folder, progress))
            client = stack.enter_context(producer(settings, topics.TOPICS))
            show = Show(settings, plan, client, started)
            stack.push(_report_when_interrupted(show, progress))
            progress("sending the items, opening the rooms")
            # Before the worker: its first list knows the items and the rooms.
            show.open()
            progress("starting the worker")
            worker = WorkerProcess(settings, folder / "worker.log")
            stack.callback(worker.stop)
            worker.start()
            worker.await_ready(progress)
            if plan.learn:
                learner = WorkerProcess(settings, folder / "learner.log", ("learn", "run"))
                stack.callback(learner.stop)
                learner.start()
            progress(f"ready; its live page: {worker.page}")
            return show.play(worker, console)
        finally:
            cleaning()


def _open_to_view(settings: Settings) -> Settings:
    """The settings with a page that shows who writes what, unless they say: viewers are made up, and real customers are numbers."""
    return settings if "web_show_people" in settings.model_fields_set else settings.model_copy(update={"web_show_people": True})


def _report_when_interrupted(show: Show, progress: Callable[[str], None]) -> Callable[..., None]:
    def leave(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is KeyboardInterrupt:
            progress(f"interrupted after {show.report().text()}")

    return leave


class Show:
    """The shop, its player and the ledger that is kept about it."""

    def __init__(self, settings: Settings, plan: Plan, client: object, started: float) -> None:
        self._settings, self._plan = settings, plan
        self._items = [item for source in SHIPPED[plan.lang] for item in read_items(source)]
        self._shop = Shop(self._items, seed=plan.seed, lang=plan.lang)
        self._ledger = Ledger(started)
        self._silent = {room.room_id: room for room in self._shop.rooms if not room.tells}
        self._understood = Understood(lambda room_id: self._silent[room_id].on_air.item_id if room_id in self._silent else None)
        self._player = Player(client, settings.topic, self._delivered)
        self._stop = threading.Event()
        self._critics = Critics(self._shop.likes, plan.seed) if plan.learn else None
        # Not the shop's player: reactions come from the reader's thread and count among no triggers.
        self._feedback = Player(client, settings.topic)

    def open(self) -> None:
        """Send the items and the rooms."""
        items = itertools.chain(*map(item_messages, SHIPPED[self._plan.lang]))
        self._player.play(itertools.chain(items, self._shop.opening(now_ms())), stop=self._stop)

    def play(self, worker: WorkerProcess, console: Console | None) -> Report:
        """Play for as long as planned, wait until every trigger is covered, and return the figures."""
        screen, drawn = self._screen(console)
        real = event_messages(SAMPLE_EVENTS, "now", now_ms) if self._plan.lang != "zh" else None
        messages: Iterator[Message] = live(self._shop, now_ms, purchases=real, bad_share=self._plan.bad_share)

        with Reader(self._settings, self._handlers(screen)) as reader, self._watched(worker, reader), drawn:
            # Models, caches and the JVM are slow at first, and figures are about the time after that.
            if self._plan.warm_up_s:
                self._player.play(messages, rate=self._plan.rate, duration_s=self._plan.warm_up_s, stop=self._stop)
                self._drain(worker, reader)
                self._player.summary = Summary()
                self._ledger.restart()
                self._understood.restart()
            self._player.play(messages, rate=self._plan.rate, duration_s=self._plan.duration_s, stop=self._stop)
            self._drain(worker, reader)
        return self.report()

    def report(self) -> Report:
        """The figures so far."""
        summary = self._player.summary
        figures = self._understood.figures()
        return self._ledger.report(bad_sent=sum(summary.spoilt.values()), simulated=summary.simulated, understood=figures)

    def _delivered(self, message: Message, moment: float, partition: int, offset: int) -> None:
        self._ledger.sent(self._settings.topic(message.topic), message, moment, partition, offset)
        self._understood.sent(message, partition, offset)

    def _handlers(self, screen: Screen | Scroll | Silence) -> dict[str, Handler]:
        """What becomes of the records of each topic that the demo reads. Of rooms there may be none."""

        def ranked(value: bytes, moment: float) -> None:
            made = decode_list(value)
            cause = self._ledger.list_read(made, moment)
            self._understood.list_read(made, cause.message)
            screen.show(made, cause)
            if self._critics is not None:
                self._feedback.play(self._critics.reactions(made, now_ms()), stop=self._stop)

        def moved(value: bytes, _: float) -> None:
            moment = _decode_moment(value)
            self._understood.moment_read(moment)
            screen.show_moment(moment, now_ms())

        def answered(value: bytes, _: float) -> None:
            reply = _decode_reply(value)
            if self._understood.reply_read(reply):
                screen.show_reply(reply)

        return {
            "recommendations": ranked,
            "dead-letters": lambda value, _: self._ledger.dead_letter_read(),
            "danmaku-insights": lambda value, _: self._understood.insight_read(_decode_insight(value)),
            "room-moments": moved,
            "replies": answered,
        }

    def _screen(self, console: Console | None) -> tuple[Screen | Scroll | Silence, AbstractContextManager[object]]:
        if console is None:
            return Silence(), nullcontext()
        titles = {item.item_id: item.title for item in self._items} | {room.room_id: room.title for room in self._shop.rooms}
        # Titles of two languages have their reasons in one.
        language = "zh" if self._plan.lang == "zh" else DEFAULT
        if not console.is_terminal:
            return Scroll(console, titles, language), nullcontext()
        screen = Screen(console, titles, self.report, self._plan.rate, language)
        return screen, screen.live(console)

    @contextmanager
    def _watched(self, worker: WorkerProcess, reader: Reader) -> Iterator[None]:
        """Stop playing as soon as the worker or the reader has ended."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(WATCH_S):
                if not worker.alive or reader.failure is not None:
                    self._stop.set()

        thread = threading.Thread(target=watch, name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _drain(self, worker: WorkerProcess, reader: Reader) -> None:
        """Wait until every trigger that was sent is covered by a list that was read."""
        deadline = time.monotonic() + DRAIN_PATIENCE_S
        while True:
            worker.require_alive()
            reader.require_alive()
            report = self.report()
            if not report.uncovered and report.dead_letters >= report.bad_sent:
                return
            if time.monotonic() > deadline:
                raise NotCovered(
                    f"{DRAIN_PATIENCE_S:g} s after the last event {report.uncovered} of {report.triggers} triggers had no list, and "
                    f"{report.dead_letters} of {report.bad_sent} malformed events were dead letters; try a lower --rate; "
                    f"the end of the worker's log:\n{worker.log_tail()}"
                )
            time.sleep(PAUSE_S)
