"""What every contender's process shares; standard library only, as some live in environments of their own.

A contender is started with the path of a JSON file and answers commands, one JSON object a line: "score" scores all pairs at once, "load"
answers requests of one user each at times fixed beforehand.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Pair = tuple[str, str]
Score = Callable[[Sequence[Pair]], Sequence[float]]


def serve(load: Callable[[dict[str, Any]], tuple[Score, dict[str, Any]]]) -> None:
    """Load a model and answer until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is not an answer
    about = json.loads(Path(sys.argv[1]).read_text())
    pairs: list[Pair] = [(user, item) for user, item in about["pairs"]]
    score, facts = load(about)
    score(pairs[:64])
    print(json.dumps({"ready": True, **facts}), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "score":
            begin = time.perf_counter()
            scores = [float(value) for value in score(pairs)]
            found: dict[str, Any] = {"seconds": time.perf_counter() - begin, "scores": scores}
        else:
            found = {"latencies": _under_load(score, pairs, command["rate"], command["seconds"], command["size"])}
        print(json.dumps(found), file=answers, flush=True)


def _under_load(score: Score, pairs: Sequence[Pair], rate: float, seconds: float, size: int) -> list[float]:
    """Seconds from when a request was due until it was answered; a slow answer does not delay when the next is due."""
    latencies = []
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        first = number * size % (len(pairs) - size + 1)
        score(pairs[first : first + size])
        latencies.append(time.perf_counter() - due)
    return latencies
