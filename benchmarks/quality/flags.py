"""The flags that the steps of the benchmark share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def parser(doc: str | None, paths: Sequence[str], times: Sequence[str] = ("from", "until")) -> argparse.ArgumentParser:
    """A parser of required flags: `paths` are files or folders, `times` are whole numbers (ms). Its help is the docstring `doc`."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in paths:
        made.add_argument(f"--{name}", type=Path, required=True)
    for name in times:
        made.add_argument(f"--{name}", type=int, required=True)
    return made
