"""The facts that the sentences of reasons state: whatever a score says, a reason is given only where its fact holds.

Each is a function of the listed places that fills (users, k) when broadcast. What names an item of the viewer's own is a bond instead, of
shape (users, k, own): it says how strongly each own item speaks for a place, and is 0 where the sentence does not hold of it. The docstring
of either is what docs/reading-lists.md says of the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import numpy as np

from streamrec.ranking.features.listed import Floats, Listed, Mask
from streamrec.state.crowd import MANY
from streamrec.system.clock import DAY_MS

Fact = Callable[[Listed], Mask]
Bond = Callable[[Listed], Floats]
F = TypeVar("F", Fact, Bond)

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
NEAR, AROUND = math.log(1.25), math.log(2.0)
"""How far a usual price may lie from what the viewer pays on average, and from most of what the viewer bought."""
SEVERAL = 2
"""The fewest items that make a habit of paying."""
SAID = 0.1
"""What is left of a mention (half-life 2 hours) while the viewer still knows of it: it is some seven hours old."""
SPREADS = 2.0
"""Standard deviations by which a rate must exceed what the longer span leads to expect."""


def states(sentence: str) -> Callable[[F], F]:
    """Give a fact its docstring, which names constants."""

    def told(fact: F) -> F:
        fact.__doc__ = sentence
        return fact

    return told


@cache
def many_within(days: int) -> Fact:
    """Make the fact that many people bought it within the last `days`."""

    @states(f"{MANY} people or more bought it for the first time in the last {f'{days} days' if days > 1 else '24 hours'}")
    def fact(listed: Listed) -> Mask:
        return np.asarray((listed.people(days) >= MANY) & (listed.proven >= BELIEVED))

    return fact


@states(f"{MANY} people or more bought it from the viewer's country")
def many_in_country(listed: Listed) -> Mask:
    return np.asarray(listed.many_in_country & (listed.proven >= BELIEVED))


@cache
def rising_within(days: int, beside: int) -> Fact:
    """Make the fact that people come to it faster in the last `days` than in the last `beside`."""
    share = days / beside

    @states(
        f"{SOME} people or more bought it for the first time in the last 7 or 30 days, and more of them than chance explains, by "
        f"{SPREADS:g} standard deviations, beside the last 30 or 90 days; it was bought before these, too"
    )
    def fact(listed: Listed) -> Mask:
        recent, all_ = listed.people(days), listed.people_at_most(beside)
        spread = np.sqrt(np.maximum(all_, 0) * share * (1.0 - share))
        risen = (recent >= SOME) & (recent - all_ * share >= SPREADS * spread)
        return np.asarray(risen & (listed.begun > 0) & (listed.begun <= listed.now - beside * DAY_MS))

    return fact


@states(f"somebody bought it in the last {LATELY} days, after the viewer")
def sold_lately(listed: Listed) -> Mask:
    sold_at = listed.sold_at
    return np.asarray((sold_at > 0) & (sold_at >= listed.now - LATELY * DAY_MS) & (sold_at > listed.bought_at))


@states(f"{SOME} people or more bought it a second time, and that is {HABIT:.0%} of all who bought it or more")
def often_rebought(listed: Listed) -> Mask:
    return np.asarray((listed.returned >= SOME) & (listed.returned >= HABIT * listed.people_ever))


@states("the viewer bought it")
def bought_it(listed: Listed) -> Mask:
    return np.asarray(listed.bought > 0)


@states(f"the viewer bought it in the last {RECENTLY} days")
def bought_it_recently(listed: Listed) -> Mask:
    return np.asarray((listed.bought > 0) & (listed.bought_at >= listed.now - RECENTLY * DAY_MS))


@states("the viewer looked at it, clicked it, or put it into the cart")
def looked_at_it(listed: Listed) -> Mask:
    return np.asarray(listed.seen > 0)


@states("the viewer named it in a comment, some hours ago at most")
def wrote_about_it(listed: Listed) -> Mask:
    return np.asarray(listed.named >= SAID)


@states(
    f"{SHARE:.0%} or more of the viewer's interest is in things of its category (of its brand, if it has no category), and it is more "
    "than one look"
)
def likes_category(listed: Listed) -> Mask:
    return _fair(listed.interest_in_category, listed.interest)


@states(f"{SHARE:.0%} or more of the viewer's interest is in things of its brand, and it is more than one look")
def likes_brand(listed: Listed) -> Mask:
    return _fair(listed.interest_in_brand, listed.interest)


@states(f"it was listed in the last {NEW} days; without a date: first heard of and sold then, in a shop that is older")
def is_new(listed: Listed) -> Mask:
    since, border = listed.first_seen, listed.now - NEW * DAY_MS
    return np.asarray((since >= border) & (since > 0) & (listed.dated | ((listed.sold_at > 0) & (listed.opened < border))))


@states("its price is within a quarter of what the viewer pays on average, and within a factor of 2 of half of what the viewer bought")
def near_usual_price(listed: Listed) -> Mask:
    price = listed.log_price
    owned = listed.owned_log_price
    with np.errstate(invalid="ignore"):
        near = np.abs(price - listed.usual_log_price) <= NEAR
        around = (np.abs(price[:, :, None] - owned[:, None, :]) <= AROUND).sum(axis=2)
    return np.asarray(near & (around >= SEVERAL) & (2 * around >= listed.items_owned))


@states("there is a history to read, and BERT gives it more than the average place of the list")
def has_history(listed: Listed) -> Mask:
    return listed.has_history


@states("it is on the shelf of the viewer's room")
def on_shelf(listed: Listed) -> Mask:
    return np.asarray(listed.on_shelf > 0)


@states("the host of the viewer's room shows it")
def on_air(listed: Listed) -> Mask:
    return np.asarray(listed.on_air > 0)


@states("its text is more like that of something the viewer bought, looked at or wrote about than 999 of 1,000 random pairs in the shop")
def resembles_own(listed: Listed) -> Floats:
    return listed.likeness


@states("the same of something in the viewer's last basket")
def resembles_last(listed: Listed) -> Floats:
    return listed.likeness * listed.in_last


@states(
    f"{SHARED:g} purchases or more of one of the two by people who had bought or looked at the other, which is something that the viewer "
    "bought, looked at or wrote about; the viewer has not bought this one"
)
def goes_with_own(listed: Listed) -> Floats:
    return listed.shared * (listed.shared >= SHARED)


@states("the same of something in the viewer's last basket")
def goes_with_last(listed: Listed) -> Floats:
    return listed.shared * (listed.shared >= SHARED) * listed.in_last


@states(f"it was in the next basket {SHARED:g} times or more after something in the viewer's last basket; the viewer has not bought it")
def follows_last(listed: Listed) -> Floats:
    return listed.led * (listed.led >= SHARED) * listed.in_last


def _fair(part: Floats, whole: Floats) -> Mask:
    return np.asarray((part >= INTEREST) & (part >= SHARE * whole))
