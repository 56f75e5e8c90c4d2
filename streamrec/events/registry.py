"""Writer schemas by the id that Confluent's frame carries: from a schema registry over HTTP, or a folder of `ID.avsc` files.

Nobody who applies events waits for a registry: a thread asks, and the records wait whose schema is asked for.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import fastavro
import structlog
from fastavro.schema import SchemaParseException, UnknownType

from streamrec.errors import BadEvent
from streamrec.events.avro import undated
from streamrec.settings import Settings
from streamrec.system.addresses import host_of, is_loopback

log = structlog.get_logger(__name__)

TRY_S = 5.0
LEAST_PAUSE_S, MOST_PAUSE_S = 0.5, 10.0
"""Between two tries of a registry that does not answer; each is twice as long as the one before."""
UNKNOWN_S = 60.0
UNKNOWN_IDS = 1024
AWAITED_IDS = 256
"""Most ids that are asked for at a time. A deployment has a few dozen schemas; garbage that looks like a frame has four billion ids."""
ANSWER_BYTES = 4 << 20
"""Longest answer that is read."""


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
        """Whether it is known by now what the id means, be it nothing."""


class RegistryAway(Exception):
    """The registry did not answer, or not as a registry does."""


class SchemaRegistry:
    """Remembers every schema for good, since an id never changes its meaning, and for a minute that there is none.

    A thread of its own asks for what is not known, one id after the other; one that gets no answer goes behind the others.
    """

    def __init__(self, fetch: Callable[[int], Any], monotonic: Callable[[], float] = time.monotonic) -> None:
        """`fetch` gives the Avro schema of an id as JSON has it; it raises BadEvent (`unknown_schema`) or RegistryAway."""
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
            # Once more: between that look and this lock the answer may have come.
            known = self._known.get(schema_id)
            if known is not None:
                return known
            until, reason = self._unknown.get(schema_id, (0.0, None))
            if reason is not None and self._monotonic() < until:
                raise reason.bare()
            if schema_id not in self._awaited:
                if len(self._awaited) >= AWAITED_IDS:
                    raise _unknown(schema_id, f"{AWAITED_IDS} others are being asked for")
                self._awaited.append(schema_id)
                self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._ask, name="schema-registry", daemon=True)
                self._thread.start()
        raise SchemaAwaited(schema_id)

    def settled(self, schema_id: int) -> bool:
        """Whether it is known by now what the id means, be it nothing."""
        with self._changed:
            return schema_id not in self._awaited

    def wait(self, timeout_s: float) -> bool:
        """Wait until nothing is asked for any more; whether that came in time."""
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
        return SchemaRegistry(_Folder(Path(place)))
    auth = settings.schema_registry_auth
    return SchemaRegistry(Http(place, auth.get_secret_value() if auth else None, settings.ssl_cafile))


class _Folder:
    """Reads `ID.avsc` of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, schema_id: int) -> Any:
        path = self._folder / f"{schema_id}.avsc"
        # Before the file, too: a folder that is mounted between the two looks may hold it.
        if not self._folder.is_dir():
            raise self._away()
        try:
            return json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            if self._folder.is_dir():
                raise _unknown(schema_id, f"there is no {path}") from None
            raise self._away() from None
        except OSError as exc:
            raise RegistryAway(f"{path} cannot be read ({exc.strerror}); mend that") from exc
        except (ValueError, RecursionError) as exc:
            raise _unknown(schema_id, f"{path} is no JSON") from exc

    def _away(self) -> RegistryAway:
        return RegistryAway(f"{self._folder}, which schema_registry names, is no folder; correct it")


class Http:
    """Asks a registry with Confluent's interface (`GET /schemas/ids/ID`)."""

    def __init__(self, url: str, auth: str | None = None, cafile: Path | None = None) -> None:
        """`auth` is "user:password"."""
        self._url = url.rstrip("/")
        self._headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if auth:
            self._headers["Authorization"] = f"Basic {base64.b64encode(auth.encode()).decode()}"
        self._open = _opener(self._url, ssl.create_default_context(cafile=cafile) if url.startswith("https://") else None)

    def __call__(self, schema_id: int) -> Any:
        url = f"{self._url}/schemas/ids/{schema_id}"
        request = urllib.request.Request(url, headers=self._headers)  # noqa: S310 - http or https, see `registry`
        try:
            with self._open(request, timeout=TRY_S) as answer:
                found = json.loads(answer.read(ANSWER_BYTES))
        except urllib.error.HTTPError as exc:
            exc.close()
            if exc.code == HTTPStatus.NOT_FOUND:
                raise _unknown(schema_id, "the registry does not know it") from None
            hint = "; check schema_registry_auth" if exc.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) else ""
            raise RegistryAway(f"{url} answers {exc.code} ({exc.reason}){hint}") from exc
        # An answer that breaks off, is no HTTP or no JSON comes from something between us and the registry, or a registry that ends.
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as exc:
            raise RegistryAway(f"{url} cannot be asked ({type(exc).__name__}: {exc}); check schema_registry") from exc
        if not isinstance(found, dict) or not isinstance(found.get("schema"), str):
            raise RegistryAway(f"{url} does not answer as a schema registry does; check schema_registry")
        kind = found.get("schemaType", "AVRO")
        if kind != "AVRO":
            raise _unknown(schema_id, f"it is of type {str(kind)[:40]}")
        if found.get("references"):
            raise _unknown(schema_id, "it refers to other schemas")
        try:
            return json.loads(found["schema"])
        except (ValueError, RecursionError) as exc:
            raise _unknown(schema_id, "it is no JSON") from exc


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: the password would go along, to whatever host it names."""

    def redirect_request(self, *asked: Any, **more: Any) -> None:
        """Called by urllib; without a request, the redirection is an answer like others."""


def _opener(url: str, tls: ssl.SSLContext | None) -> Callable[..., Any]:
    handlers: list[Any] = [_Straight(), urllib.request.HTTPSHandler(context=tls)]
    # Elsewhere `http_proxy`, `https_proxy` and `no_proxy` hold; a proxy cannot reach this machine's own address.
    if is_loopback(host_of(urllib.request.Request(url).host or "") or ""):  # noqa: S310 - http or https, see `registry`
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers).open


def usable(schema_id: int, schema: Any) -> Any:
    """The schema parsed, with times in milliseconds left as numbers.

    Raises:
        BadEvent: it is not Avro, or has a type within itself: nested deep enough, such data would end the process.
    """
    try:
        if _holds_itself(schema, frozenset()):
            raise _unknown(schema_id, "it has a type that holds itself")
        return fastavro.parse_schema(undated(schema))
    except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError, RecursionError) as exc:
        raise _unknown(schema_id, f"it is no Avro schema ({type(exc).__name__})") from exc


def _holds_itself(schema: Any, around: frozenset[str]) -> bool:
    if isinstance(schema, str):
        return schema.rpartition(".")[2] in around
    if isinstance(schema, Mapping):
        if schema.get("type") in ("record", "error"):
            inside = around | {str(schema["name"]).rpartition(".")[2]}
            return any(_holds_itself(field["type"], inside) for field in schema["fields"])
        return any(_holds_itself(schema[key], around) for key in ("type", "items", "values") if key in schema)
    return isinstance(schema, Sequence) and any(_holds_itself(part, around) for part in schema)


def _unknown(schema_id: int, why: str) -> BadEvent:
    return BadEvent("unknown_schema", f"the schema {schema_id} cannot be used: {why}; register it, or send JSON")
