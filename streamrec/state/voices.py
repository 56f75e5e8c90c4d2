"""What comments say of an item, and how much like comments count together.

However many accounts send like comments within a minute, in whatever order and how often: together they count log(1 + accounts) at most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct, field

from streamrec.events.fields import YEAR_9999_MS
from streamrec.state.decay import Tally, tally_all
from streamrec.state.meant import Meant
from streamrec.system.clock import DAY_MS
from streamrec.understanding.aspects import ASPECTS
from streamrec.understanding.bursts import NEAR, distance

OPINIONS = ("praise", "complaint")
VOICES = ("want", *OPINIONS, "question", *(f"{kind}:{about}" for kind in (*OPINIONS, "question") for about in ASPECTS))
"""What may be said of an item: that it is wanted, praised, complained of or asked about, and what for."""
if TYPE_CHECKING:
    Voice = str
else:
    Voice = Literal[VOICES]
VOICE_HALF_LIFE = 7 * DAY_MS
LATELY = 7
"""Days within which viewers say something "lately"."""
SOME = 5
"""The fewest viewers of whom a sentence speaks."""
FEW = 0.25
"""Complaints beside praise up to which it is the praise that viewers agree on."""
SAME = 3
"""The fewest who praise the same about it."""
MINUTE_MS = 60_000
# The hottest item has a row of some 3 KiB more by it. A signal that is older than these minutes counts nothing: what was counted of
# comments like it is not known any more.
MINUTES, ALIKE = 6, 16
"""Minutes with comments that a row knows, the newest; and clusters of each, beyond which all others count as one."""
ACCOUNTS = 64
"""Bits by which accounts are told apart; two that share one count as one, so that a cluster counts log(1 + 64) at most."""
OWN_WORDS = 0.25
"""What a comment must count to make its writer one of several viewers: the first three of like ones do, the first alone of accounts without
standing."""
# A record that breaks these would spoil the columns of every worker: no count is negative, and none of a real shop comes near 1e12.
Amount = Annotated[float, Meta(ge=0, le=1e12)]
Time = Annotated[int, Meta(ge=0, le=YEAR_9999_MS)]


class Alike(Struct, array_like=True, gc=False):
    """Like comments about an item within a minute."""

    like: int
    """The SimHash of the first one."""
    writers: int = 0
    """A bit for each account."""
    told: float = 0.0
    """The sum of what each of them counts alone."""


class Chorus(Struct, array_like=True):
    """What was said of an item lately, and by about how many. Fields are written by position: new ones go to the end, with a default."""

    voices: dict[str, Tally] = field(default_factory=dict)
    minutes: dict[int, list[Alike]] = field(default_factory=dict)
    forgotten: int = 0
    """The newest minute that has left `minutes`."""
    speakers: dict[str, dict[int, int]] = field(default_factory=dict)
    """By voice and day: a bit for each account."""


class Spoken(Struct, array_like=True):
    """What statistics tell of it, as of the item's newest event. Fields are written by position: new ones go to the end."""

    want: Amount = 0.0
    praise: Amount = 0.0
    complaint: Amount = 0.0
    wanted_until: Time = 0
    """Until when (ms) it is so that SOME viewers wanted it within the last LATELY days; 0 where it is not."""
    praised_until: Time = 0
    """The same of praise with few complaints."""
    praised_for: Literal[(*ASPECTS, "")] = ""  # type: ignore[valid-type]
    """What SAME of them praised about it."""


SILENCE = Spoken()


def voices_of(meant: Meant) -> list[Voice]:
    """What a comment says of its items."""
    said = ["want"] if "want" in meant.intents else []
    opinions = [kind for kind in OPINIONS if kind in meant.intents]
    said += opinions
    if len(opinions) == 1:
        said += [f"{opinions[0]}:{about}" for about in meant.about]
    if meant.asks:
        said += ["question", *(f"question:{about}" for about in meant.asks)]
    return said


