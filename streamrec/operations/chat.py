"""Asks a language model behind an OpenAI-compatible endpoint, without proxies or redirections: the key must not go anywhere else."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 30.0
MOST_BYTES = 1 << 20
"""A text of some hundred characters has a few kilobytes; whatever else answers must not fill the memory."""
_CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


def chat(endpoint: str, model: str, key: str | None = None, timeout_s: float = TIMEOUT_S) -> Callable[[list[dict[str, str]]], str]:
    """A function that sends messages to `ENDPOINT/chat/completions` and returns the text of the answer.

    The function raises OSError where nobody answers as such an endpoint does, and ValueError where the answer has no text.

    Raises:
        ValueError: the endpoint is no URL of a server.
    """
    place = urlsplit(endpoint)
    if place.scheme not in _CONNECTIONS or not place.hostname or place.username is not None:
        raise ValueError("the endpoint is no http:// or https:// address, or one with a password in it")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})

    def ask(messages: list[dict[str, str]]) -> str:
        body = json.dumps({"model": model, "messages": messages, "temperature": 0}).encode()
        try:
            with contextlib.closing(_CONNECTIONS[place.scheme](place.hostname or "", place.port, timeout=timeout_s)) as connection:
                connection.request("POST", f"{place.path.rstrip('/')}/chat/completions", body, headers)
                answer = connection.getresponse()
                said = answer.read(MOST_BYTES)
        except http.client.HTTPException as exc:
            raise ConnectionError(f"what answers is no HTTP: {type(exc).__name__}") from exc
        if answer.status != http.client.OK:
            raise ConnectionError(f"the endpoint answered {answer.status} {answer.reason}")
        return _text(said)

    return ask


def _text(said: bytes) -> str:
    try:
        told: Any = json.loads(said)
        text = told["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as exc:
        raise ValueError("the endpoint's answer has no text of a model") from exc
    if not isinstance(text, str):
        raise ValueError("the endpoint's answer has no text of a model")
    return text
