"""Asks a running worker over HTTP, without proxies or redirections: the token must not go anywhere else."""

from __future__ import annotations

import contextlib
import http.client
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

from streamrec.errors import WorkerUnreachable
from streamrec.system.addresses import http_url

TIMEOUT_S = 10.0
"""Longer than the longest pause that wrong tokens earn (`guesses.LONGEST_S`)."""
MOST_BYTES = 64 << 20
"""A row has some kilobytes; whatever else answers at the address must not fill the memory."""
CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class Answer(NamedTuple):
    """What a server says."""

    status: int
    reason: str
    body: bytes


def get(url: str, token: str | None = None, timeout_s: float = TIMEOUT_S) -> Answer:
    """Ask for a page, whatever `http_proxy` says.

    Raises:
        OSError: nobody answers there, or what answers is not HTTP.
        ValueError: it is no URL of a server.
    """
    place = urlsplit(url)
    if place.scheme not in CONNECTIONS or not place.hostname or place.username is not None:
        raise ValueError("no http:// or https:// address, or one with a password in it")
    target = (place.path or "/") + (f"?{place.query}" if place.query else "")
    # As bytes: http.client takes text for latin-1.
    headers = {"Authorization": f"Bearer {token}".encode()} if token else {}
    try:
        with contextlib.closing(CONNECTIONS[place.scheme](place.hostname, place.port, timeout=timeout_s)) as connection:
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.reason, answer.read(MOST_BYTES))
    except http.client.InvalidURL as exc:
        raise ValueError(str(exc)) from exc
    except http.client.HTTPException as exc:
        raise ConnectionError(f"what answers is no HTTP: {type(exc).__name__}") from exc


def url_of(folder: Path) -> str | None:
    """Where the worker of a data folder serves, or served when it last ran."""
    try:
        web = msgspec.json.decode((folder / "web.json").read_bytes())
    except FileNotFoundError:
        return None
    return http_url(web["host"], web["port"])


def ask_state(url: str, user_id: str, token: str | None) -> dict[str, Any]:
    """What `/state/USER` answers, also if nothing is known of the user.

    Raises:
        WorkerUnreachable: nobody answers there, or the token is wrong.
    """
    try:
        answer = get(f"{url.rstrip('/')}/state/{quote(user_id, safe='', errors='surrogateescape')}", token)
    except OSError as exc:
        raise WorkerUnreachable(f"no worker answers at {url} ({exc}); name its address with --url") from exc
    except ValueError as exc:
        raise WorkerUnreachable(f"--url is no address of a worker ({exc}); give one such as http://127.0.0.1:6066") from exc
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise WorkerUnreachable(
            f"{url} wants the worker's token: set STREAMREC_WEB_TOKEN, there and here (without one, a worker answers its own machine only)"
        )
    if answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
        raise WorkerUnreachable(f"{url} answers {answer.status} ({answer.reason}); see the worker's log")
    try:
        state: dict[str, Any] = msgspec.json.decode(answer.body, type=dict[str, Any])
        state["row"], state["here"]
    except (msgspec.MsgspecError, KeyError) as exc:
        raise WorkerUnreachable(f"what answers at {url} is no worker of this version") from exc
    return state
