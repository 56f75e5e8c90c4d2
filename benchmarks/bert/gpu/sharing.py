"""Several processes with a model each on one device: what they score together, how evenly, and what memory they take."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from benchmarks.bert.gpu.figures import Row
from benchmarks.bert.gpu.scoring import SIZES, load
from benchmarks.bert.serving import Work
from streamrec.bert.card import memory
from streamrec.bert.runtime import Device

LOAD_S = 120.0


def sharing(folder: Path | None, device: Device, processes: int, for_s: float) -> Row:
    """A row: pairs/s of all and of the slowest, and the card's memory in use (MiB, of everybody) with all of them loaded."""
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(processes + 1), context.Queue()
    started = [context.Process(target=_score, args=(folder, device, for_s, ready, answers), daemon=True) for _ in range(processes)]
    for one in started:
        one.start()
    try:
        ready.wait(LOAD_S)
        time.sleep(for_s / 2)
        there = memory()
        found = [answers.get(timeout=for_s + LOAD_S) for _ in started]
    finally:
        for one in started:
            one.kill()
            one.join()
    speeds = [speed for speed, _ in found]
    row: Row = {"processes": processes, "provider": found[0][1], "pairs_per_s": round(sum(speeds)), "slowest": round(min(speeds))}
    return row | {"memory_in_use_mb": None if there is None else there.total_mb - there.free_mb}


def _score(folder: Path | None, device: Device, for_s: float, ready: Barrier, answers: Any) -> None:
    model = load(folder, device, "auto")
    batch = Work(model).some(*SIZES[-1])
    model.score(*batch)
    ready.wait(LOAD_S)
    scored, begin = 0, time.perf_counter()
    while (took := time.perf_counter() - begin) < for_s:
        model.score(*batch)
        scored += len(batch[1])
    answers.put((scored / took, model.provider))
