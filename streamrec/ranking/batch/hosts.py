"""Whose items the candidates are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context


def hosts(context: Context, slots: NDArray[np.int32]) -> NDArray[np.int32]:
    """The host of each candidate (users, candidates): of the user's room where the item is on its shelf, else of its first live room."""
    rooms, size = context.catalogue.rooms, context.catalogue.items.size
    # An empty shop has candidates of -1 only, and no slot that they could fall back on.
    owners = np.append(rooms.hosts(size), np.int32(0))[slots]
    # One table for all users, cleared behind each: a table of each would be as large as the shop times the users.
    here = np.zeros(size + 1, bool)
    for user, room in enumerate(context.queries.rooms):
        if room is not None:
            here[room.shelf] = True
            owners[user, here[slots[user]]] = room.host
            here[room.shelf] = False
    return owners
