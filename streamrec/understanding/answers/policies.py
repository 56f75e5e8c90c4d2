"""What a shop promises beside its items: delivery, returns and whatever its owner writes down.

A file of policies is TOML or JSON, a table for each:

    [delivery]
    kinds = ["delivery_time", "delivery_area"]   # optional: which of the kinds of `words/*.toml` it tells of
    [delivery.name]                              # optional: what it is called
    en = "delivery"
    [delivery.text]                              # by language
    en = "Orders leave within 48 hours, to the EU only."
    zh = "48小时内发货，只发欧盟。"
    [delivery.asks]                              # optional: further words that ask for it
    en = ["customs"]
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from streamrec.errors import InputError


@dataclass(frozen=True, slots=True)
class Policy:
    """A promise of the shop, by language: its text, what it is called, and words that ask for it."""

    text: dict[str, str]
    name: dict[str, str] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    asks: dict[str, list[str]] = field(default_factory=dict)

    def said(self, language: str) -> str:
        """The text in a language; else in English, else in the first that there is."""
        return self.text.get(language) or self.text.get("en") or next(iter(self.text.values()))

    def called(self, key: str, language: str) -> str:
        """What it is called in a language; its key where it has no name there."""
        return self.name.get(language, key)


Policies = dict[str, Policy]
"""By key, which a reply names as its field."""


def read_policies(path: Path) -> Policies:
    """The policies of a file in TOML, or in JSON where its name says so.

    Raises:
        InputError: it cannot be read, or is none of policies.
    """
    try:
        text = path.read_text("utf-8")
        told = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        policies = msgspec.convert(told, Policies)
    except (OSError, ValueError, msgspec.ValidationError) as exc:
        raise InputError(f"{path} holds no policies: {exc}; each is a table with its text by language") from exc
    for key, policy in policies.items():
        if not policy.text or not all(spoken_text.strip() for spoken_text in policy.text.values()):
            raise InputError(f'{path}: the policy {key} has no text; write one for each language, such as [{key}.text] en = "…"')
    return policies
