"""Whether a reason is so, by the events as they were sent and by the catalogue: plain counting, without anything that ranking keeps.

Where a worker forgets (rows are bounded, and decay), what is asked here is a little less than what the worker asks for: a true reason must
not be called false. What is asked is far more than nothing: a reason that rests on nothing is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from streamrec.events.types import Room, Rule
from streamrec.system.clock import DAY_MS
from streamrec.truth.history import ROOM_MS, bought, looked
from streamrec.truth.place import LATE_MS, Place

MANY = 10
"""People of whom a sentence says "many"."""
SOME = 4
"""People that make a trend or a habit; a worker asks for five."""
SPOKE = 5
"""Viewers of whom a sentence speaks."""
HABIT, SHARE = 0.15, 0.1
"""The share of buyers who came back; that of a kind in what a viewer did. A worker asks for 0.2 of each, of what it remembers."""
SHARED = 2
BASKET_MS = DAY_MS // 48
NEAR, AROUND = math.log(1.4), math.log(2.5)
"""How far a usual price may lie from what the viewer paid on average, and from single prices; a worker asks for 1.25 and 2. Of orders of
one time it may have known some only."""
SHOWN = 60
"""People at most who were shown what "few" were shown, within a week; a worker asks for fewer than 50 impressions, half-life 30 days."""
WEIGHTS = {"purchase": 1.0, "view": 0.3, "click": 0.3, "cart": 0.9}
MENTION = 0.6
UNHEARD = {"cart", "hide", "complaint"}
"""What tells the item side nothing."""


class Verdict(NamedTuple):
    """Whether a reason is so (None: nothing here can tell), and what the events say."""

    so: bool | None
    says: str


def judge(place: Place, code: str) -> Verdict:
    """Whether the reason `code` of a place is so."""
    kind, _, rule_id = code.partition(":")
    if kind == "rule":
        return _rule(place, rule_id)
    judged = JUDGES.get(kind)
    return judged(place) if judged is not None else Verdict(None, "no check knows this code")


def _many(days: int) -> Callable[[Place], Verdict]:
    def judged(place: Place) -> Verdict:
        since = place.now - days * DAY_MS
        # Whoever bought it earlier, too, is a person all the same.
        again = {act.user_id for act in place.of(place.place.item_id) if bought(act) and act.ts >= since}
        people = max(len(again), sum(act.ts >= since for act in place.first_purchases()))
        told = place.place.bought_7d if days == 7 and place.place.bought_7d else MANY
        return Verdict(people >= max(told, MANY), f"{people} people bought it in the last {days} days")

    return judged


def _country(place: Place) -> Verdict:
    # Where a viewer's last events name several countries, any of them may be the viewer's.
    homes = {act.country for act in place.mine()} - {""}
    most = max((len({act.user_id for act in place.of(place.place.item_id) if act.country == home}) for home in homes), default=0)
    return Verdict(most >= MANY, f"{most} people of {' or '.join(sorted(homes)) or 'no country that is known'} bought it")


def _rising(place: Place) -> Verdict:
    times = [act.ts for act in place.first_purchases()]
    told = []
    for days, beside in ((7, 30), (30, 90)):
        begin, border = place.now - beside * DAY_MS, place.now - days * DAY_MS
        recent = sum(ts >= border for ts in times)
        before = sum(begin <= ts < border for ts in times)
        old = any(ts <= begin for ts in times)
        told.append(f"{recent} first purchases in {days} days, {before} in the {beside - days} days before")
        if old and recent >= SOME and recent * (beside - days) > before * days:
            return Verdict(True, told[-1])
    return Verdict(False, "; ".join(told))


def _sold(place: Place) -> Verdict:
    times = [act.ts for act in place.of(place.place.item_id) if bought(act)]
    days = (place.now - max(times)) / DAY_MS if times else math.inf
    return Verdict(days <= 7, f"it was last bought {days:.1f} days before" if times else "nobody bought it")


def _rebought(place: Place) -> Verdict:
    times: dict[str, int] = {}
    for act in place.of(place.place.item_id):
        if bought(act):
            times[act.user_id] = times.get(act.user_id, 0) + 1
    back = sum(count > 1 for count in times.values())
    return Verdict(back >= SOME and back >= HABIT * len(times), f"{back} of {len(times)} people bought it again")


def _bought_within(days: float) -> Callable[[Place], Verdict]:
    def judged(place: Place) -> Verdict:
        times = [act.ts for act in place.mine() if act.item_id == place.place.item_id and bought(act)]
        ago = (place.now - max(times)) / DAY_MS if times else math.inf
        return Verdict(
            bool(times) and ago <= days, f"the viewer bought it {ago:.1f} days before" if times else "the viewer never bought it"
        )

    return judged


def _looked(place: Place) -> Verdict:
    looks = sum(act.item_id == place.place.item_id and looked(act) for act in place.mine())
    return Verdict(looks > 0, f"the viewer looked at it {looks} times")


def _mentioned(place: Place) -> Verdict:
    said = [said for said in place.said() if said.ts >= place.now - 2 * DAY_MS]
    so = any(place.place.item_id in place.history.named(each) for each in said)
    return Verdict(so, f"{'one' if so else 'none'} of the viewer's {len(said)} comments of two days may name it")


def _spoken(place: Place) -> Verdict:
    since = place.now - 8 * DAY_MS
    people = set()
    for user_id, said in place.history.said.items():
        if any(place.place.item_id in place.history.named(each) for each in said.between(since, place.end)):
            people.add(user_id)
    return Verdict(len(people) >= SPOKE, f"{len(people)} people wrote comments within a week that may be about it")


def _kind(field: str) -> Callable[[Place], Verdict]:
    def label(place: Place, item_id: str) -> str | None:
        item = place.history.item(item_id, place.end)
        return None if item is None else item.brand if field == "brand" else item.category or item.brand

    def judged(place: Place) -> Verdict:
        wanted = label(place, place.place.item_id)
        part = whole = best = 0.0
        # A decayed share is a mean of the shares of all spans that end now: one of them reaches it.
        for _, weight, item_ids in sorted(_interest(place), key=lambda entry: -entry[0]):
            whole += weight
            part += weight * (wanted is not None and any(label(place, item_id) == wanted for item_id in item_ids))
            best = max(best, part / whole)
        return Verdict(
            part >= 0.5 and best >= SHARE, f"{best:.0%} of what the viewer did was with {field} {wanted}, a weight of {part:.1f}"
        )

    return judged


def _interest(place: Place) -> Iterator[tuple[int, float, set[str]]]:
    """Time, weight and items of everything that the viewer did; a comment may have named any of several."""
    for act in place.mine():
        if act.kind in WEIGHTS:
            yield act.ts, WEIGHTS[act.kind], {act.item_id}
    for said in place.said():
        yield int(said.ts), MENTION, place.history.named(said)


def _new(place: Place) -> Verdict:
    item = place.history.item(place.place.item_id, place.end)
    acts = [act for act in place.of(place.place.item_id) if act.kind not in UNHEARD]
    since = item.created_ts if item is not None and item.created_ts else acts[0].ts if acts else None
    if since is None:
        return Verdict(False, "neither a listing date nor any event tells since when it is there")
    days = (place.now - since) / DAY_MS
    return Verdict(days <= 30, f"it has been there for {days:.1f} days")


def _price(place: Place) -> Verdict:
    item = place.history.item(place.place.item_id, place.end)
    paid = [act.price for act in reversed(place.mine()) if bought(act) and act.price > 0]
    if item is None or len(paid) < 2:
        return Verdict(False, f"the viewer paid {len(paid)} times")
    own, total, means = math.log(max(item.price, 0.01)), 0.0, []
    for count, price in enumerate(paid, 1):
        total += math.log(price)
        means.append(total / count)
    around = sum(abs(math.log(price) - own) <= AROUND for price in paid)
    # A decayed mean lies among those of all spans that end now.
    near = min(means) - NEAR <= own <= max(means) + NEAR
    return Verdict(
        near and around >= 2, f"it costs {item.price:g}, the viewer paid {math.exp(means[-1]):.2f} on average, {around} times about that"
    )


def _fits(place: Place) -> Verdict:
    acts = len(place.mine()) + len(place.said())
    added = [each.scores.get("cross", 0.0) for each in place.made.items]
    own = place.place.scores.get("cross", 0.0)
    return Verdict(acts > 0 and own > min(added), f"the viewer did {acts} things; BERT adds {own:.3f} here, and {min(added):.3f} at least")


def _shelf(place: Place) -> Verdict:
    states = _rooms(place)
    on = any(place.place.item_id in room.shelf for room in states if room.status == "live")
    return _in_room(place, on, "it is on the shelf" if on else "it is on no shelf")


def _air(place: Place) -> Verdict:
    states = _rooms(place)
    on = any(room.on_air == place.place.item_id for room in states if room.status == "live")
    return _in_room(
        place, on, "it was on air" if on else f"on air was {', '.join(room.on_air or 'nothing' for room in states) or 'nothing'}"
    )


def _rooms(place: Place) -> list[Room]:
    room_id = place.made.room_id
    return [] if room_id is None else list(place.history.room(room_id, min(place.now, place.end - LATE_MS) - ROOM_MS, place.end))


def _in_room(place: Place, on: bool, says: str) -> Verdict:
    if place.made.room_id is None:
        return Verdict(False, "the viewer was in no room")
    return Verdict(on, f"{says} of {place.made.room_id}")


def _shared(place: Place, own: str) -> int:
    """Purchases of one of the two items by people who had bought or looked at the other."""
    count = 0
    for one, other in ((place.place.item_id, own), (own, place.place.item_id)):
        since: dict[str, int] = {}
        for act in place.of(other):
            if bought(act) or looked(act):
                since.setdefault(act.user_id, act.ts)
        count += sum(bought(act) and since.get(act.user_id, math.inf) <= act.ts + LATE_MS for act in place.of(one))
    return count


def _led(place: Place, own: str) -> int:
    """Purchases of the item by people who had bought the other one in an earlier basket."""
    since: dict[str, int] = {}
    for act in place.of(own):
        if bought(act):
            since.setdefault(act.user_id, act.ts)
    return sum(bought(act) and since.get(act.user_id, math.inf) < act.ts - BASKET_MS for act in place.of(place.place.item_id))


def _of_own(judged_beside: Callable[[Place, str], Verdict], *, last: bool) -> Callable[[Place], Verdict]:
    """Judge the place beside the item of the viewer's own that it names; with `last` that must be of the last basket."""

    def judged(place: Place) -> Verdict:
        own = place.place.because
        if own is None:
            return Verdict(False, "the list names no item of the viewer's")
        return _unless_mine(place, own, last=last) or judged_beside(place, own)

    return judged


