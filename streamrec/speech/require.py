"""The optional dependencies of listening."""

from __future__ import annotations

from importlib.util import find_spec

from streamrec.errors import MissingExtra

MODULES = ("faster_whisper", "av")


def require_speech() -> None:
    """Raise `MissingExtra` unless everything that listening needs is installed."""
    missing = [name for name in MODULES if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"listening needs {', '.join(missing)}: pip install 'streamrec[speech]'")
