"""Settings mean in Java what they mean here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.broker.properties import Listener, properties


def read(text: str) -> dict[str, str]:
    """What `java.util.Properties.load` makes of lines without comments: see its documentation."""
    found = {}
    for line in re.split(r"[\n\r]+", text):
        key, _, value = line.partition("=")
        value = re.sub(
            r"\\(u[0-9a-fA-F]{4}|.)", lambda match: chr(int(match[1][1:], 16)) if len(match[1]) > 1 else match[1], value.lstrip(" \t\f")
        )
        found[key] = value.encode("utf-16", "surrogatepass").decode("utf-16")
    return found


@pytest.mark.parametrize("name", ["José", "数据", "a\\b", "a\\", " x", "\tx", "a\nb=c", "🧦", "x!", "x#", "x=", "x:"])
def test_a_path_is_what_it_was(name: str) -> None:
    text = properties(Path(name), 1, 2)
    assert text.isascii()
    assert read(text)["log.dirs"] == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_setting_of_a_listener_is_what_it_was(value: str) -> None:
    text = properties(Path("data"), 1, 2, [Listener("TLS", "SSL", 3, {"ssl.key.password": value})])
    assert read(text)["listener.name.tls.ssl.key.password"] == value
    assert read(text)["log.dirs"] == "data"