def _bought_by_both(count: Callable[[Place, str], int]) -> Callable[[Place, str], Verdict]:
    def judged(place: Place, own: str) -> Verdict:
        shared = count(place, own)
        return Verdict(shared >= SHARED, f"{shared} purchases of one by people who took {own}")

    return judged


def _like(place: Place, own: str) -> Verdict:
    cosine = None if place.likeness is None else place.likeness.of(place.place.item_id, own, place.end)
    if place.likeness is None or cosine is None:
        return Verdict(None, "without the text model nothing tells how like they are")
    return Verdict(
        cosine >= place.likeness.least(), f"the cosine with {own} is {cosine:.3f}, that of random pairs {place.likeness.least():.3f}"
    )


def _unless_mine(place: Place, own: str, *, last: bool) -> Verdict | None:
    """What is wrong with calling an item the viewer's own; None where it is."""
    mine = place.mine()
    if not last:
        touched = any(own in item_ids for _, _, item_ids in _interest(place))
        return None if touched else Verdict(False, f"the viewer never touched {own}")
    returned = {act.item_id for act in mine if act.kind == "refund"}
    newest = max((act.ts for act in mine if bought(act) and act.item_id not in returned), default=0)
    at = max((act.ts for act in mine if bought(act) and act.item_id == own), default=-math.inf)
    return None if at >= newest - BASKET_MS else Verdict(False, f"{own} is not of the viewer's last basket")


