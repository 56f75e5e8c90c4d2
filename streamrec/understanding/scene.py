"""What surrounds a comment: the shelf of its room, what is and was on air, the host's last words, and what the viewer meant before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamrec.understanding.names import Names


def shown_before(shown: Sequence[str], before: str | None, now: str | None, most: int) -> list[str]:
    """The items on air before, newest first and at most `most`, once `now` has come in place of `before` (None: nothing was on air)."""
    if before is None:
        return list(shown)
    return [before, *(item_id for item_id in shown if item_id not in (before, now))][:most]


@dataclass(slots=True)
class Scene:
    """The surroundings of a comment. What is not known is empty."""

    names: Names | None = None
    """The items of the shelf, in its order."""
    on_air: str | None = None
    shown: Sequence[str] = ()
    """The items on air before, newest first."""
    said: str = ""
    """What the host said in the last half minute."""
    last: Sequence[str] = ()
    """The items that this viewer meant before, newest first."""
