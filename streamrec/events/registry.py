"""Writer schemas by the id that Confluent's frame carries: from a schema registry over HTTP, or a folder of `ID.avsc` files."""

from __future__ import annotations

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import fastavro
import structlog
from fastavro.schema import SchemaParseException, UnknownType

from streamrec.addresses import host_of, is_loopback
from streamrec.errors import BadEvent, RegistryUnavailable
from streamrec.events.avro import undated
from streamrec.settings import Settings

log = structlog.get_logger(__name__)

TRY_S = 5.0
PAUSE_S = 0.5
UNKNOWN_S = 60.0
UNKNOWN_IDS = 1024
PATIENCE = 0.5
"""Share of `stall_timeout_s` for which a registry that does not answer is asked again."""
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, *(status for status in HTTPStatus if status >= 500)}


class WriterSchemas(Protocol):
    """Where the Avro schema of an id comes from."""

    def avro(self, schema_id: int) -> Any:
        """The parsed schema, ready for `fastavro.schemaless_reader`.

        Raises:
            BadEvent: `unknown_schema`.
            RegistryUnavailable: nobody could be asked.
        """


class SchemaRegistry:
    """Remembers every schema for good, since an id never changes its meaning, and for a minute that there is none."""

    def __init__(self, fetch: Callable[[int], Any], monotonic: Callable[[], float] = time.monotonic) -> None:
        """`fetch` gives the Avro schema of an id as JSON has it; it raises as `avro` does."""
        self._fetch = fetch
        self._monotonic = monotonic
        self._known: dict[int, Any] = {}
        self._unknown: dict[int, tuple[float, BadEvent]] = {}

    def avro(self, schema_id: int) -> Any:
        """See `WriterSchemas`."""
        known = self._known.get(schema_id)
        if known is not None:
            return known
        until, reason = self._unknown.get(schema_id, (0.0, None))
        if reason is not None and self._monotonic() < until:
            raise reason
        try:
            found = self._known[schema_id] = usable(schema_id, self._fetch(schema_id))
        except BadEvent as bad:
            if len(self._unknown) >= UNKNOWN_IDS:
                self._unknown.clear()
            self._unknown[schema_id] = self._monotonic() + UNKNOWN_S, bad.with_traceback(None)
            raise
        self._unknown.pop(schema_id, None)
        return found


def registry(settings: Settings) -> SchemaRegistry | None:
    """The registry that the settings name, or None."""
    place = settings.schema_registry
    if place is None:
        return None
    if not place.startswith(("http://", "https://")):
        return SchemaRegistry(_Folder(Path(place)))
    auth = settings.schema_registry_auth
    return SchemaRegistry(
        Http(place, auth.get_secret_value() if auth else None, settings.ssl_cafile, PATIENCE * settings.stall_timeout_s)
    )


class _Folder:
    """Reads `ID.avsc` of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, schema_id: int) -> Any:
        path = self._folder / f"{schema_id}.avsc"
        try:
            return json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            if self._folder.is_dir():
                raise _unknown(schema_id, f"there is no {path}") from None
            raise RegistryUnavailable(f"{self._folder}, which schema_registry names, is no folder; correct it") from None
        except OSError as exc:
            raise RegistryUnavailable(f"{path} cannot be read ({exc.strerror}); mend that; nothing is lost") from exc
        except ValueError as exc:
            raise _unknown(schema_id, f"{path} is no JSON") from exc


class Http:
    """Asks a registry with Confluent's interface (`GET /schemas/ids/ID`), again and again while it does not answer."""

    def __init__(self, url: str, auth: str | None = None, cafile: Path | None = None, patience_s: float = 20.0) -> None:
        """`auth` is "user:password"."""
        self._url = url.rstrip("/")
        self._patience_s = patience_s
        self._headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if auth:
            self._headers["Authorization"] = f"Basic {base64.b64encode(auth.encode()).decode()}"
        self._open = _opener(self._url, ssl.create_default_context(cafile=cafile) if url.startswith("https://") else None)

    def __call__(self, schema_id: int) -> Any:
        url = f"{self._url}/schemas/ids/{schema_id}"
        deadline = time.monotonic() + self._patience_s
        while True:
            problem = ""
            try:
                return self._get(url, schema_id)
            except urllib.error.HTTPError as exc:
                exc.close()
                if exc.code == HTTPStatus.NOT_FOUND:
                    raise _unknown(schema_id, "the registry does not know it") from None
                problem = f"answers {exc.code} ({exc.reason})"
                if exc.code not in PASSING:
                    deadline = 0.0
            except (OSError, ValueError) as exc:
                problem = f"cannot be asked ({exc})"
            if time.monotonic() >= deadline:
                raise RegistryUnavailable(
                    f"the schema registry {problem} for {url}: see that it runs, and check schema_registry and schema_registry_auth; "
                    "nothing is lost, the event is read again"
                )
            log.warning("waiting for the schema registry", url=url, problem=problem)
            time.sleep(PAUSE_S)

    def _get(self, url: str, schema_id: int) -> Any:
        request = urllib.request.Request(url, headers=self._headers)  # noqa: S310 - http or https, see `registry`
        with self._open(request, timeout=TRY_S) as answer:
            found = json.load(answer)
        kind = found.get("schemaType", "AVRO")
        if kind != "AVRO":
            raise _unknown(schema_id, f"it is of type {kind}")
        if found.get("references"):
            raise _unknown(schema_id, "it refers to other schemas")
        try:
            return json.loads(found["schema"])
        except (KeyError, ValueError) as exc:
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
