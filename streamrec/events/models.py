"""What the topic `models` holds: the model that the workers are to serve, and those that were served before it."""

from __future__ import annotations

import msgspec

from streamrec.errors import BadEvent
from streamrec.events.codec import decode_internal

SLOT = b"text"
"""The key: the place that the model takes in the ranking."""
REVISION = 12
KEPT = 8
"""Earlier models that a record remembers."""


class ServedModel(msgspec.Struct, frozen=True):
    """A model folder: `path` is where the workers find it, `digest` that of its digests.json, which stands for every byte of it."""

    name: str
    digest: str
    path: str
    published_ts: int

    @property
    def revision(self) -> str:
        """The start of the digest, as lists name it."""
        return self.digest[:REVISION]


class PublishedModel(ServedModel, frozen=True):
    """A record of the topic; `before` are the models to go back to, the latest first."""

    before: tuple[ServedModel, ...] = ()


_decoder = msgspec.json.Decoder(PublishedModel)


def encode_model(model: PublishedModel) -> bytes:
    """The value of the record."""
    return msgspec.json.encode(model)


def decode_model(value: bytes) -> PublishedModel:
    """The reverse.

    Raises:
        BadEvent: the value is no published model.
    """
    try:
        return decode_internal(_decoder.decode, value)
    except BadEvent as error:
        raise BadEvent(error.reason, f"no published model: {error}") from error


def published(new: ServedModel, now: PublishedModel | None) -> PublishedModel:
    """The record that makes `new` the model to serve where `now` is."""
    before = () if now is None else (_served(now), *now.before)[:KEPT]
    return PublishedModel(new.name, new.digest, new.path, new.published_ts, before)


def rolled_back(now: PublishedModel) -> PublishedModel | None:
    """The record that brings the model before `now` back; None when there is none and the workers go back to their own setting."""
    if not now.before:
        return None
    former, *older = now.before
    return PublishedModel(former.name, former.digest, former.path, former.published_ts, tuple(older))


def _served(model: PublishedModel) -> ServedModel:
    return ServedModel(model.name, model.digest, model.path, model.published_ts)
