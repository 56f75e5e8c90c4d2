"""What the columns of the catalogue hold of each candidate; of a slot of -1 they hold 0."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import NEVER
from streamrec.system.clock import DAY_MS, HOUR_MS
from streamrec.system.compiled import jit
from streamrec.system.maths import exp

Slots = NDArray[np.int32]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
T = TypeVar("T", bound=np.generic)


@jit
def taken(column: NDArray[T], slots: Slots) -> NDArray[T]:
    """`column` (slots,) at `slots` (users, candidates)."""
    found = np.zeros(slots.shape, column.dtype)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                found[user, place] = column[slot]
    return found


@jit
def moments(times: Ints, slots: Slots) -> NDArray[np.float64]:
    """`times` (slots,) in ms at `slots` (users, candidates). Whole numbers of 64 bits have no vector instructions; these are exact, too."""
    found = np.zeros(slots.shape)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                found[user, place] = times[slot]
    return found


@jit
def ages(times: Ints, slots: Slots, now: Ints) -> Singles:
    """How long (ms) before each user's `now` (users,) the `times` (slots,) are; 0 for those ahead."""
    found = np.zeros(slots.shape, np.float32)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                found[user, place] = max(now[user] - times[slot], 0)
    return found


@jit
def faded(counts: NDArray[np.floating], slots: Slots, ages: Singles, rate: np.float32) -> Singles:
    """`counts` (slots,) at `slots` (users, candidates), each fallen by exp(rate * age)."""
    found = np.zeros(slots.shape, np.float32)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                found[user, place] = counts[slot]
        for place in range(slots.shape[1]):
            found[user, place] *= exp(ages[user, place] * rate)
    return found


@jit
def sold_there(
    countries: NDArray[np.int32], counts: NDArray[np.float64], country: NDArray[np.int32], slots: Slots, ages: Singles, rate: np.float32
) -> Singles:
    """The `counts` (slots, places) of each user's `country` (users,; 0 is none), fallen by exp(rate * age)."""
    found = np.zeros(slots.shape, np.float32)
    for user in range(len(slots)):
        mine = country[user]
        if mine == 0:
            continue
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                for other in range(countries.shape[1]):
                    if countries[slot, other] == mine:
                        found[user, place] += counts[slot, other]
        for place in range(slots.shape[1]):
            found[user, place] *= exp(ages[user, place] * rate)
    return found


@jit
def first_seen(created: Ints, first_sale: Ints, slots: Slots) -> NDArray[np.float64]:
    """When (ms) each item was made or first heard of, whichever was earlier; 0 where nothing tells."""
    found = np.zeros(slots.shape)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                earliest = min(created[slot], first_sale[slot]) if created[slot] > 0 else first_sale[slot]
                found[user, place] = earliest if earliest != NEVER else 0
    return found


@jit
def interest_in(labels: NDArray[np.int32], recent: Slots, interest: NDArray[np.float64], slots: Slots) -> NDArray[np.float64]:
    """The `interest` (users, n) in those `recent` items (users, n) that share the label of each candidate; 0 for one without a label."""
    found = np.zeros(slots.shape)
    for user in range(len(slots)):
        highest = 0
        for entry in range(recent.shape[1]):
            if recent[user, entry] >= 0:
                highest = max(highest, labels[recent[user, entry]])
        amounts = np.zeros(highest + 1)
        for entry in range(recent.shape[1]):
            if recent[user, entry] >= 0:
                amounts[labels[recent[user, entry]]] += interest[user, entry]
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0 and 0 < labels[slot] <= highest:
                found[user, place] = amounts[labels[slot]]
    return found


@jit
def reached(milestones: NDArray[np.int16], counted_at: Ints, slots: Slots, now: Ints, days: int) -> Ints:
    """How many of the milestones (slots, milestones; hours before `counted_at`, -1 for none) lie within the last `days`."""
    found = np.zeros(slots.shape, np.int64)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                for each in range(milestones.shape[1]):
                    ago = milestones[slot, each]
                    # An hour or a day begins then.
                    begun = (counted_at[slot] // HOUR_MS - ago) * HOUR_MS
                    found[user, place] += ago >= 0 and begun >= now[user] - days * DAY_MS
    return found


@jit
def held(countries: NDArray[np.int32], holds: NDArray[np.bool_], country: NDArray[np.int32], slots: Slots) -> NDArray[np.bool_]:
    """What `holds` (slots, places) of each user's `country` (users,; 0 is none)."""
    found = np.zeros(slots.shape, np.bool_)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0 and country[user] > 0:
                for other in range(countries.shape[1]):
                    if countries[slot, other] == country[user] and holds[slot, other]:
                        found[user, place] = True
    return found


@jit
def around(values: Singles, owned: Slots, slots: Slots, most: float) -> Ints:
    """How many of the `owned` (users, n) have a value within `most` of that of each of `slots`; NaN is near nothing."""
    found = np.zeros(slots.shape, np.int64)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            slot = slots[user, place]
            if slot >= 0:
                for entry in range(owned.shape[1]):
                    other = owned[user, entry]
                    if other >= 0 and abs(values[slot] - values[other]) <= most:
                        found[user, place] += 1
    return found


@jit
def of_label(labels: NDArray[np.int32], values: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """What `values` (slots, places) hold where the label (slots, places) is that number, of shape (slots,); 0 where none is."""
    found = np.zeros(len(labels))
    for slot in range(len(labels)):
        for place in range(labels.shape[1]):
            if labels[slot, place] == number:
                found[slot] = values[slot, place]
                break
            if labels[slot, place] == 0:
                break
    return found
