"""The row of one item: decayed counters at several half-lives, what the same people bought with it and before it, and where they live."""

from __future__ import annotations

import math
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, field

from streamrec.events.fields import Id, Moment
from streamrec.state.crowd import LEAST_AMOUNT, Crowd
from streamrec.state.decay import Tally, fading, gather, tally
from streamrec.state.voices import ACCOUNTS, VOICES, Chorus, Voice, hear
from streamrec.system.clock import DAY_MS

Kind = Literal["view", "purchase", "refund", "mention", "impression", "click"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which rows and statistics hold their counters: a new kind goes to the end."""
# What sells today, this week, this month and at all; trends are ratios of them.
HALF_LIVES = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 90 * DAY_MS)
DAY, WEEK, MONTH, SEASON = range(len(HALF_LIVES))
"""Their positions."""
NEIGHBOUR_HALF_LIFE = 90 * DAY_MS
# Several times what statistics tell of (20 and 12, `state.stats`), so that a neighbour is not forgotten before it can rise.
NEIGHBOURS, LEADERS = 160, 64
COUNTRY_HALF_LIFE = 30 * DAY_MS
COUNTRIES = 8
SplitKind = Literal["view", "purchase"]
SPLIT: tuple[SplitKind, ...] = get_args(SplitKind)
"""Kinds that make an item popular: for these, what accounts without standing say is counted apart."""
BY_STRANGERS = 2.0
"""What such accounts may add to an item by themselves, in views or purchases at each half-life, before further ones count ever less."""
LINK_LEAST = 0.3
"""What a link or a comment from an account without any standing counts. Not 0: in a new shop no account has standing, and links have to
begin."""
MOST_BEFORE = 16
"""Most items of the same user that a signal names beside its own: each costs the item side an entry to update."""

# The topic of the signals is ours, but its writers are not trusted: no number is accepted that an event cannot lead to.
Share = Annotated[float, Meta(ge=0, le=1)]
Natural = Annotated[int, Meta(ge=0, le=2**62)]


class Signal(Struct, array_like=True, gc=False):
    """What one event says about one item. Fields are written by position: new ones go to the end, with a default.

    `before` are the items that the same user took just before, with weights, and `led` those of the user's basket before this one.
    `again` says that the user had bought the item before, and `nth` that this is the first or second time; 0 is another one, or one of
    which nobody knows. The source coordinates (topic, partition, offset, index within the event) let the item side count the signal once.
    """

    kind: Kind
    ts: Moment
    amount: Share
    before: Annotated[list[tuple[Id, Share]], Meta(max_length=MOST_BEFORE)]
    topic: Annotated[str, Meta(min_length=1, max_length=249)]
    partition: Natural
    offset: Natural
    index: Natural
    led: Annotated[list[Id], Meta(max_length=MOST_BEFORE)] = field(default_factory=list)
    again: bool = False
    country: Annotated[str, Meta(max_length=200)] = ""
    standing: Share = 1.0
    """How well the account is known, in [0, 1]."""
    nth: Annotated[int, Meta(ge=0, le=2)] = 0
    voices: Annotated[list[Voice], Meta(max_length=len(VOICES))] = field(default_factory=list)
    """What a comment says of the item."""
    like: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] = 0
    """The SimHash of the comment: like ones count little more than one."""
    account: Annotated[int, Meta(ge=0, lt=ACCOUNTS)] = 0
    """One of few bits of a hash of the account, which many share: it tells two apart, and names nobody."""


class ItemRow(Struct, array_like=True):
    """Counters of shape (kinds, half-lives), all as of `ts`. Fields are written by position: new ones go to the end, with a default."""

    ts: int = 0
    counts: list[list[float]] = field(default_factory=lambda: [[0.0] * len(HALF_LIVES) for _ in KINDS])
    neighbours: dict[str, Tally] = field(default_factory=dict)
    first_ts: int = 0
    version: int = 0
    """Number of signals that this row has seen."""
    leaders: dict[str, Tally] = field(default_factory=dict)
    """Items of the baskets that came just before a purchase of this one, by the same people."""
    again: Tally = field(default_factory=lambda: Tally(0, 0.0))
    """Purchases by people who had bought it before."""
    sold_ts: int = 0
    """Time of the newest purchase."""
    countries: dict[str, Tally] = field(default_factory=dict)
    """Purchases by country."""
    strangers: list[list[float]] = field(default_factory=lambda: [[0.0] * len(HALF_LIVES) for _ in SPLIT])
    """What accounts without standing said, of shape (kinds of SPLIT, half-lives); `counts` do not hold it."""
    listed: bool = False
    """Whether the catalogue listed the item when something was counted."""
    crowd: Crowd = field(default_factory=Crowd)
    """The people who bought it."""
    newcomers: list[float] = field(default_factory=lambda: [0.0] * len(HALF_LIVES))
    """First purchases by accounts without standing."""
    chorus: Chorus = field(default_factory=Chorus)
    """What comments say of it."""


def count(row: ItemRow, signal: Signal) -> None:
    """Count one signal; signals of different times may come in any order, mentions only as late as `voices.MINUTES` others."""
    ts = signal.ts
    age = ts - row.ts
    if row.version and age > 0:
        fade = [fading(age, half) for half in HALF_LIVES]
        for values in (*row.counts, *row.strangers, row.newcomers):
            # The longest half-life is the last to reach 0: where it is 0, nothing was ever counted.
            if values[-1]:
                values[:] = [value * f for value, f in zip(values, fade, strict=True)]
    row.ts = max(row.ts, ts) if row.version else ts
    row.first_ts = min(row.first_ts, ts) if row.version else ts
    late = row.ts - ts
    known = signal.standing if signal.kind in SPLIT else 1.0
    amount = signal.amount
    if signal.kind == "mention":
        amount = hear(row.chorus, signal.voices, ts, _bond(signal), signal.like, signal.account)
    _add(row.counts[KINDS.index(signal.kind)], amount * known, late)
    if known < 1.0:
        _add(row.strangers[SPLIT.index(signal.kind)], signal.amount * (1.0 - known), late)
        if signal.kind == "purchase" and not signal.again:
            _add(row.newcomers, signal.amount * (1.0 - known), late)
    if signal.before:
        bond = _bond(signal)
        gather(row.neighbours, [(other, bond * weight) for other, weight in signal.before], ts, NEIGHBOUR_HALF_LIFE, NEIGHBOURS)
    if signal.kind == "purchase":
        _sold(row, signal)
    row.version += 1


def heard(row: ItemRow) -> list[list[float]]:
    """`counts` with as much of `strangers` as is believed."""
    counts = [list(values) for values in row.counts]
    for kind in SPLIT:
        values = counts[KINDS.index(kind)]
        values[:] = [value + stranger for value, stranger in zip(values, believed(row, kind), strict=True)]
    return counts


def believed(row: ItemRow, kind: SplitKind) -> list[float]:
    """What accounts without standing said, as far as it is believed, at each half-life.

    They are believed in full up to BY_STRANGERS plus what accounts with standing say. Beyond that only the logarithm grows, so that a
    throng of accounts made for the purpose moves an item little, and an item that many know is not held back.
    """
    allowed = [BY_STRANGERS + value for value in row.counts[KINDS.index(kind)]]
    return [
        stranger if stranger <= most else most * (1.0 + math.log(stranger / most))
        for stranger, most in zip(row.strangers[SPLIT.index(kind)], allowed, strict=True)
    ]


def _add(values: list[float], amount: float, late: int) -> None:
    for position, half in enumerate(HALF_LIVES):
        values[position] += amount * fading(late, half)


def _bond(signal: Signal) -> float:
    """How much the links of a signal count, and its comment."""
    return signal.amount * (LINK_LEAST + (1.0 - LINK_LEAST) * signal.standing)


def _sold(row: ItemRow, signal: Signal) -> None:
    row.sold_ts = max(row.sold_ts, signal.ts)
    if signal.led:
        # By the root of the basket's size: a basket of twenty says less of each of its items than one of two, but not ten times less.
        share = _bond(signal) * len(signal.led) ** -0.5
        gather(row.leaders, [(item_id, share) for item_id in signal.led], signal.ts, NEIGHBOUR_HALF_LIFE, LEADERS)
    if signal.again:
        row.again.add(signal.ts, signal.amount, NEIGHBOUR_HALF_LIFE)
    if signal.amount >= LEAST_AMOUNT:
        row.crowd.note(signal.nth, signal.ts, signal.country)
    if signal.country:
        tally(row.countries, signal.country, signal.ts, signal.amount, COUNTRY_HALF_LIFE, COUNTRIES)
