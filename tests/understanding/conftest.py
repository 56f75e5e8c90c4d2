from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from streamrec.system.digests import seal
from streamrec.understanding.judge import CONFIG, INTENTS, LABELS, WEIGHTS, Calibration, Config
from streamrec.understanding.linear import Linear
from streamrec.understanding.traits import VERSION


def plain_config(**changes: object) -> Config:
    calibration = Calibration(slopes=[1.0] * len(LABELS), shifts=[0.0] * len(LABELS), thresholds=dict.fromkeys(INTENTS, 0.5))
    known = {"name": "small", "traits": VERSION, "labels": list(LABELS), "calibration": calibration}
    return Config(**{**known, **changes})  # type: ignore[arg-type]


def write_folder(folder: Path, config: Config | None = None, labels: int = len(LABELS)) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / CONFIG).write_bytes(msgspec.json.encode(config or plain_config()))
    Linear.of(np.zeros((8, labels), np.float32), np.zeros(labels, np.float32)).save(folder / WEIGHTS)
    seal(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a judge that knows nothing."""
    return write_folder(tmp_path / "judge")