def hear(chorus: Chorus, voices: list[Voice], ts: int, amount: float, like: int, account: int) -> float:
    """Count a comment of an account, which counts `amount` alone; returns what it adds, by which its minute's like ones are bounded."""
    minute = ts // MINUTE_MS
    added = _share(chorus, minute, amount, like, account)
    if added:
        tally_all(Tally, chorus.voices, [(voice, added) for voice in voices], minute * MINUTE_MS, VOICE_HALF_LIFE, len(VOICES))
    if added >= OWN_WORDS:
        for voice in voices:
            _note(chorus.speakers.setdefault(voice, {}), ts // DAY_MS, account)
    return added


def _share(chorus: Chorus, minute: int, amount: float, like: int, account: int) -> float:
    known = chorus.minutes.get(minute)
    if known is None:
        if minute <= chorus.forgotten:
            return 0.0
        known = chorus.minutes[minute] = []
        while len(chorus.minutes) > MINUTES:
            chorus.forgotten = min(chorus.minutes)
            del chorus.minutes[chorus.forgotten]
        if minute <= chorus.forgotten:
            return 0.0
    # The first near one, and the last for all that find no place: a comment is counted with the same ones however often it is sent.
    cluster = next((each for each in known[:ALIKE] if distance(each.like, like) <= NEAR), None)
    if cluster is None:
        if len(known) <= ALIKE:
            known.append(Alike(like))
        cluster = known[-1]
    bit = 1 << account
    if cluster.writers & bit:
        return 0.0
    before, cluster.writers = cluster.told, cluster.writers | bit
    cluster.told += amount
    return math.log1p(cluster.told) - math.log1p(before)


def _note(days: dict[int, int], day: int, account: int) -> None:
    """Note who spoke on a day; days that no sentence speaks of leave."""
    days[day] = days.get(day, 0) | 1 << account
    newest = max(days)
    for old in [known for known in days if known <= newest - LATELY]:
        del days[old]


def spoken(chorus: Chorus, ts: int) -> Spoken:
    """What statistics tell at `ts` (ms)."""
    day, by = ts // DAY_MS, chorus.speakers
    complained = _people(by.get("complaint", {}), day)
    wanted = _days_left(by.get("want", {}), day, SOME)
    praised = _days_left(by.get("praise", {}), day, max(SOME, math.ceil(complained / FEW)))
    return Spoken(
        want=_weight(chorus, "want", ts),
        praise=_weight(chorus, "praise", ts),
        complaint=_weight(chorus, "complaint", ts),
        wanted_until=(day + wanted) * DAY_MS if wanted else 0,
        praised_until=(day + praised) * DAY_MS if praised else 0,
        praised_for=_praised_for(chorus, day, praised) if praised else "",
    )


def _weight(chorus: Chorus, voice: Voice, ts: int) -> float:
    return round(chorus.voices[voice].at(ts, VOICE_HALF_LIFE), 3) if voice in chorus.voices else 0.0


def _people(days: Mapping[int, int], day: int) -> int:
    """At least so many accounts spoke in the LATELY days up to `day`."""
    spoke = 0
    for each, bits in days.items():
        if day - LATELY < each <= day:
            spoke |= bits
    return spoke.bit_count()


def _days_left(days: Mapping[int, int], day: int, least: int) -> int:
    """For how many days from `day` on, it included, `least` accounts or more will have spoken lately."""
    left = 0
    known = {each: bits for each, bits in days.items() if each <= day}
    while left < LATELY and _people(known, day + left) >= least:
        left += 1
    return left


def _praised_for(chorus: Chorus, day: int, left: int) -> str:
    """What most of those who praise it name, as long as the praise holds; empty where few agree, or as many complain of the same."""
    named = {about: _people(chorus.speakers.get(f"praise:{about}", {}), day + left - 1) for about in ASPECTS}
    best = max(ASPECTS, key=lambda about: named[about])
    against = _people(chorus.speakers.get(f"complaint:{best}", {}), day)
    return best if named[best] >= max(SAME, math.ceil(against / FEW)) else ""
