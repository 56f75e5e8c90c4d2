"""The row of one room: what its host said, what its viewers asked and wanted, all of the last minutes and bounded."""

from __future__ import annotations

import math

from msgspec import Struct, field

from streamrec.events.speech import OnAirSource, Place
from streamrec.state.decay import Tally, tally
from streamrec.understanding.answers.questions import OpenQuestion
from streamrec.understanding.bursts import Clusters, crowd_bit
from streamrec.understanding.host.on_air import Hearing

HEARD_MS = 600_000
"""What the host said counts for ten minutes: flash prices and promises seldom hold for longer without being said again."""
HEARD, WANTED, WRITERS = 240, 64, 512
"""Bounds: segments (one in 2.5 s for ten minutes), items, and people who wrote."""
ACCOUNTS = 2**32
"""Into so many numbers accounts are hashed: few of a room share one, and none can be told from it."""
HEAT_HALF_LIFE = 60_000
WANTED_HALF_LIFE = 300_000
WRITERS_MS = 300_000
QUOTED_MS = 120_000
"""Questions and bursts are told for two minutes: longer would quote people whom nobody answers any more."""


class Segment(Struct, array_like=True, gc=False):
    """A segment of the host's speech, and the item that was on air then."""

    segment: str
    ts: int
    end_ts: int
    text: str
    revision: int = 0
    item_id: str | None = None


class RoomRow(Struct, array_like=True):
    """Everything that streamrec knows of a room. Fields are written by position: new ones go to the end, with a default."""

    ts: int = 0
    """Time of the newest that was heard, written or bought."""
    heard: list[Segment] = field(default_factory=list)
    """By time."""
    hearing: Hearing = field(default_factory=Hearing)
    """What may be on air by what the host says."""
    on_air: str | None = None
    since: int = 0
    confidence: float = 0.0
    by: OnAirSource = "room"
    shown: list[str] = field(default_factory=list)
    """What was on air before, the last first."""
    comments: Tally = field(default_factory=lambda: Tally(0, 0.0))
    mood: dict[str, Tally] = field(default_factory=dict)
    """By sentiment."""
    writers: dict[int, int] = field(default_factory=dict)
    """By a hash of the account, when it wrote last."""
    wanted: dict[str, Tally] = field(default_factory=dict)
    questions: list[OpenQuestion] = field(default_factory=list)
    clusters: Clusters = field(default_factory=Clusters)
    """Comments that are alike."""
    replies: int = 0
    """Number of the last reply."""
    seen_ms: int = 0
    """When the row was changed last, and its moment sent last, by the worker's clock."""
    sent_ms: int = 0

    @property
    def quotes(self) -> bool:
        """Whether it holds what people wrote, or who they are."""
        return bool(self.questions or self.clusters.known or self.writers)


class Order(Struct, array_like=True, gc=False):
    """Something was bought in a room. `source` are the coordinates of the purchase."""

    item_id: str
    ts: int
    source: Place


def note_writer(row: RoomRow, user_id: str, ts: int) -> None:
    """Note that an account wrote; those that have been silent for long leave."""
    who = crowd_bit(user_id, ACCOUNTS)
    row.writers[who] = max(ts, row.writers.get(who, 0))
    if len(row.writers) > WRITERS:
        row.writers = {known: at for known, at in row.writers.items() if at > row.ts - WRITERS_MS}
    while len(row.writers) > WRITERS:
        del row.writers[min(row.writers, key=lambda known: (row.writers[known], known))]


def note_mood(row: RoomRow, sentiment: str, ts: int) -> None:
    """Count a comment, and what it feels."""
    row.comments.add(ts, 1.0, HEAT_HALF_LIFE)
    tally(row.mood, sentiment, ts, 1.0, HEAT_HALF_LIFE, 3)


def per_minute(count: float) -> float:
    """The rate (1/min) that keeps a count of half-life `HEAT_HALF_LIFE` where it is."""
    return count * math.log(2) * 60_000 / HEAT_HALF_LIFE


def put_segment(row: RoomRow, segment: Segment) -> None:
    """Keep a segment in place of an older revision of it; what lies further back than `HEARD_MS` leaves."""
    kept = [known for known in row.heard if known.segment != segment.segment]
    kept.append(segment)
    kept.sort(key=lambda known: (known.ts, known.segment))
    row.heard = [known for known in kept if known.ts > kept[-1].ts - HEARD_MS][-HEARD:]


def fade(row: RoomRow) -> None:
    """Forget what people wrote more than QUOTED_MS before the newest that the row knows."""
    row.questions = [one for one in row.questions if one.last_ts > row.ts - QUOTED_MS]
    row.clusters.known = [one for one in row.clusters.known if one.newest > row.ts - QUOTED_MS]
    row.writers = {who: at for who, at in row.writers.items() if at > row.ts - WRITERS_MS}


def outdated(row: RoomRow, segment: str, revision: int) -> bool:
    """Whether a revision of the segment that is as new is known."""
    return any(known.segment == segment and known.revision >= revision for known in row.heard)
