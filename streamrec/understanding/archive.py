"""Reads arrays that were written by `numpy.savez`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import ModelError


def arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    """The arrays of those names.

    Raises:
        ModelError: the file cannot be read or lacks one.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as exc:
        raise ModelError(f"{path} cannot be read as weights ({exc}); make the folder anew with `streamrec train understanding`") from exc
