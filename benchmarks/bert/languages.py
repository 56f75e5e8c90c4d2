"""How near the vectors of a title and of its translations are, and what a vector costs: `python -m benchmarks.bert.languages [MODEL]`.

The titles (`titles.jsonl`, 20 everyday goods in seven languages) were written by a language model. Of each title of one language it is
asked whether, among the 20 of another, its own translation has the highest cosine.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.model import TextModel

TITLES = Path(__file__).with_name("titles.jsonl")
TIMES = 10


def titles() -> dict[str, list[str]]:
    """Titles by language, each language in the same order."""
    rows = [json.loads(line) for line in TITLES.read_text(encoding="utf-8").splitlines()]
    return {language: [row[language] for row in rows] for language in rows[0]}


def top_one(of: NDArray[np.float32], among: NDArray[np.float32]) -> float:
    """Share of the vectors whose nearest among others is the one of the same row."""
    return float(((of @ among.T).argmax(axis=1) == np.arange(len(of))).mean())


def measure(model: TextModel) -> dict[str, object]:
    """Top-1 from English and Chinese into each language, and microseconds of processor time a title."""
    texts = titles()
    vectors = {language: model.encode(model.tokenize(own, model.max_item_tokens)) for language, own in texts.items()}
    found: dict[str, object] = {
        f"top1_from_{start}": {to: top_one(vectors[start], vectors[to]) for to in texts if to != start} for start in ("en", "zh")
    }
    everything = [title for own in texts.values() for title in own]
    begin = time.process_time()
    for _ in range(TIMES):
        tokens = model.tokenize(everything, model.max_item_tokens)
    read = time.process_time()
    for _ in range(TIMES):
        model.encode(tokens)
    end = time.process_time()
    each = 1e6 / TIMES / len(everything)
    return {**found, "tokens_us": (read - begin) * each, "vector_us": (end - read) * each}


def resident_mb() -> float:
    """Memory of this process, on Linux."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def main() -> None:
    """Measure the model of a folder, or the shipped one."""
    before = resident_mb()
    model = TextModel.load(Path(sys.argv[1]) if len(sys.argv) > 1 else None, "cpu")
    found = measure(model)
    print(json.dumps({"model": model.name, "revision": model.revision, **found, "mb": resident_mb() - before}, indent=2))
    model.close()


if __name__ == "__main__":
    main()
