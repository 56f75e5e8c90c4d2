"""Files of real events, played as they are."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from streamrec.errors import InputError
from streamrec.events.codec import INPUTS
from streamrec.simulator.messages import RETIMED, Message, message

Times = Literal["keep", "now"]

SAMPLE = Path(__file__).parent.parent / "datasets" / "uci_sample"
SAMPLE_ITEMS = SAMPLE / "items.jsonl.gz"
SAMPLE_EVENTS = SAMPLE / "events.jsonl.gz"


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a .jsonl or .jsonl.gz file.

    Raises:
        InputError: a line is no JSON object; the message names file and line.
    """
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        read = 0
        try:
            for line in file:
                read += 1
                if line.strip():
                    yield decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise InputError(f"{path}, line {read}: {exc}") from exc
        except (EOFError, gzip.BadGzipFile) as exc:
            raise InputError(f"{path}, after line {read}: {exc}") from exc


def item_messages(path: Path) -> Iterator[Message]:
    """The items of a file, for the topic `items`."""
    return (_message(path, "items", fields) for fields in read_lines(path))


def event_messages(path: Path, times: Times, clock: Callable[[], int]) -> Iterator[Message]:
    """The events of a file, whose lines say their `topic`; `now` gives each the time at which it is sent."""
    for fields in read_lines(path):
        topic = fields.pop("topic", None)
        if topic not in INPUTS:
            raise InputError(f"{path}: an event with the topic {topic!r}; each line must name one of {', '.join(INPUTS)}")
        if times == "now":
            fields["ts"] = clock()
        yield _message(path, topic, fields, retimed=times == "now")


def _message(path: Path, topic: str, fields: dict[str, Any], *, retimed: bool = False) -> Message:
    try:
        return message(topic, fields, RETIMED if retimed else ())
    except KeyError as exc:
        raise InputError(f"{path}: a line for the topic {topic} lacks {exc}") from exc
