"""What made-up speech means: known to the simulator alone, and never a part of the event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TextIO

import msgspec
from msgspec import Struct

from streamrec.errors import InputError
from streamrec.events.speech import Intent, Sentiment


class Truth(Struct, frozen=True, omit_defaults=True):
    """What a comment means, or what a segment of speech is about: the item on air when it was made, then what the comment says."""

    on_air: str
    intents: tuple[Intent, ...] = ()
    sentiment: Sentiment = "neutral"
    items: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    how: str = ""
    """How the comment refers to its items: by `id`, `number`, `kind`, `before`, `on_air`, or `none`."""


class Told(Protocol):
    """A message that may have a truth."""

    @property
    def topic(self) -> str: ...
    @property
    def truth(self) -> Truth | None: ...


class TruthFile:
    """Writes one JSON object a line: the coordinates of each record that means something, and what it means."""

    def __init__(self, file: TextIO, topic: Callable[[str], str]) -> None:
        """`topic` gives a topic's full name."""
        self._file, self._topic = file, topic

    def note(self, message: Told, moment: float, partition: int, offset: int) -> None:
        """Write the truth about a message that Kafka has taken, as `Player` tells it."""
        if message.truth is not None:
            place = {"topic": self._topic(message.topic), "partition": partition, "offset": offset}
            self._file.write(msgspec.json.encode({**place, **msgspec.to_builtins(message.truth)}).decode() + "\n")


def open_truth(path: Path) -> TextIO:
    """The file of truths, for writing.

    Raises:
        InputError: it cannot be written.
    """
    try:
        return path.open("w", encoding="utf-8")
    except OSError as exc:
        raise InputError(f"{path} cannot be written: {exc.strerror}") from exc
