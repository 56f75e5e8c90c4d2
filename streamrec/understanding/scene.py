"""What surrounds a comment: the shelf of its room, what is and was on air, the host's last words, and what the viewer meant before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamrec.understanding.names import Names


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
