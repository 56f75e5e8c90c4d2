"""A model folder whose blends alone are at fault is made one that serves."""

from __future__ import annotations

import logging
from fnmatch import fnmatch
from pathlib import Path

from streamrec.bert.blends import unfit_blends
from streamrec.bert.folder import BLENDS, ModelFolder, seal, verify

logger = logging.getLogger(__name__)


def mend(folder: Path) -> ModelFolder:
    """Remove the blends that a worker would refuse, and seal the folder if nothing but blends differs from what was published.

    Raises:
        ModelError: something else is missing or has changed.
    """
    if all(fnmatch(name, BLENDS) for name, state in verify(folder).items() if state != "ok"):
        seal(folder)
    opened = ModelFolder.load(folder)
    for path, error in unfit_blends(opened).items():
        logger.warning("removed %s: %s", path, error)
        path.unlink()
    seal(folder)
    return ModelFolder.load(folder)