def _explored(place: Place) -> Verdict:
    since = place.now - 7 * DAY_MS
    people = {act.user_id for act in place.of(place.place.item_id) if act.kind == "impression" and act.ts >= since}
    return Verdict(len(people) <= SHOWN and place.place.propensity is not None, f"{len(people)} people were shown it within a week")


def _rule(place: Place, rule_id: str) -> Verdict:
    versions = place.history.rules[rule_id].until(place.end) if rule_id in place.history.rules else []
    if not place.history.rules:
        return Verdict(None, "no rules are given")
    so = any(_concerns(place, rule) for rule in versions)
    return Verdict(so, f"the rule {rule_id} concerns it" if so else f"no rule {rule_id} concerns it at that time")


def _concerns(place: Place, rule: Rule) -> bool:
    if not (rule.starts_ts or 0) <= place.now < (rule.expires_ts or math.inf):
        return False
    item = place.history.item(place.place.item_id, place.end)
    match rule.target:
        case "item":
            return rule.target_id == place.place.item_id
        case "category":
            return item is not None and rule.target_id == (item.category or item.brand)
    return place.place.room_id is not None  # whose room it is, the list does not say


JUDGES: dict[str, Callable[[Place], Verdict]] = {
    "popular_today": _many(1),
    "popular_this_week": _many(7),
    "popular_this_month": _many(30),
    "popular": _many(90),
    "rising": _rising,
    "popular_in_country": _country,
    "still_sold": _sold,
    "often_rebought": _rebought,
    "bought_with_last": _of_own(_bought_by_both(_shared), last=True),
    "bought_next": _of_own(_bought_by_both(_led), last=True),
    "similar_to_last": _of_own(_like, last=True),
    "favourite_category": _kind("category"),
    "favourite_brand": _kind("brand"),
    "looked_at": _looked,
    "bought_before": _bought_within(math.inf),
    "bought_recently": _bought_within(14),
    "new": _new,
    "usual_price": _price,
    "bought_together": _of_own(_bought_by_both(_shared), last=False),
    "similar_to_recent": _of_own(_like, last=False),
    "fits_your_history": _fits,
    "in_this_room": _shelf,
    "on_air": _air,
    "you_mentioned": _mentioned,
    "you_want_it": _mentioned,
    "you_asked": _mentioned,
    "viewers_want_it": _spoken,
    "viewers_praise_it": _spoken,
    "explored": _explored,
}
"""By code; a test compares them with those of the ranking."""
