"""The facts that the sentences of reasons state: whatever a score says, a reason is given only where its fact holds.

A fact is a pure function of what is known of one listed place. What names an item of the viewer's own is a bond instead: it says how
strongly each own item speaks for a place, and is 0 where the sentence does not hold of it. What either states is what docs/reading-lists.md
says of the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.features.formulas import Value
from streamrec.ranking.features.listed import Listed
from streamrec.state.crowd import MANY
from streamrec.state.voices import FEW
from streamrec.state.voices import LATELY as VOICES_DAYS
from streamrec.state.voices import SOME as VIEWERS
from streamrec.system.clock import DAY_MS, HOUR_MS
from streamrec.system.compiled import jit

BELIEVED = 10.0
"""Purchases (half-life 30 days, of accounts without standing few) from which "many" may be said: more than one account can bring about."""
LATELY, RECENTLY, NEW = 7, 14, 30
"""Days within which something sold "lately", was bought by the viewer "recently", or came into the shop "newly"."""
SOME = 5
"""The fewest people by whom a trend or a habit is told from chance."""
HABIT = 0.2
"""The share of its buyers that must come back for an item which people "buy again"."""
SHARED = 2.0
"""The fewest purchases by which two items go together. A single one would tell a viewer what one other person did."""
INTEREST, SHARE = 0.5, 0.2
"""The least interest that makes a favourite, more than one look, and its share in all of the viewer's interest."""
NEAR = math.log(1.25)
"""How far a usual price may lie from what the viewer pays on average."""
SEVERAL = 2
"""The fewest items that make a habit of paying."""
SAID = 0.1
"""What is left of a mention (half-life 2 hours) while the viewer still knows of it: it is some seven hours old."""
ASKED = 6
"""Hours for which a viewer knows what they asked."""
SPREADS = 2.0
"""Standard deviations by which a rate must exceed what the longer span leads to expect."""


class Fact(NamedTuple):
    """What a sentence `states` of a place."""

    states: str
    reads: tuple[str, ...]
    """The attributes of `Listed` that the formula takes, in order."""
    formula: Callable[..., Any]
    """Whether it is so; compiled, at the top level of this module."""


class Bond(NamedTuple):
    """What a sentence that names an own item `states` of it and a place."""

    states: str
    strength: Callable[[Listed], NDArray[np.float32]]
    """Of every place and own item, of shape (users, k, own)."""


@jit
def many(people: Value, proven: Value) -> Value:
    return people >= MANY and proven >= BELIEVED


def many_within(days: int) -> Fact:
    """Make the fact that many people bought it within the last `days`: 1, 7, 30 or 90."""
    span = f"{days} days" if days > 1 else "24 hours"
    return Fact(f"{MANY} people or more bought it for the first time in the last {span}", (f"people_{days}d", "proven"), many)


@jit
def many_of_them(so: Value, proven: Value) -> Value:
    return so and proven >= BELIEVED


many_in_country = Fact(f"{MANY} people or more bought it from the viewer's country", ("many_in_country", "proven"), many_of_them)


@jit
def rises(recent: Value, all_: Value, begun: Value, now: Value, days: Value, beside: Value) -> Value:
    share = days / beside
    spread = np.sqrt(max(all_, 0) * share * (1.0 - share))
    risen = recent >= SOME and recent - all_ * share >= SPREADS * spread
    return risen and 0 < begun <= now - beside * DAY_MS


@jit
def rises_in_week(recent: Value, all_: Value, begun: Value, now: Value) -> Value:
    return rises(recent, all_, begun, now, 7, 30)


@jit
def rises_in_month(recent: Value, all_: Value, begun: Value, now: Value) -> Value:
    return rises(recent, all_, begun, now, 30, 90)


_RISING = (
    f"{SOME} people or more bought it for the first time in the last 7 or 30 days, and more of them than chance explains, by "
    f"{SPREADS:g} standard deviations, beside the last 30 or 90 days; it was bought before these, too"
)
rising_this_week = Fact(_RISING, ("people_7d", "people_30d_at_most", "begun", "now"), rises_in_week)
rising_this_month = Fact(_RISING, ("people_30d", "people_90d_at_most", "begun", "now"), rises_in_month)


@jit
def sold(sold_at: Value, bought_at: Value, now: Value) -> Value:
    return sold_at > 0 and sold_at >= now - LATELY * DAY_MS and sold_at > bought_at


sold_lately = Fact(f"somebody bought it in the last {LATELY} days, after the viewer", ("sold_at", "bought_at", "now"), sold)


@jit
def come_back(returned: Value, people: Value) -> Value:
    return returned >= SOME and returned >= HABIT * people


