"""What the topic blend-weights holds, and putting an earlier version back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog

from streamrec.contract.records import place
from streamrec.errors import BadEvent, InputError
from streamrec.events.codec import decode_internal, key_text
from streamrec.kafka import topics
from streamrec.kafka.producers import send
from streamrec.learning.examples import decode_example
from streamrec.learning.inputs import Inputs
from streamrec.learning.trainer import delta_of, number_of
from streamrec.learning.weights import STATE, LearnerState, Weights, decode_state, decode_weights, encode_record
from streamrec.ranking.features.schema import SCHEMA
from streamrec.settings import Settings
from streamrec.system.clock import now_ms

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Learned:
    """One base blend: the weights that are served on top of it, and where its learner stands."""

    base: str
    weights: Weights | None = None
    state: LearnerState | None = None


def survey(settings: Settings) -> list[Learned]:
    """Everything in the topic blend-weights, by base.

    Raises:
        BrokerUnavailable: no broker answers.
    """
    bases: dict[str, Learned] = {}
    for record in _whole(settings, "blend-weights"):
        _note(bases, record)
    return sorted(bases.values(), key=lambda learned: learned.base)


def restore(settings: Settings, base: str | None, *, to_base: bool) -> Weights:
    """Publish the version before the present one (or the base itself) as a new version; returns it.

    Raises:
        InputError: no such base, several to choose from, or nothing to go back to.
    """
    made = restored(survey(settings), base, to_base=to_base)
    send(settings, "blend-weights", made.base.encode(), encode_record(made))
    return made


def restored(bases: Sequence[Learned], base: str | None, *, to_base: bool) -> Weights:
    """What `restore` publishes, given what is there."""
    named = [learned for learned in bases if base in (None, learned.base) and learned.weights is not None]
    if not named:
        raise InputError("nothing was published for that base; `streamrec learn status` tells what was")
    if len(named) > 1:
        raise InputError(f"name one with --base: {', '.join(learned.base for learned in named)}")
    present, state = named[0].weights, named[0].state
    assert present is not None
    below = number_of(present.restores or present.version)
    earlier = [served for served in (state.earlier if state else []) if number_of(served.version) < below]
    version, theta = (present.base, []) if to_base or not earlier else (earlier[-1].version, earlier[-1].theta)
    if not present.delta and version == present.base:
        raise InputError(f"{present.version} serves the base alone already: there is nothing to go back to")
    number = max(number_of(present.version), state.number if state else 0) + 1
    delta = delta_of(np.array(theta))
    return Weights(f"{present.base}+{number}", present.base, SCHEMA, delta, now_ms(), "operator", version)


def examples(settings: Settings) -> list[bytes]:
    """The last example of each list that the topic training-examples holds, as it stands there; what is none is passed over.

    Raises:
        BrokerUnavailable: no broker answers.
    """
    last: dict[str, bytes] = {}
    for record in _whole(settings, "training-examples"):
        try:
            last[decode_example(record.value).list_id] = record.value
        except BadEvent as error:
            _pass_over(record, error)
    return list(last.values())


def _whole(settings: Settings, name: str) -> list[Any]:
    """The committed records of a topic; none where there is no such topic."""
    there = any(report.name == name and report.state == "ok" for report in topics.describe(settings))
    return asyncio.run(_read(settings, name)) if there else []


async def _read(settings: Settings, name: str) -> list[Any]:
    inputs = Inputs(settings, [name], whole=True)
    everything: list[Any] = []
    try:
        await inputs.open()
        while not await inputs.caught_up():
            for records in (await inputs.poll()).values():
                everything += records
    finally:
        await inputs.close()
    return everything


def _note(bases: dict[str, Learned], record: Any) -> None:
    try:
        base = key_text(record.key)
        state = base.startswith(STATE)
        learned = bases.setdefault(base.removeprefix(STATE), Learned(base.removeprefix(STATE)))
        if state:
            learned.state = decode_internal(decode_state, record.value) if record.value is not None else None
        else:
            learned.weights = decode_internal(decode_weights, record.value) if record.value is not None else None
    except BadEvent as error:
        _pass_over(record, error)


def _pass_over(record: Any, error: Exception) -> None:
    log.warning("a record cannot be used and is passed over", **place(record), reason=str(error))
