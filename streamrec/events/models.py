"""The records of the topic `models`: the model that the workers serve, and the models before it."""

from __future__ import annotations

import msgspec

from streamrec.errors import BadEvent
from streamrec.events.codec import decode_internal

SLOT = b"text"
"""The key of the record: the part of the ranking that the model plays."""
# Twelve hexadecimal digits tell 2^48 models apart, and fit into a line of a log.
REVISION = 12
KEPT = 8
"""Earlier models that a record remembers, to roll back to."""


class ServedModel(msgspec.Struct, frozen=True):
    """A model folder. Workers find it at `path`; `digest` is that of its digests.json, and so stands for every byte of the folder."""

    name: str
    digest: str
    path: str
    published_ts: int

    @property
    def revision(self) -> str:
        """The start of the digest, as lists name it."""
        return self.digest[:REVISION]


class PublishedModel(ServedModel, frozen=True):
    """A record of the topic; `before` are the models to roll back to, the latest first."""

    before: tuple[ServedModel, ...] = ()


_decoder = msgspec.json.Decoder(PublishedModel)


def encode_model(model: PublishedModel) -> bytes:
    """The value of the record."""
    return msgspec.json.encode(model)


def decode_model(value: bytes) -> PublishedModel:
    """The published model in a value of the topic.

    Raises:
        BadEvent: the value is no published model.
    """
    try:
        return decode_internal(_decoder.decode, value)
    except BadEvent as error:
        raise BadEvent(error.reason, f"no published model: {error}") from error


def published(new: ServedModel, now: PublishedModel | None) -> PublishedModel:
    """The record that publishes `new` in place of `now`."""
    # The published one goes to the front of those to roll back to.
    before = () if now is None else (_served(now), *now.before)[:KEPT]
    return PublishedModel(new.name, new.digest, new.path, new.published_ts, before)


def rolled_back(now: PublishedModel) -> PublishedModel | None:
    """The record that brings back the model before `now`; None without one, when the workers return to the model of their settings."""
    if not now.before:
        return None
    former, *older = now.before
    return PublishedModel(former.name, former.digest, former.path, former.published_ts, tuple(older))


def _served(model: PublishedModel) -> ServedModel:
    return ServedModel(model.name, model.digest, model.path, model.published_ts)
