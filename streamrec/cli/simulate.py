"""`streamrec simulate`: events for Kafka, from a file or made up."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from streamrec.cli.support.interrupts import stop_on_signals
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, note
from streamrec.errors import InputError
from streamrec.events.codec import INPUTS
from streamrec.events.files import read_items
from streamrec.events.types import Item
from streamrec.settings import Settings
from streamrec.simulator import playback as files
from streamrec.simulator.messages import Message
from streamrec.simulator.player import Player, Summary
from streamrec.system.clock import now_ms

app = typer.Typer(no_args_is_help=True, help="Play events into Kafka.")

Rate = Annotated[float, typer.Option(min=0, help="Messages per second; 0 sends as fast as Kafka takes them.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Stop after so many messages.")]
Duration = Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")]
Times = Annotated[files.Times, typer.Option(help="keep: event times as in the file; now: the time of sending.")]
SHIPPED = "the shipped sample"

LISTS = 100
"""Lists between two lines of `simulate feedback` on how well they are liked: fewer would show little but chance."""
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]


@app.callback()
def simulate() -> None:
    """Play events into Kafka: a file of real ones, or a made-up live shop."""


@app.command()
@takes_settings("Kafka")
def playback(
    settings: Settings,
    events: Annotated[
        Path, typer.Argument(help="events.jsonl or .jsonl.gz; each line an event with its `topic`.", show_default=SHIPPED)
    ] = files.SAMPLE_EVENTS,
    items: Annotated[Path | None, typer.Option(help="items.jsonl or .jsonl.gz, sent before the events.")] = None,
    rate: Rate = 0,
    times: Times = "keep",
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Play a file of events, in its order, under the keys that the topics ask for; the shipped purchases without a file."""
    messages = itertools.islice(files.event_messages(events, times, now_ms), limit)
    opening = files.item_messages(items) if items else ()
    _play(settings, opening, messages, set(INPUTS), rate=rate, duration_s=None, as_json=as_json)


