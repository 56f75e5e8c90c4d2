"""What words of hosts, comments and orders make of a room's row, and the replies that follow."""

from __future__ import annotations

from collections.abc import Sequence

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rooms import SHOWN, LiveRoom
from streamrec.events.speech import Insight, Reply, Transcript
from streamrec.state.decay import tally
from streamrec.state.room import (
    WANTED,
    WANTED_HALF_LIFE,
    Order,
    RoomRow,
    Segment,
    fade,
    note_mood,
    note_writer,
    outdated,
    put_segment,
)
from streamrec.understanding.host.on_air import Heard, OnAir
from streamrec.understanding.normalise import normalise
from streamrec.understanding.scene import shown_before
from streamrec.worker.answering import Answering

INTEREST: dict[str, float] = {
    "want": 1.0,
    **dict.fromkeys(("ask_price", "ask_size", "ask_stock", "ask_quality", "ask_show", "praise"), 0.5),
    "ask_delivery": 0.3,
}
"""What a comment says for an item, by what it wants; set by hand. Who asks about something looks at it, who orders it wants it."""


class RoomStory:
    """Changes rows. Everything is called in the order in which the partition was written."""

    def __init__(self, catalogue: Catalogue, answering: Answering | None) -> None:
        """Without `answering` nothing is replied."""
        self._catalogue, self._answering = catalogue, answering
        self._on_air = OnAir()

    def hear(self, row: RoomRow, event: Transcript, live: LiveRoom) -> Sequence[Reply]:
        """The host said something, or what was recognised is corrected."""
        if outdated(row, event.segment, event.revision):
            return ()
        ts = int(event.ts)
        row.ts = max(row.ts, ts)
        row.hearing, heard = self._on_air.hear(row.hearing, event, self._catalogue.scenes.shelf(live))
        self._settle(row, live, heard, ts)
        # A correction belongs to what was on air when it was said.
        item_id = row.on_air if ts >= row.since else next((each.item_id for each in reversed(row.heard) if each.ts <= ts), None)
        put_segment(row, Segment(event.segment, ts, int(event.end_ts or ts), event.text, event.revision, item_id))
        return ()

    def order(self, row: RoomRow, order: Order, live: LiveRoom) -> Sequence[Reply]:
        """Something was bought in the room."""
        row.ts = max(row.ts, order.ts)
        row.hearing, heard = self._on_air.order(row.hearing, order.item_id, order.ts, self._catalogue.scenes.shelf(live))
        self._settle(row, live, heard, order.ts)
        return ()

    def comment(self, row: RoomRow, insight: Insight, live: LiveRoom) -> Sequence[Reply]:
        """A viewer wrote."""
        row.ts = max(row.ts, insight.ts)
        fade(row)
        self._settle(row, live, None, insight.ts)
        note_writer(row, insight.user_id, insight.ts)
        note_mood(row, insight.sentiment, insight.ts)
        normal = normalise(insight.text)
        like = row.clusters.note(normal, insight.text, insight.user_id, insight.ts)
        if "spam" in insight.intents:
            return ()
        interest = max((INTEREST.get(intent, 0.0) for intent in insight.intents), default=0.0)
        if interest and "complaint" not in insight.intents:
            for mention in insight.items:
                # The n-th of like comments counts 1/n: a thousand of them move a room little more than ten.
                tally(row.wanted, mention.item_id, insight.ts, interest * mention.weight / like.comments, WANTED_HALF_LIFE, WANTED)
        return () if self._answering is None else self._answering.ask(row, insight, normal)

    def _settle(self, row: RoomRow, live: LiveRoom, heard: Heard | None, ts: int) -> None:
        """Decide what is on air: the room's own record wins over what was heard."""
        on_air: str | None
        if live.announced is not None:
            on_air, since, row.confidence, row.by = live.announced, ts, 1.0, "room"
        elif heard is not None:
            on_air, since, row.confidence, row.by = heard.on_air, heard.since, heard.confidence, "speech"
        else:
            return
        if on_air != row.on_air:
            row.shown = shown_before(row.shown, row.on_air, on_air, SHOWN)
            row.on_air, row.since = on_air, since
