"""What the moment says for an item: the room, what the user wrote, and what they saw."""

from __future__ import annotations

import math

import numpy as np

from streamrec.ranking.features.about import asked_about_it, on_air, on_shelf, wants_it, wrote_about_it
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value, as_is
from streamrec.state.user import SHOWN_HALF_LIFE
from streamrec.system.compiled import jit
from streamrec.system.maths import exp

WEARINESS = np.float32(0.5)
"""Per look: after three looks within two hours an item is worn to 0.78 of what it can be."""
PER_SHOW = np.float32(-math.log(2) / SHOWN_HALF_LIFE)


@jit
def mention(named: Value) -> Value:
    """1 for what the user wrote of just now; saying it twice means no more."""
    return min(named, 1.0)


@jit
def fresh(now: Value, at: Value) -> Value:
    """0.5 for each 2 hours since; 0 where it never was."""
    return exp(np.float32(max(now - at, 0)) * PER_SHOW) if at > 0 else np.float32(0)


@jit
def fatigue(shown: Value) -> Value:
    """1 - exp(-0.5 looks)."""
    return np.float32(1) - exp(-WEARINESS * np.float32(shown))


# Weights are set by hand: no file of purchases has rooms, comments or impressions to learn them from. A mention counts most: a viewer
# who asks about an item is to see it first, whatever else speaks against it, and before it what the viewer said to want. Fatigue takes
# from an item that was scrolled past three times what that says of it where one look in four at what a viewer likes ends in a click, and 3
# in 100 others do: 3 log(0.97 / 0.75) = 0.77.
FEATURES = (
    Feature(
        name="shelf",
        scope="live",
        unit="1 on the shelf of the user's room",
        reads=("on_shelf",),
        formula=as_is,
        weight=2.0,
        reason="in_this_room",
        fact=on_shelf,
    ),
    Feature(
        name="on_air",
        scope="live",
        unit="1 while the host of the user's room shows it",
        reads=("on_air",),
        formula=as_is,
        weight=1.5,
        reason="on_air",
        fact=on_air,
    ),
    Feature(
        name="mention",
        scope="live",
        unit="times that the user wrote of it, half-life 2 hours, at most 1",
        reads=("named",),
        formula=mention,
        weight=8.0,
        family="said",
        reason="you_mentioned",
        fact=wrote_about_it,
    ),
    Feature(
        name="fatigue",
        scope="live",
        unit="1 - exp(-0.5 looks), half-life 2 hours",
        reads=("shown",),
        formula=fatigue,
        weight=-1.0,
        since=3,
    ),
    Feature(
        name="wanted_by_viewer",
        scope="live",
        unit="times that the user wrote to want it, half-life 2 hours, at most 1",
        reads=("wanted",),
        formula=mention,
        weight=4.0,
        since=4,
        family="said",
        reason="you_want_it",
        fact=wants_it,
    ),
    Feature(
        name="asked_about",
        scope="live",
        unit="1 when the user asks about it, halved every 2 hours",
        reads=("now", "asked_at"),
        formula=fresh,
        weight=2.0,
        since=4,
        family="said",
        reason="you_asked",
        fact=asked_about_it,
    ),
)