@app.command()
@takes_settings("Kafka")
def shop(
    settings: Settings,
    items: Annotated[Path | None, typer.Option(help="items.jsonl or .jsonl.gz: what the shop sells.", show_default=SHIPPED)] = None,
    lang: Annotated[files.Lang, typer.Option(help="What is spoken; zh alone sells a Chinese catalogue that is made up.")] = "both",
    truth: Annotated[Path | None, typer.Option(help="Write here what the words meant: a line for each comment and segment.")] = None,
    purchases: Annotated[Path | None, typer.Option(help="Real purchases to play in between; then none are made up.")] = None,
    times: Times = "now",
    rooms: Annotated[int, typer.Option(min=1, max=1000, help="Live rooms.")] = 6,
    viewers: Annotated[int, typer.Option(min=1, help="Made-up viewers.")] = 200,
    rate: Rate = 20,
    duration: Duration = None,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same shop.")] = 0,
    bad_share: Annotated[float, typer.Option(min=0, max=1, help="Share of messages that are malformed on purpose.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run a made-up live shop: rooms whose hosts talk, shelves, views, danmaku; without an end unless one is given.

    What is made up carries the header `streamrec.simulated`, and `channel` "simulated" where there is such a field.
    """
    from streamrec.simulator.script import live
    from streamrec.simulator.shop import Shop
    from streamrec.simulator.truth import TruthFile, open_truth

    sources = _sources(items, lang)
    scene = Shop(_sold(sources), rooms=rooms, viewers=viewers, seed=seed, lang=lang)
    real = files.event_messages(purchases, times, now_ms) if purchases else None
    messages = itertools.islice(live(scene, now_ms, purchases=real, bad_share=bad_share), limit)
    opening: Iterator[Message] = itertools.chain(*map(files.item_messages, sources), scene.opening(now_ms()))
    needed = {"items", "rooms", "views", "purchases", "danmaku", "transcripts"}
    with open_truth(truth) if truth else nullcontext() as told:
        delivered = TruthFile(told, settings.topic).note if told else None
        _play(settings, opening, messages, needed, rate=rate, duration_s=duration, as_json=as_json, delivered=delivered)


@app.command()
@takes_settings("Kafka")
def feedback(
    settings: Settings,
    likes: Annotated[str, typer.Option(help="What the viewers like: cheap, new, or a word in the title.")],
    items: Annotated[Path | None, typer.Option(help="items.jsonl or .jsonl.gz: what the shop sells.", show_default=SHIPPED)] = None,
    duration: Duration = None,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(help="The same seed and the same lists make the same feedback.")] = 0,
    as_json: AsJson = False,
) -> None:
    """React to the lists that come as viewers with that taste would: impressions, clicks and purchases to learn from."""
    from streamrec.kafka.producers import producer
    from streamrec.simulator.feedback import Critics, arriving, taste

    critics = Critics(taste(_sold(_sources(items, "both")), likes), seed)
    ends = time.monotonic() + duration if duration is not None else math.inf
    shares: list[float] = []
    with stop_on_signals() as stop, producer(settings, {"feedback", "recommendations"}) as client, arriving(settings) as poll:
        player = Player(client, settings.topic)
        note(f"reacting to the lists of {settings.broker}; Ctrl-C stops")
        while not stop.is_set() and time.monotonic() < ends and player.summary.sent < (limit or math.inf):
            for made in poll():
                player.play(critics.reactions(made, now_ms()), stop=stop)
                shares.append(critics.share(made))
                if len(shares) == LISTS:
                    note(f"{math.fsum(shares) / LISTS:.0%} of the last {LISTS} lists is to their taste; weights {made.weights_version}")
                    shares.clear()
        _print(player.summary, as_json)


def _sources(items: Path | None, lang: files.Lang) -> tuple[Path, ...]:
    """The file that was given, or those that ship."""
    return files.SHIPPED[lang] if items is None else (items,)


def _sold(sources: tuple[Path, ...]) -> list[Item]:
    stock = [item for source in sources for item in read_items(source)]
    if not stock:
        raise InputError(f"{sources[0]} holds no items; give a file with some")
    return stock


def _play(
    settings: Settings,
    opening: Iterable[Message],
    messages: Iterable[Message],
    needed: set[str],
    *,
    rate: float,
    duration_s: float | None,
    as_json: bool,
    delivered: Callable[[Message, float, int, int], None] | None = None,
) -> None:
    from streamrec.kafka.producers import producer

    with stop_on_signals() as stop, producer(settings, needed) as client:
        player = Player(client, settings.topic, delivered)
        note(f"sending to {settings.broker}; Ctrl-C stops")
        # Items and rooms go first and at full speed: an event about an item that is not there yet would rank an empty shop.
        player.play(opening, stop=stop)
        done = threading.Event()
        progress = threading.Thread(target=_report_progress, args=(player.summary, done), daemon=True)
        progress.start()
        try:
            player.play(messages, rate=rate, duration_s=duration_s, stop=stop)
        finally:
            done.set()
            progress.join()
        _print(player.summary, as_json)


def _report_progress(summary: Summary, done: threading.Event) -> None:
    # Seldom enough for a log, often enough to see that it goes on.
    while not done.wait(5.0):
        note(f"{summary.sent} sent")


def _print(summary: Summary, as_json: bool) -> None:
    spoilt = sum(summary.spoilt.values())
    by_topic = ", ".join(f"{count} {topic}" for topic, count in summary.by_topic.most_common())
    text = f"sent {summary.sent} messages in {summary.seconds:.1f} s: {by_topic}"
    if spoilt:
        text += f"; {spoilt} of them malformed on purpose"
    emit(as_json, {**vars(summary), "seconds": round(summary.seconds, 2), "bad_sent": spoilt}, text)
