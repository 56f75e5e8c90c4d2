"""Code of a library that we count on beyond what the library promises, and whether it is still the code that we have read."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any, NamedTuple

AIOKAFKA, KAFKA_PYTHON = ("aiokafka", "0.14.0"), ("kafka-python", "3.0.12")
"""The versions whose code was read. A newer one may well do; the test of this module says what to read again before it is named here."""


class Pinned(NamedTuple):
    """Functions and classes of one version of a library; `digest` is of their source as it was read.

    Compiled code has no source: there the version alone stands for it.
    """

    library: tuple[str, str]
    code: Sequence[Any]
    digest: str

    @property
    def installed(self) -> tuple[str, str]:
        """The library and its version as they are installed here."""
        return self.library[0], version(self.library[0])

    def names(self) -> str:
        """The code, for messages."""
        return ", ".join(f"{part.__module__}.{getattr(part, '__qualname__', part.__name__)}" for part in self.code)


def digest(code: Sequence[Any]) -> str:
    """Of the source of functions, classes or modules."""
    return sha256("".join(map(inspect.getsource, code)).encode()).hexdigest()[:16]
