"""Asks a running worker over HTTP what it knows of a user."""

from __future__ import annotations

import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from streamrec.errors import WorkerUnreachable

TIMEOUT_S = 10.0


def url_of(folder: Path) -> str | None:
    """Where the worker of a data folder serves, or served last."""
    try:
        found = msgspec.json.decode((folder / "web.json").read_bytes())
    except FileNotFoundError:
        return None
    host = f"[{found['host']}]" if ":" in found["host"] else found["host"]
    return f"http://{host}:{found['port']}"


def ask_state(url: str, user_id: str, token: str | None) -> dict[str, Any]:
    """The answer of `/state/USER`, that nothing is known among them.

    Raises:
        WorkerUnreachable: nobody answers there, or the token is wrong.
    """
    place = f"{url.rstrip('/')}/state/{quote(user_id, safe='')}"
    if not place.startswith(("http://", "https://")):
        raise WorkerUnreachable(f"{url} is no address of a worker; give one such as http://127.0.0.1:6066")
    request = urllib.request.Request(place, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310 - http, see above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            body = answer.read()
    except urllib.error.HTTPError as exc:
        with exc:
            body = exc.read()
        if exc.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise WorkerUnreachable(f"{url} wants the worker's token: set STREAMREC_WEB_TOKEN, there and here") from None
        if exc.code != HTTPStatus.NOT_FOUND:
            raise WorkerUnreachable(f"{url} answers {exc.code} ({exc.reason}); see the worker's log") from None
    except OSError as exc:
        raise WorkerUnreachable(f"no worker answers at {url} ({exc}); name its address with --url") from exc
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        found["row"], found["here"]
    except (msgspec.MsgspecError, KeyError) as exc:
        raise WorkerUnreachable(f"what answers at {url} is no worker of this version") from exc
    return found
