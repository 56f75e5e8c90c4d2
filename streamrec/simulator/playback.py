"""Plays files of real events as they are, including what a worker would refuse, as long as it has a topic and a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from streamrec.events.codec import INPUTS
from streamrec.events.files import read_lines, wrong
from streamrec.simulator.messages import RETIMED, Message, message

Times = Literal["keep", "now"]
Lang = Literal["en", "zh", "both"]

SAMPLE = Path(__file__).parent.parent / "datasets" / "uci_sample"
SAMPLE_ITEMS = SAMPLE / "items.jsonl.gz"
SAMPLE_EVENTS = SAMPLE / "events.jsonl.gz"
SHOP_ZH = Path(__file__).parent / "shop_zh.jsonl"
"""A Chinese shop, made up."""
SHIPPED: dict[Lang, tuple[Path, ...]] = {"en": (SAMPLE_ITEMS,), "zh": (SHOP_ZH,), "both": (SAMPLE_ITEMS, SHOP_ZH)}
"""What the shop sells by the languages that are spoken in it."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def item_messages(path: Path) -> Iterator[Message]:
    """The items of a file, for the topic `items`.

    Raises:
        InputError: a line cannot be played; the message names file and line.
    """
    return _messages(path, lambda fields: message("items", fields))


def event_messages(path: Path, times: Times, clock: Callable[[], int]) -> Iterator[Message]:
    """The events of a file, each for the `topic` that its line names. With the times `now` each has the time at which it is sent.

    Raises:
        InputError: a line cannot be played; the message names file and line.
    """

    def event(fields: dict[str, Any]) -> Message:
        topic = fields.pop("topic", None)
        if topic not in INPUTS:
            raise ValueError(f"the topic is {topic!r}, not one of {', '.join(INPUTS)}")
        if times == "now":
            fields["ts"] = clock()
        return message(topic, fields, RETIMED if times == "now" else ())

    return _messages(path, event)


def _messages(path: Path, make: Callable[[dict[str, Any]], Message]) -> Iterator[Message]:
    for number, line in read_lines(path):
        try:
            yield make(_decode(line))
        except KeyError as exc:
            raise wrong(path, number, ValueError(f"{exc} is missing")) from exc
        except ValueError as exc:  # msgspec's errors are ValueErrors too
            raise wrong(path, number, exc) from exc
