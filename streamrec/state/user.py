"""The row of one user: what they bought, looked at, named and were shown, bounded and decayed."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct, field

from streamrec.state.activity import Activity
from streamrec.state.decay import PurchaseTally, Tally
from streamrec.system.clock import DAY_MS
from streamrec.understanding.aspects import Aspect

# 60 days is the half-life of the per-item interest of the feasibility run (own-history baseline, `evaluation/baselines/query.py`).
INTEREST_HALF_LIFE = 60 * DAY_MS
# Two hours: a viewer who left and comes back in the evening may be shown the same again.
SHOWN_HALF_LIFE = DAY_MS // 12
# A refusal is of the show that is on: what somebody does not want tonight may be what they want tomorrow. It holds while half of it is
# left, half a day; said twice a day.
REFUSED_HALF_LIFE, REFUSES = DAY_MS // 2, 0.5
# A row is read and written with every event of its user: a usual one takes some 1 KiB, a full one of 600 purchases 25 KiB, and to unpack
# and pack it 0.1 ms (`tests/state/test_packing.py`). With 200, buyers of more than 400 things lost a quarter of what they buy again from
# their candidates, and a fifth of NDCG@10 on what is new to them (UCI Online Retail, August to October).
BOUGHT, SEEN, NAMED, SHOWN, HIDDEN, SAID, WAITING = 600, 64, 16, 48, 32, 3, 256
REFUSED = WANTED = ASKED = NAMED


class Said(Struct, array_like=True, gc=False):
    """A danmaku: its event time, and its first characters."""

    ts: int
    text: str


class Asked(Struct, array_like=True, gc=False):
    """The newest question about an item: its event time, and what it was about."""

    ts: int
    about: Aspect


class UserRow(Struct, array_like=True):
    """Everything that streamrec knows of a user.

    Items are kept by id, with decayed counts and the time of the newest event. Fields are written by position: new ones go to the end,
    with a default, by which older rows are read. `state show` and the live page show every field by its name.
    """

    seq: int = 0
    """Number of the last list."""
    bought: dict[str, PurchaseTally] = field(default_factory=dict)
    seen: dict[str, Tally] = field(default_factory=dict)
    """Views, clicks and carts."""
    named: dict[str, Tally] = field(default_factory=dict)
    """Items that the user wrote about."""
    shown: dict[str, Tally] = field(default_factory=dict)
    """Items that the user saw: by impressions, or by lists where the shop sends none."""
    hidden: dict[str, int] = field(default_factory=dict)
    """Items that the user does not want to see, and since when."""
    said: list[Said] = field(default_factory=list)
    event_ids: bytes = b""
    """Recent event ids, see `repeats`."""
    offsets: dict[str, int] = field(default_factory=dict)
    """Last applied offset per source topic of this partition."""
    room_id: str | None = None
    room_ts: int = 0
    spent: Tally = field(default_factory=lambda: Tally(0, 0.0))
    """Sum of the logarithms of the prices paid; with `orders` their mean."""
    orders: Tally = field(default_factory=lambda: Tally(0, 0.0))
    listed_ts: int = 0
    """Event time of the last list."""
    waiting: list[tuple[str, int, int, str, int]] = field(default_factory=list)
    """Triggers without a list yet: topic, partition, offset, event id, event time."""
    not_before: int = 0
    """The person was erased at this time; older events are dropped."""
    country: str = ""
    """Where the newest event that names a country came from."""
    country_ts: int = 0
    since: int = 0
    """Event time of the oldest event in the row; 0 in rows of versions that did not keep it."""
    activity: Activity | None = None
    # A fact that most users lack is None until it is known: that takes one byte of a row, and an empty Tally eleven.
    refunds: Tally | None = None
    """Purchases taken back."""
    glanced_ts: int = 0
    """Event time of the last list that was taken for seen because the shop sends no impressions."""
    refused: dict[str, Tally] = field(default_factory=dict)
    """Items that the user wrote not to want."""
    wanted: dict[str, Tally] = field(default_factory=dict)
    """Items that the user wrote to want; `named` has them, too."""
    asked: dict[str, Asked] = field(default_factory=dict)
    mood: dict[str, Tally] = field(default_factory=dict)
    """Comments that were positive and negative."""


class ErasedUser(Struct, array_like=True):
    """What stays of an erased user, under a hash of the id: the time of the erasure, and the number of the last list.

    Lists go on from that number: a consumer that orders a user's lists by it would drop those of a returning user otherwise.
    """

    ts: int
    seq: int = 0


def activity(row: UserRow) -> Activity | None:
    """When the account was active; estimated from its items in rows that were written before rows kept it."""
    if row.activity is not None:
        return row.activity
    return Activity.of(entry.ts // DAY_MS for tallies in (row.bought, row.seen, row.named) for entry in tallies.values())


def refuses(row: UserRow, item_id: str, now: int) -> bool:
    """Whether the user does not want the item at `now` (ms): it was refused lately, and nothing was done with it since."""
    entry = row.refused.get(item_id)
    return (
        entry is not None
        and entry.at(now, REFUSED_HALF_LIFE) >= REFUSES
        and not any(item_id in acts and acts[item_id].ts > entry.ts for acts in (row.named, row.seen, row.bought))
    )


def unless_refused(row: UserRow, tallies: Mapping[str, Tally]) -> Mapping[str, Tally]:
    """The tallies without what was refused later. The row keeps these: it is the same whatever arrives first."""
    if not row.refused:
        return tallies
    refused = row.refused
    return {item_id: entry for item_id, entry in tallies.items() if item_id not in refused or entry.ts > refused[item_id].ts}


class ErasureSecret(Struct, array_like=True):
    """The key with which a partition hashes the ids of erased users: without it nobody can try out who was erased."""

    secret: bytes


ERASED_PREFIX, PARKED_PREFIX, SECRET_KEY = b"\x01erased:", b"\x02parked:", b"\x03erasure secret"
"""Keys of rows that are not of a user; no user id holds a control character."""


def erased_key(user_id: str, secret: bytes = b"") -> bytes:
    """The key under which an erasure is remembered; versions before 0.2 had no secret."""
    return ERASED_PREFIX + blake2b(user_id.encode(), digest_size=16, key=secret).digest()


class ParkedEvent(Struct, array_like=True, gc=False):
    """An event as it was read, kept until the schema that its frame names is known."""

    topic: str
    """Without the prefix."""
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes | None]]


def parked_key(topic: str, offset: int) -> bytes:
    """The key under which an event of this partition waits."""
    return PARKED_PREFIX + f"{topic}-{offset}".encode()
