"""An index over the items of a shelf: which of them a comment names, and where."""

from __future__ import annotations

from collections.abc import Sequence

from streamrec.events.types import Item


class Names:
    """The items of a shelf in its order; None stands for an item that is not known."""

    def __init__(self, items: Sequence[Item | None]) -> None:
        self.ids = [item.item_id if item is not None else None for item in items]
