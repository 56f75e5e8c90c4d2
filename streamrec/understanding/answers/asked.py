"""A question with all that it may be answered from, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streamrec.events.speech import AnswerSource, Intent
from streamrec.events.types import Item
from streamrec.understanding.answers.policies import Policy
from streamrec.understanding.normalise import Normal


@dataclass(frozen=True, slots=True)
class Said:
    """A segment of what the host said at `ts` (ms), and the item that was on air; None where it is not known."""

    segment: str
    ts: int
    text: str
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. `said` are the host's words of the last minutes, the newest first."""

    normal: Normal
    lang: str
    intents: Sequence[Intent]
    item: Item | None = None
    said: Sequence[Said] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    position: int | None = None
    """The place of the item on the shelf of the room, from 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the viewer's language and where it is from."""

    text: str
    lang: str
    intent: Intent
    source: AnswerSource
    field: str
    """The field of the item, the segment of the transcript, or the key of the policy."""
    quote: str
    """The words of the source."""
    offset: int
    """Where the quote begins in the text of the source."""
    confidence: float
    item_id: str | None = None
