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
    account,
    note_mood,
    note_writer,
    outdated,
    put_segment,
)
from streamrec.understanding.host.on_air import OnAir
from streamrec.understanding.host.points import said_of
from streamrec.understanding.normalise import normalise
from streamrec.worker.answering import Answering

INTEREST = {"want": 1.0, "ask_price": 0.5, "ask_size": 0.5, "ask_stock": 0.5, "ask_delivery": 0.3, "ask_quality": 0.5, "ask_show": 0.5, "praise": 0.5}
"""What a comment says for an item, by what it wants; set by hand. Who asks about something looks at it, who orders it wants it."""
POINTS_ITEMS, POINTS = 8, 5
"""Items and selling points of each that a row keeps: what is on air now and what was before."""


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
        segment = Segment(event.segment, ts, int(event.end_ts or ts), event.text, event.revision)
        late, names = put_segment(row, segment), self._catalogue.scenes.names(live)
        row.ts = max(row.ts, ts)
        if late:
            row.belief = None
            for each in row.heard:
                row.belief = self._on_air.hear(row.belief, each.ts, each.end_ts, each.text, names)
                each.item_id = row.belief.item_id
        else:
            row.belief = self._on_air.hear(row.belief, segment.ts, segment.end_ts, segment.text, names)
            segment.item_id = row.belief.item_id
        self._settle(row, live, ts)
        if live.announced is not None:
            segment.item_id = live.announced
        if segment.item_id is not None:
            self._note_points(row, segment)
        return ()

    def order(self, row: RoomRow, order: Order, live: LiveRoom) -> Sequence[Reply]:
        """Something was bought in the room."""
        row.ts = max(row.ts, order.ts)
        if row.belief is not None:
            row.belief = self._on_air.order(row.belief, order.item_id, order.ts, self._catalogue.scenes.names(live))
        self._settle(row, live, order.ts)
        return ()

    def comment(self, row: RoomRow, insight: Insight, live: LiveRoom) -> Sequence[Reply]:
        """A viewer wrote."""
        row.ts = max(row.ts, insight.ts)
        self._settle(row, live, insight.ts)
        who = account(insight.user_id)
        note_writer(row, who, insight.ts)
        note_mood(row, insight.sentiment, insight.ts)
        crowd = row.clusters.note(normalise(insight.text), who, insight.ts)
        if "spam" in insight.intents:
            return ()
        interest = max((INTEREST.get(intent, 0.0) for intent in insight.intents), default=0.0)
        for mention in insight.items:
            if interest and "complaint" not in insight.intents:
                # What many like comments say counts as the logarithm of who wrote them.
                tally(row.wanted, mention.item_id, insight.ts, interest * mention.weight * crowd, WANTED_HALF_LIFE, WANTED)
        return () if self._answering is None else self._answering.ask(row, insight)

    def _settle(self, row: RoomRow, live: LiveRoom, ts: int) -> None:
        """Decide what is on air: the room's own record wins."""
        belief = row.belief
        if live.announced is not None:
            on_air, confidence, by = live.announced, 1.0, "room"
        elif belief is not None:
            on_air, confidence, by = belief.item_id, belief.confidence, "speech"
        else:
            on_air, confidence, by = None, 0.0, "room"
        if on_air != row.on_air:
            if row.on_air is not None:
                row.shown = [row.on_air, *(one for one in row.shown if one not in (row.on_air, on_air))][:SHOWN]
            row.on_air, row.since = on_air, belief.since if by == "speech" and belief is not None else ts
        row.confidence, row.by = confidence, by  # type: ignore[assignment]

    def _note_points(self, row: RoomRow, segment: Segment) -> None:
        points = said_of(segment.text)
        if not points or segment.item_id is None:
            return
        known = row.points.pop(segment.item_id, [])
        row.points[segment.item_id] = list(dict.fromkeys([*points, *known]))[:POINTS]
        while len(row.points) > POINTS_ITEMS:
            del row.points[next(iter(row.points))]
