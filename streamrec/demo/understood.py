"""What was understood in the demo, counted against what the simulator knows that its words mean."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from streamrec.events.speech import Insight, Reply, RoomMoment
from streamrec.events.types import Recommendation
from streamrec.simulator.messages import Message
from streamrec.simulator.truth import Truth

Coordinates = tuple[str, int, int]

FIRST = 5
"""Places of a list that a viewer sees at once."""


@dataclass
class Figures:
    """How many comments were read, how many of them rightly, what was answered, what is on air, and what lists made of it."""

    comments: int = 0
    insights: int = 0
    items_right: int = 0
    intents_right: int = 0
    moods_right: int = 0
    replies: int = 0
    moments: int = 0
    on_air_told: int = 0
    on_air_right: int = 0
    wanted: int = 0
    wanted_first: int = 0
    refused: int = 0
    refused_gone: int = 0

    def text(self) -> str:
        """The figures in a few sentences; what did not happen is not told."""
        told = []
        if self.insights:
            told.append(
                f"of {self.insights} comments {self.items_right / self.insights:.0%} were understood for the items they mean, "
                f"{self.intents_right / self.insights:.0%} for what they want and {self.moods_right / self.insights:.0%} for their mood"
            )
        if self.on_air_told:
            told.append(f"the item on air by the host's words alone was right in {self.on_air_right / self.on_air_told:.0%} of the moments")
        if self.replies:
            told.append(f"{self.replies} questions answered")
        if self.wanted:
            told.append(f"what a comment wants was among the first {FIRST} of the next list in {self.wanted_first} of {self.wanted}")
        if self.refused:
            told.append(f"what it refuses was not in it in {self.refused_gone} of {self.refused}")
        return "; ".join(told)


class Understood:
    """Compares insights, moments and lists with the truth; either side may come first, and they come from different threads."""

    def __init__(self, on_air: Callable[[str], str | None]) -> None:
        """`on_air` gives the item that is on air now in a room whose record does not tell, None for other rooms."""
        self._on_air = on_air
        self._lock = threading.Lock()
        self.restart()

    def restart(self) -> None:
        """Count from now."""
        with self._lock:
            self._figures = Figures()
            self._truths: dict[Coordinates, Truth] = {}
            self._early: dict[Coordinates, Insight] = {}
            self._replies: set[str] = set()

    def sent(self, message: Message, partition: int, offset: int) -> None:
        """Note a message that Kafka has taken, if it is a comment whose meaning is known."""
        if message.topic != "danmaku" or message.truth is None:
            return
        place = (message.topic, partition, offset)
        with self._lock:
            self._figures.comments += 1
            if (insight := self._early.pop(place, None)) is not None:
                self._judge(insight, message.truth)
            else:
                self._truths[place] = message.truth

    def insight_read(self, insight: Insight) -> None:
        """Note what a comment was taken for; an insight that comes again, or about a comment of others, counts once at most."""
        place = insight.source
        with self._lock:
            if (truth := self._truths.pop(place, None)) is not None:
                self._judge(insight, truth)
            else:
                self._early[place] = insight

    def reply_read(self, reply: Reply) -> bool:
        """Note an answer; returns whether it is new."""
        with self._lock:
            if reply.reply_id in self._replies:
                return False
            self._replies.add(reply.reply_id)
            self._figures.replies += 1
            return True

    def moment_read(self, moment: RoomMoment) -> None:
        """Note a room's moment."""
        truth = self._on_air(moment.room_id)
        with self._lock:
            self._figures.moments += 1
            if truth is not None and moment.on_air is not None and moment.by == "speech":
                self._figures.on_air_told += 1
                self._figures.on_air_right += moment.on_air == truth

    def list_read(self, ranked: Recommendation, cause: Message | None) -> None:
        """Note a list and the message that it answers."""
        truth = cause.truth if cause is not None and cause.topic == "danmaku" else None
        if truth is None:
            return
        places = [item.item_id for item in ranked.items]
        with self._lock:
            if "want" in truth.intents and truth.items:
                self._figures.wanted += 1
                self._figures.wanted_first += any(item in places[:FIRST] for item in truth.items)
            if truth.unwanted:
                self._figures.refused += 1
                self._figures.refused_gone += not any(item in places for item in truth.unwanted)

    def figures(self) -> Figures:
        """The figures so far."""
        with self._lock:
            return Figures(**vars(self._figures))

    def _judge(self, insight: Insight, truth: Truth) -> None:
        figures = self._figures
        figures.insights += 1
        items, unwanted = {mention.item_id for mention in insight.items}, set(insight.unwanted)
        figures.items_right += (items, unwanted) == (set(truth.items), set(truth.unwanted))
        figures.intents_right += set(insight.intents) == set(truth.intents)
        figures.moods_right += insight.sentiment == truth.sentiment
