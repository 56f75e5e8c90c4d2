"""What was understood of a comment, as far as it moves rows: items that it means or refuses, intents, and the mood it is written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streamrec.events.speech import Intent, Sentiment
from streamrec.understanding.aspects import QUESTIONS, Aspect


class Meant(NamedTuple):
    """What a comment means; without arguments one of which nothing was understood."""

    lang: str = "und"
    intents: Sequence[Intent] = ()
    sentiment: Sentiment = "neutral"
    items: Sequence[tuple[str, float]] = ()
    """The items (id, weight) that it is about."""
    unwanted: Sequence[str] = ()
    """Items that the viewer does not want."""
    about: Sequence[Aspect] = ()
    """What its praise or complaint is about, if it says so."""
    like: int | None = None
    """The SimHash of the comment (`understanding.bursts`); None where it was not read: it is made of the characters then."""

    @property
    def told(self) -> Meant:
        """The same without items that are refused, and of spam nothing: whatever that names, nobody has said anything of it."""
        if "spam" in self.intents:
            return Meant(self.lang, self.intents, like=self.like)
        return self._replace(items=[named for named in self.items if named[0] not in self.unwanted]) if self.unwanted else self

    @property
    def asks(self) -> list[Aspect]:
        """What it asks about."""
        return [about for intent, about in QUESTIONS.items() if intent in self.intents]

    @property
    def interested(self) -> bool:
        """Whether it shows interest in its items, as all comments do but those that only complain of them."""
        return "complaint" not in self.intents or "want" in self.intents or bool(self.asks)


NOTHING = Meant()
