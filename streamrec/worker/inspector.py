"""Answers questions about a viewer, for the live page and the command `state`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from msgspec.structs import replace

from streamrec.contract.pieces import Names
from streamrec.contract.rows import Rows
from streamrec.events.speech import RoomMoment
from streamrec.ranking.batch.queries import queries
from streamrec.state.user import UserRow
from streamrec.state.view import known
from streamrec.system.clock import now_ms
from streamrec.worker.assembly import Ranking


class ShopInspector:
    """Implements `Inspector` over the catalogue and the rankers that serve."""

    def __init__(self, ranking: Ranking, clock_ms: Callable[[], int] = now_ms) -> None:
        self._ranking, self._clock_ms = ranking, clock_ms

    def names(self, items: Collection[str], rooms: Collection[str]) -> Names:
        """See `Inspector`."""
        return self._ranking.catalogue.names(items, rooms)

    def moment(self, room_id: str) -> RoomMoment | None:
        """See `Inspector`."""
        room = self._ranking.catalogue.rooms.live.get(room_id)
        if room is None:
            return None
        moment = room.moment or RoomMoment(room_id=room_id, ts=room.heard_ms)
        if room.announced is None or moment.on_air == room.announced:
            return moment
        # The room's record wins, also before the next moment follows it.
        return replace(moment, on_air=room.announced, since=0, confidence=1.0, by="room")

    def known(self, rows: Rows[Any], user_id: str) -> dict[str, Any]:
        """See `Inspector`."""
        return known(rows.get, user_id)

    def removed(self, rows: Rows[Any], user_id: str) -> dict[str, list[str]]:
        """See `Inspector`; as of now, by the filters of the arm that the user is in."""
        row = rows.get(user_id.encode())
        if not isinstance(row, UserRow):
            return {}  # a user without a row has no lists from which something could be missing
        asked = queries([row], [self._clock_ms()], [None], self._ranking.catalogue)
        return self._ranking.ranker_of(user_id).removed(asked)
