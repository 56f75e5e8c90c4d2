"""What the pure side gives to the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streamrec.events.records import Inbound
from streamrec.processors.base import Processor

Apply = Callable[[str, Sequence[Inbound]], None]
"""Takes the full name of a topic and some of its records in partition order, tombstones among them; called on the core thread."""


def _nothing() -> None:
    pass


def _unheard(moment: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class WorkerPieces:
    """The processors of both state families, and who takes the broadcast topics.

    `broadcast` maps the full names of topics to the functions that apply their records, `warm` runs once on the core
    thread after they have caught up and before the first event, `info` are the labels of `streamrec_model_info`, and
    `polled` hears up to which monotonic time the broadcast topics are known (on the event loop: store it and return).
    """

    user: Processor[Any]
    item: Processor[Any]
    broadcast: Mapping[str, Apply] = field(default_factory=dict)
    warm: Callable[[], None] = _nothing
    info: Mapping[str, str] = field(default_factory=dict)
    polled: Callable[[float], None] = _unheard
