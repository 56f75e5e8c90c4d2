"""What is measured: all items, or those new to the viewer, with lists made for that."""

from __future__ import annotations

from streamrec.bert.blends import Repeats

REPEATS: dict[str, Repeats] = {"all": "allow", "new": "exclude"}
"""The lists with which each mode is measured."""
