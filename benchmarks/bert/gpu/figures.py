"""What a graphics card is measured for, and what of it was measured: a figure without its measurement has no value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure out of the rows of a run, and the value that is aimed at on a card of the class of an H100."""

    name: str
    goal: float
    lower_is_better: bool
    of: Callable[[list[Row]], float | None]

    def told(self, rows: list[Row]) -> Row:
        """The figure beside its goal; without a value where the run did not measure it."""
        value = self.of(rows)
        if value is None:
            return {"figure": self.name, "goal": self.goal, "value": None, "needs": "a GPU, and a run that is not cut short"}
        reached = value <= self.goal if self.lower_is_better else value >= self.goal
        return {"figure": self.name, "goal": self.goal, "value": value, "reached": reached}


def figures() -> list[Figure]:
    """All of them."""
    return [
        Figure("share of the card's fp16 rate, bert-base", 0.5, False, lambda rows: _best(rows, "bert-base", "share_of_fp16")),
        Figure("share of the card's fp16 rate, minilm-l6", 0.35, False, lambda rows: _best(rows, "minilm-l6", "share_of_fp16")),
        Figure("times torch SDPA fp16, bert-base", 1.5, False, lambda rows: _over(rows, "bert-base", "torch-sdpa")),
        Figure("times torch SDPA fp16, minilm-l6", 1.5, False, lambda rows: _over(rows, "minilm-l6", "torch-sdpa")),
        Figure("percent degraded at 800 triggers/s, shipped", 0, True, lambda rows: _at(rows, 800, "degraded_percent")),
        Figure("p99 ms at 800 triggers/s, shipped", 40, True, lambda rows: _at(rows, 800, "p99_ms")),
        Figure("pairs/s of four processes over one", 3.5, False, _four_over_one),
    ]


def share(operations_per_s: float, peak_tflops: float) -> float:
    """The share of a peak that is made use of."""
    return round(operations_per_s / (1e12 * peak_tflops), 4)


def _best(rows: list[Row], model: str, name: str) -> float | None:
    found = [row[name] for row in rows if row.get("model") == model and row.get("provider") == "CUDAExecutionProvider" and name in row]
    return max(found, default=None)


def _over(rows: list[Row], model: str, rival: str) -> float | None:
    own = _best(rows, model, "pairs_per_s")
    others = [row["pairs_per_s"] for row in rows if row.get("rival") == rival and row.get("of") == model and row.get("device") == "cuda"]
    return round(own / max(others), 3) if own and others else None


def _at(rows: list[Row], rate: float, name: str) -> float | None:
    return next((row[name] for row in rows if row.get("rate") == rate and row.get("provider") == "CUDAExecutionProvider"), None)


def _four_over_one(rows: list[Row]) -> float | None:
    speeds = {row["processes"]: row["pairs_per_s"] for row in rows if "processes" in row and row.get("provider") == "CUDAExecutionProvider"}
    return round(speeds[4] / speeds[1], 3) if {1, 4} <= speeds.keys() else None