often_rebought = Fact(
    f"{SOME} people or more bought it a second time, and that is {HABIT:.0%} of all who bought it or more",
    ("returned", "people_ever"),
    come_back,
)


@jit
def some(count: Value) -> Value:
    return count > 0


@jit
def bought_of_late(bought: Value, bought_at: Value, now: Value) -> Value:
    return bought > 0 and bought_at >= now - RECENTLY * DAY_MS


bought_it = Fact("the viewer bought it", ("bought",), some)
bought_it_recently = Fact(f"the viewer bought it in the last {RECENTLY} days", ("bought", "bought_at", "now"), bought_of_late)
looked_at_it = Fact("the viewer looked at it, clicked it, or put it into the cart", ("seen",), some)


@jit
def wants(wanted: Value) -> Value:
    return wanted >= SAID


wants_it = Fact("the viewer wrote to want it, some hours ago at most", ("wanted",), wants)


@jit
def asked(asked_at: Value, now: Value) -> Value:
    return asked_at > 0 and asked_at >= now - ASKED * HOUR_MS


asked_about_it = Fact(f"the viewer asked about it in a comment in the last {ASKED} hours", ("asked_at", "now"), asked)


@jit
def only_named(named: Value, wanted: Value, asked_at: Value, now: Value) -> Value:
    return named >= SAID and not wants(wanted) and not asked(asked_at, now)


wrote_about_it = Fact(
    "the viewer named it in a comment, some hours ago at most, and neither wanted it nor asked about it",
    ("named", "wanted", "asked_at", "now"),
    only_named,
)


@jit
def lasts(until: Value, now: Value) -> Value:
    return until > now


viewers_want_it = Fact(f"{VIEWERS} viewers or more wrote in the last {VOICES_DAYS} days to want it", ("wanted_until", "now"), lasts)
viewers_praise_it = Fact(
    f"{VIEWERS} viewers or more praised it in their own words in the last {VOICES_DAYS} days, and at most {FEW:.0%} as many complained",
    ("praised_until", "now"),
    lasts,
)


@jit
def fair(part: Value, whole: Value) -> Value:
    return part >= INTEREST and part >= SHARE * whole


likes_category = Fact(
    f"{SHARE:.0%} or more of the viewer's interest is in things of its category (of its brand, if it has no category), and it is more "
    "than one look",
    ("interest_in_category", "interest"),
    fair,
)
likes_brand = Fact(
    f"{SHARE:.0%} or more of the viewer's interest is in things of its brand, and it is more than one look",
    ("interest_in_brand", "interest"),
    fair,
)


@jit
def new(since: Value, dated: Value, sold_at: Value, opened: Value, now: Value) -> Value:
    border = now - NEW * DAY_MS
    return since >= border and since > 0 and (dated or (sold_at > 0 and opened < border))


is_new = Fact(
    f"it was listed in the last {NEW} days; without a date: first heard of and sold then, in a shop that is older",
    ("first_seen", "dated", "sold_at", "opened", "now"),
    new,
)


@jit
def usual(price: Value, usual_price: Value, around: Value, owned: Value) -> Value:
    return abs(price - usual_price) <= NEAR and around >= SEVERAL and 2 * around >= owned


near_usual_price = Fact(
    "its price is within a quarter of what the viewer pays on average, and within a factor of 2 of half of what the viewer bought",
    ("log_price", "usual_log_price", "owned_around", "items_owned"),
    usual,
)


@jit
def so(it_is: Value) -> Value:
    return it_is


has_history = Fact("there is a history to read, and BERT gives it more than the average place of the list", ("has_history",), so)
on_shelf = Fact("it is on the shelf of the viewer's room", ("on_shelf",), so)
on_air = Fact("the host of the viewer's room shows it", ("on_air",), so)

resembles_own = Bond(
    "its text is more like that of something the viewer bought, looked at or wrote about than 999 of 1,000 random pairs in the shop",
    lambda listed: listed.likeness,
)
resembles_last = Bond("the same of something in the viewer's last basket", lambda listed: listed.likeness * listed.in_last)
goes_with_own = Bond(
    f"{SHARED:g} purchases or more of one of the two by people who had bought or looked at the other, which is something that the viewer "
    "bought, looked at or wrote about; the viewer has not bought this one",
    lambda listed: listed.shared * (listed.shared >= SHARED),
)
goes_with_last = Bond(
    "the same of something in the viewer's last basket", lambda listed: listed.shared * (listed.shared >= SHARED) * listed.in_last
)
follows_last = Bond(
    f"it was in the next basket {SHARED:g} times or more after something in the viewer's last basket; the viewer has not bought it",
    lambda listed: listed.led * (listed.led >= SHARED) * listed.in_last,
)
