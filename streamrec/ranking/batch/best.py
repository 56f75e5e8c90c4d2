"""The best of many items, of few or of all of a shop: ties go to the lower rank of the id."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import finite, inlined, jit

RUN = 16
"""Values whose maximum is looked at before they are: most runs of a large shop hold nothing that is good enough."""
ROOM = 4
"""So many times the wanted number are gathered before the best of them are told: fewer are sorted out too often."""


@jit
def best(values: NDArray[np.floating], allowed: NDArray[np.bool_], id_rank: NDArray[np.int64], count: int) -> NDArray[np.int32]:
    """The `count` highest values above 0 of each row (rows, slots) among the `allowed` slots (slots,).

    They are slots of shape (rows, at most count), in no order, padded with -1.
    """
    rows, width = values.shape
    room = min(count, width)
    found = np.full((rows, room), -1, np.int32)
    if not room:
        return found
    nothing = values.dtype.type(0)
    tops, copy = np.empty(width // RUN + 1, values.dtype), np.empty(width // RUN + 1, values.dtype)
    work, at = np.empty(width, values.dtype), np.empty(width, np.int32)
    equals = np.empty(width, np.int32)
    most = 0
    for row in range(rows):
        _maxima(values[row], allowed, tops)
        # The highest lie in the `count` runs whose maxima are highest, so that only those are looked at.
        copy[:] = tops
        low = nothing
        if len(tops) > room:
            _keep(copy, len(copy), room)
            low = _lowest(copy, room)
        size = 0
        for run in range(len(tops)):
            if tops[run] > 0 and tops[run] >= low:
                for slot in range(run * RUN, min(run * RUN + RUN, width)):
                    value = values[row, slot]
                    if value >= low and value > 0 and allowed[slot]:
                        work[size], at[size] = value, slot
                        size += 1
        least = nothing
        if size > room:
            sorted_out = work[:size].copy()
            _keep(sorted_out, size, room)
            least = _lowest(sorted_out, room)
        number, same = 0, 0
        for place in range(size):
            if work[place] > least:
                found[row, number] = at[place]
                number += 1
            elif work[place] == least:
                equals[same] = at[place]
                same += 1
        number = _fill(found[row], number, equals, same, id_rank)
        most = max(most, number)
    return found[:, :most].copy()


@jit
def best_listed(
    slots: NDArray[np.int32], values: NDArray[np.floating], allowed: NDArray[np.bool_], id_rank: NDArray[np.int64], count: int
) -> NDArray[np.int32]:
    """The same of listed slots and their values, both of shape (rows, n); slots of -1 are passed over."""
    rows, width = slots.shape
    room = min(count, width)
    found = np.full((rows, room), -1, np.int32)
    if not room:
        return found
    work = np.empty(ROOM * room + 1, values.dtype)
    equals = np.empty(width, np.int32)
    most = 0
    for row in range(rows):
        size, least = 0, values.dtype.type(0)
        for place in range(width):
            value, slot = values[row, place], slots[row, place]
            if slot >= 0 and value > least and allowed[slot]:
                work[size] = value
                size += 1
                if size == len(work):
                    size = _keep(work, size, room)
                    least = _lowest(work, size)
        if size > room:
            size = _keep(work, size, room)
        least = _lowest(work, size) if size == room else values.dtype.type(0)
        number, same = 0, 0
        for place in range(width):
            value, slot = values[row, place], slots[row, place]
            if slot >= 0 and value >= least and value > 0 and allowed[slot]:
                if value > least:
                    found[row, number] = slot
                    number += 1
                else:
                    equals[same] = slot
                    same += 1
        number = _fill(found[row], number, equals, same, id_rank)
        most = max(most, number)
    return found[:, :most].copy()


@finite
def _maxima(values: Any, allowed: Any, tops: Any) -> Any:
    """The highest allowed value of each run, 0 where there is none above it."""
    nothing = values.dtype.type(0)
    whole = len(values) // RUN
    for run in range(whole):
        top = nothing
        for place in range(RUN):
            value = values[run * RUN + place]
            top = max(top, value if allowed[run * RUN + place] else nothing)
        tops[run] = top
    tops[whole] = nothing
    for place in range(whole * RUN, len(values)):
        tops[whole] = max(tops[whole], values[place] if allowed[place] else nothing)


@inlined
def _lowest(work: Any, size: Any) -> Any:
    low = work[0]
    for place in range(1, size):
        low = min(low, work[place])
    return low


@inlined
def _keep(work: Any, size: Any, count: Any) -> Any:
    """Put the `count` largest of the first `size` values in front (quickselect)."""
    low, high = 0, size - 1
    while low < high:
        pivot = work[(low + high) >> 1]
        left, right = low, high
        while left <= right:
            while work[left] > pivot:
                left += 1
            while work[right] < pivot:
                right -= 1
            if left <= right:
                work[left], work[right] = work[right], work[left]
                left += 1
                right -= 1
        if count - 1 <= right:
            high = right
        elif count - 1 >= left:
            low = left
        else:
            break
    return count


@inlined
def _fill(found: Any, number: Any, equals: Any, same: Any, id_rank: Any) -> Any:
    """Fill what is free behind the first `number` of `found` with those of the first `same` of `equals` whose ids come first."""
    free = len(found) - number
    if same > free:
        level = np.empty(same, np.int64)
        for place in range(same):
            level[place] = (id_rank[equals[place]] << 32) | equals[place]
        level.sort()
        for place in range(free):
            found[number + place] = level[place] & 0xFFFFFFFF
        return number + free
    for place in range(same):
        found[number + place] = equals[place]
    return number + same
