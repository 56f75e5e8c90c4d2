"""Slows down guessing: after wrong tokens, a token is looked at only after a pause, for their sender and for all unknown clients."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

FREE, FREE_IN_ALL = 5, 50
"""Wrong tokens without a pause: people mistype, and pages send cookies of an earlier token."""
FORGIVEN_S, FORGIVEN_IN_ALL_S = 10.0, 1.0
"""After so long one wrong token is forgotten."""
SHORTEST_S, LONGEST_S = 0.25, 4.0
"""The pause doubles with each further wrong token. The longest is below the patience of our own client."""
MOST_OVER = 30
"""Further wrong tokens count no more: after an attack, clients behind the same address wait for minutes, not for days."""
REMEMBERED = 1024
"""Clients that are remembered, for their wrong tokens and for right ones."""


class _Tally:
    """Wrong tokens, of which one is forgotten after each `forgiven_s`."""

    def __init__(self, free: int, forgiven_s: float, now: float) -> None:
        self._free, self._forgiven_s = free, forgiven_s
        self._wrong, self._since = 0.0, now

    def add(self, wrong: int, now: float) -> None:
        self._wrong = min(max(0.0, self._now(now) + wrong), self._free + MOST_OVER)
        self._since = now

    def pause_s(self, now: float) -> float:
        over = self._now(now) - self._free
        return min(LONGEST_S, SHORTEST_S * 2**over) if over > -1 else 0.0

    def _now(self, now: float) -> float:
        return max(0.0, self._wrong - (now - self._since) / self._forgiven_s)


class Guesses:
    """How long a client waits until its token is looked at.

    A right token waits as long as a wrong one, or an attacker could tell them apart without waiting for the answer.
    Nobody is refused, so that nobody can be shut out; with the bound on connections, the pause bounds the guesses in a second.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._clients: OrderedDict[str, _Tally] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._all = _Tally(FREE_IN_ALL, FORGIVEN_IN_ALL_S, monotonic())

    def begin(self, client: str) -> float:
        """The pause (s) before the client's token is looked at; until then it counts as wrong, so that many at once gain nothing."""
        now = self._monotonic()
        own = self._clients.setdefault(client, _Tally(FREE, FORGIVEN_S, now))
        self._clients.move_to_end(client)
        if len(self._clients) > REMEMBERED:
            self._clients.popitem(last=False)
        pause = own.pause_s(now) if client in self._known else max(own.pause_s(now), self._all.pause_s(now))
        own.add(1, now)
        self._all.add(1, now)
        return pause

    def right(self, client: str) -> None:
        """Take note that the token was right: it no longer counts as wrong, and the client no longer waits for wrong tokens of others."""
        now = self._monotonic()
        if client in self._clients:
            self._clients[client].add(-1, now)
        self._all.add(-1, now)
        self._known[client] = None
        self._known.move_to_end(client)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
