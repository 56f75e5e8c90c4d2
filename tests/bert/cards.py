"""Blends whose card says something else than when they were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from streamrec.bert.blends import METADATA, Card


def rewrite_card(path: Path, **changes: Any) -> None:
    """Change fields of the card of a blend's file."""
    import onnx

    model = onnx.load(path)
    entry = next(entry for entry in model.metadata_props if entry.key == METADATA)
    card = msgspec.json.decode(entry.value, type=Card)
    entry.value = msgspec.json.encode(msgspec.structs.replace(card, **changes)).decode()
    onnx.save(model, path)
