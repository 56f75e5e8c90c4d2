"""What the pure side gives to the worker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streamrec.contract.backlog import Backlog
from streamrec.contract.processor import Memory, Processor
from streamrec.contract.records import Inbound, Rows
from streamrec.errors import BadEvent

Apply = Callable[[str, Sequence[Inbound]], None]
"""Takes the full name of a topic and some of its records in partition order, tombstones among them; called on the core thread."""

Names = tuple[dict[str, str], dict[str, str]]
"""Titles of items and of rooms by their ids."""


def _nothing() -> None:
    pass


def _unnamed(items: Collection[str], rooms: Collection[str]) -> Names:
    return {}, {}


def _unknown(rows: Rows[Any], user_id: str) -> dict[str, Any]:
    return {"user_id": user_id, "row": None, "erased": None}


def _none_removed(rows: Rows[Any], user_id: str) -> dict[str, list[str]]:
    return {}


def _not_rejected(record: Inbound, error: BadEvent) -> None:
    raise error


def _unheard(moment: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class WorkerPieces:
    """The processors of both state families, and who takes the broadcast topics.

    `broadcast` maps the full names of topics to the functions that apply their records, and `reject` is told of a record on which
    such a function raises. `warm` runs once on the core thread after they have caught up and before the first event, and `between`
    some times a second between two batches. `polled` hears up to which monotonic time the broadcast topics are known (on the event
    loop: store it and return).
    On the core thread, `names` tells the titles of items and rooms, `known` what the rows of users hold of one, and `removed`
    which candidates the filters keep out of the lists of one, by filter. The metrics ask `info` for the labels of
    `streamrec_model_info`, `pairs`, `swaps`, `weights` and `dropped` for what to count, `held` for how much the catalogue holds, `awaiting`
    for how many of its records wait for their schemas, and `backlog` for what waits in a partition (its memory, the time in ms).
    """

    user: Processor[Any]
    item: Processor[Any]
    broadcast: Mapping[str, Apply] = field(default_factory=dict)
    reject: Callable[[Inbound, BadEvent], None] = _not_rejected
    warm: Callable[[], None] = _nothing
    polled: Callable[[float], None] = _unheard
    names: Callable[[Collection[str], Collection[str]], Names] = _unnamed
    known: Callable[[Rows[Any], str], dict[str, Any]] = _unknown
    removed: Callable[[Rows[Any], str], dict[str, list[str]]] = _none_removed
    between: Callable[[], None] = _nothing
    info: Callable[[], Mapping[str, str]] = dict
    pairs: Callable[[], Mapping[str, int]] = dict
    swaps: Callable[[], Mapping[str, int]] = dict
    weights: Callable[[], Mapping[str, int]] = dict
    awaiting: Callable[[], int] = int
    backlog: Callable[[Memory, int], Backlog] = lambda memory, now_ms: Backlog()
    dropped: Callable[[], Mapping[str, int]] = dict
    held: Callable[[], Mapping[str, int]] = dict
