"""Writer schemas by the id that Confluent's frame carries.

Nothing that applies events waits for a registry: a thread asks it, and only the records wait whose schema is being asked for.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import fastavro
import structlog
from fastavro.schema import SchemaParseException, UnknownType

from streamrec.errors import BadEvent
from streamrec.events.avro import undated
from streamrec.events.schema_sources import Folder, Http, RegistryAway, unusable
from streamrec.settings import Settings

log = structlog.get_logger(__name__)

LEAST_PAUSE_S, MOST_PAUSE_S = 0.5, 10.0
"""Pause between two tries of a registry that does not answer; each is twice as long as the one before."""
# A producer may send before it has registered its schema: after a minute the id is asked for again, and its dead letters can be redriven.
UNKNOWN_S = 60.0
# Beyond that all are forgotten, at the cost of asking again: garbage that looks like a frame must not fill the memory.
UNKNOWN_IDS = 1024
AWAITED_IDS = 256
"""Most ids that are asked for at a time. Deployments have a few dozen schemas; garbage that looks like a frame has four billion ids."""


class SchemaAwaited(Exception):
    """The schema of an id is being asked for."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"the schema {schema_id} is being asked for")
        self.schema_id = schema_id


class WriterSchemas(Protocol):
    """Where the Avro schema of an id comes from."""

    def avro(self, schema_id: int) -> Any:
        """The parsed schema, ready for `fastavro.schemaless_reader`.

        Raises:
            BadEvent: `unknown_schema`.
            SchemaAwaited: it is not known yet; ask again later.
        """

    def settled(self, schema_id: int) -> bool:
        """Whether the id is no longer being asked for: its schema is known, or known not to exist."""


class SchemaRegistry:
    """Remembers every schema for good, since an id never changes its meaning, and for a minute that an id has none.

    A thread asks for unknown ids one after the other; an id without an answer goes behind the others.
    """

    def __init__(self, fetch: Callable[[int], Any], monotonic: Callable[[], float] = time.monotonic) -> None:
        """`fetch` gives the Avro schema of an id as decoded JSON; it raises BadEvent (`unknown_schema`) or RegistryAway."""
        self._fetch = fetch
        self._monotonic = monotonic
        self._known: dict[int, Any] = {}
        self._unknown: dict[int, tuple[float, BadEvent]] = {}
        self._awaited: deque[int] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def avro(self, schema_id: int) -> Any:
        """See `WriterSchemas`; returns or raises at once."""
        known = self._known.get(schema_id)
        if known is not None:
            return known
        with self._changed:
            # Looked up again: the answer may have come before this lock was taken.
            known = self._known.get(schema_id)
            if known is not None:
                return known
            until, reason = self._unknown.get(schema_id, (0.0, None))
            if reason is not None and self._monotonic() < until:
                raise reason.bare()
            if schema_id not in self._awaited:
                if len(self._awaited) >= AWAITED_IDS:
                    raise unusable(schema_id, f"{AWAITED_IDS} others are being asked for")
                self._awaited.append(schema_id)
                self._changed.notify_all()
            if self._thread is None:
                # A daemon: a registry that does not answer must not keep the process from ending.
                self._thread = threading.Thread(target=self._ask, name="schema-registry", daemon=True)
                self._thread.start()
        raise SchemaAwaited(schema_id)

    def settled(self, schema_id: int) -> bool:
        """See `WriterSchemas`."""
        with self._changed:
            return schema_id not in self._awaited

    def wait(self, timeout_s: float) -> bool:
        """Wait until nothing is asked for any more; returns whether that came within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._awaited, timeout_s)

    def _ask(self) -> None:
        pause_s = LEAST_PAUSE_S
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._awaited))
                schema_id = self._awaited[0]
            try:
                self._take(schema_id)
            except RegistryAway as away:
                log.warning("waiting for the schema registry", schema=schema_id, problem=str(away), again_in_s=pause_s)
                with self._changed:
                    # Behind the others: one id that the registry chokes on holds up no other.
                    self._awaited.rotate(-1)
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, MOST_PAUSE_S)
                continue
            pause_s = LEAST_PAUSE_S
            with self._changed:
                self._awaited.remove(schema_id)
                self._changed.notify_all()

    def _take(self, schema_id: int) -> None:
        try:
            self._known[schema_id] = usable(schema_id, self._fetch(schema_id))
            self._unknown.pop(schema_id, None)
        except BadEvent as bad:
            if len(self._unknown) >= UNKNOWN_IDS:
                self._unknown.clear()
            self._unknown[schema_id] = self._monotonic() + UNKNOWN_S, bad.bare()


def registry(settings: Settings) -> SchemaRegistry | None:
    """The registry that the settings name, or None."""
    place = settings.schema_registry
    if place is None:
        return None
    if not place.startswith(("http://", "https://")):
        return SchemaRegistry(Folder(Path(place)))
    auth = settings.schema_registry_auth
    return SchemaRegistry(Http(place, auth.get_secret_value() if auth else None, settings.ssl_cafile))


def usable(schema_id: int, schema: Any) -> Any:
    """The schema parsed, with times in milliseconds left as numbers.

    Raises:
        BadEvent: it is not Avro, or has a type within itself: nested deep enough, such data would end the process.
    """
    try:
        if _holds_itself(schema, frozenset()):
            raise unusable(schema_id, "it has a type that holds itself")
        return fastavro.parse_schema(undated(schema))
    except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError, RecursionError) as exc:
        raise unusable(schema_id, f"it is no Avro schema ({type(exc).__name__})") from exc


def _holds_itself(schema: Any, around: frozenset[str]) -> bool:
    if isinstance(schema, str):
        return schema.rpartition(".")[2] in around
    if isinstance(schema, Mapping):
        if schema.get("type") in ("record", "error"):
            inside = around | {str(schema["name"]).rpartition(".")[2]}
            return any(_holds_itself(field["type"], inside) for field in schema["fields"])
        return any(_holds_itself(schema[key], around) for key in ("type", "items", "values") if key in schema)
    return isinstance(schema, Sequence) and any(_holds_itself(part, around) for part in schema)
