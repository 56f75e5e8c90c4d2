"""Fifth step: real pairs are kept beside the networks, for the int8 graphs to be set and judged by."""

from __future__ import annotations

from streamrec.training.graphs.calibration import Calibration
from streamrec.training.record import Record
from streamrec.training.steps.material import Material

LISTS = 32
"""512 pairs of baskets and 128 of groups: half of them set the scales, which are the least and greatest value of each activation."""


def calibrate(material: Material, record: Record) -> None:
    """Draw lists as the ranker saw them, and save their pairs in `work/calibration`."""
    source, _ = material.sources(record.seed)
    pairs = Calibration.of([source.bought(LISTS), source.grouped(LISTS // 4)])
    pairs.save(material.work / "calibration")
    record.save(material.work / "calibration", pairs=len(pairs.items))
