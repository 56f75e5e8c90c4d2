"""Where schemas are asked for: a folder of `ID.avsc` files, or a schema registry over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from streamrec.errors import BadEvent
from streamrec.system.addresses import host_of, is_loopback

TRY_S = 5.0
"""How long one request may take. Only the thread that asks waits for it, so that a slow registry holds up no event with a known schema."""
ANSWER_BYTES = 4 << 20
"""Longest answer that is read: a schema of more would be no schema, and what others send is never read without a bound."""


class RegistryAway(Exception):
    """The registry did not answer, or not as a registry does."""


def unusable(schema_id: int, why: str) -> BadEvent:
    """What to raise for an id whose schema does not exist or cannot be used."""
    return BadEvent("unknown_schema", f"the schema {schema_id} cannot be used: {why}; register it, or send JSON")


class Folder:
    """Reads the files `ID.avsc` of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, schema_id: int) -> Any:
        path = self._folder / f"{schema_id}.avsc"
        # Asked before the file and after it: a folder that is mounted in between would be taken for one without the file.
        if not self._folder.is_dir():
            raise self._away()
        try:
            return json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            # Still there: the file is missing. Otherwise the folder has gone, and condemns no event.
            if self._folder.is_dir():
                raise unusable(schema_id, f"there is no {path}") from None
            raise self._away() from None
        except OSError as exc:
            raise RegistryAway(f"{path} cannot be read ({exc.strerror}); mend that") from exc
        except (ValueError, RecursionError) as exc:
            raise unusable(schema_id, f"{path} is no JSON") from exc

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
                reply = json.loads(answer.read(ANSWER_BYTES))
        except urllib.error.HTTPError as exc:
            exc.close()
            if exc.code == HTTPStatus.NOT_FOUND:
                raise unusable(schema_id, "the registry does not know it") from None
            hint = "; check schema_registry_auth" if exc.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) else ""
            raise RegistryAway(f"{url} answers {exc.code} ({exc.reason}){hint}") from exc
        # An answer that breaks off, is no HTTP or no JSON comes from something between us and the registry, or a registry that ends.
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as exc:
            raise RegistryAway(f"{url} cannot be asked ({type(exc).__name__}: {exc}); check schema_registry") from exc
        if not isinstance(reply, dict) or not isinstance(reply.get("schema"), str):
            raise RegistryAway(f"{url} does not answer as a schema registry does; check schema_registry")
        kind = reply.get("schemaType", "AVRO")
        if kind != "AVRO":
            raise unusable(schema_id, f"it is of type {str(kind)[:40]}")
        if reply.get("references"):
            raise unusable(schema_id, "it refers to other schemas")
        try:
            return json.loads(reply["schema"])
        except (ValueError, RecursionError) as exc:
            raise unusable(schema_id, "it is no JSON") from exc


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
