"""What one graphics card makes of BERT serving, in at most ten minutes.

    python -m benchmarks.bert.gpu [--device cuda|cpu] [--minutes 9.5] [--only NAME,...] [--quick] [--json]

In order: the fp16 rate of the card; pairs/s of the shipped model, MiniLM-L6 and the shape of BERT-base in fp32 and fp16, with and without
CUDA graphs; sentence-transformers and torch SDPA beside; real lists through Kafka at 400 and 800 triggers/s; one, two and four processes
on the card. What there is no time left for is left out, and the last lines say for each figure its value, or that it was not measured.
Without a card nothing is measured but how calls are padded. `--device cpu` runs the same code to see that it works, and its figures are
those of a CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bert.__main__ import without_gpu
from benchmarks.bert.gpu.figures import Row, figures
from benchmarks.bert.gpu.scoring import QUICK_SIZES, SIZES, load, padding, scoring, seconds
from benchmarks.machine import machine
from streamrec.bert.card import memory
from streamrec.bert.runtime import Device
from streamrec.bert.session import CPU, CUDA
from streamrec.cli.support.output import note

SHAPES = {"large": (8192, 8192, 8192), "bert-base": (32768, 768, 3072), "minilm-l6": (32768, 384, 1536)}
RATES = "400,800"
LATENCY_PAIRS = 200


class Bench:
    """One run: what is measured on which device, and the rows so far."""

    def __init__(self, device: Device, quick: bool, folder: Path) -> None:
        self.device = device
        self.rounds = 2 if quick else 9
        self.sizes = QUICK_SIZES if quick else SIZES
        self.quick = quick
        self.folder = folder
        self.peaks: dict[str, float] = {}

    def peak(self) -> Iterator[Row]:
        """TFLOP/s of fp16 products, the best of some rounds, in a large shape and in those of the models."""
        from benchmarks.bert.peak import product

        for name, shape in SHAPES.items():
            if self.quick:
                shape = (256, *shape[1:])
            run, operations = product(shape, "fp16", CUDA if self.device == "cuda" else CPU)
            self.peaks[name] = round(operations / seconds(run, self.rounds) / 1e12, 4)
        yield {"fp16_tflops": self.peaks}

    def shipped(self) -> Iterator[Row]:
        """The shipped model in each precision, with CUDA graphs and without."""
        yield from self._scored("shipped", None)

    def minilm(self) -> Iterator[Row]:
        """MiniLM-L6, and the rivals with the same weights."""
        from benchmarks.bert.gpu.models import minilm

        (self.folder / "minilm-l6").mkdir()
        yield from self._beside_rivals("minilm-l6", *minilm(self.folder / "minilm-l6"))

    def base(self) -> Iterator[Row]:
        """The shape of BERT-base, and the rivals with the same weights."""
        from benchmarks.bert.gpu.models import bert_base

        (self.folder / "bert-base").mkdir()
        words = self.folder / "minilm-l6" / "hf"
        if not words.is_dir():
            raise FileNotFoundError("it takes the words of `minilm`, which was not run")
        yield from self._beside_rivals("bert-base", *bert_base(self.folder / "bert-base", words))

    def latency(self) -> Iterator[Row]:
        """Real lists of one worker with the shipped model while the load rises."""
        settings = {"STREAMREC_DEVICE": self.device, "STREAMREC_CROSS_PAIRS": str(LATENCY_PAIRS), "STREAMREC_CROSS_FOR": "all"}
        command = [sys.executable, "-m", "benchmarks.latency", "--json", "--rates", "20" if self.quick else RATES]
        command += ["--seconds", "3" if self.quick else "10", "--warm-up", "3"]
        done = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True, timeout=240)
        yield from (json.loads(line) for line in done.stdout.splitlines()[1:])

    def sharing(self) -> Iterator[Row]:
        """One, two and four processes with the shipped model."""
        from benchmarks.bert.gpu.sharing import sharing

        for processes in (1, 2) if self.quick else (1, 2, 4):
            yield sharing(None, self.device, processes, 2.0 if self.quick else 6.0)

    def _scored(self, name: str, folder: Path | None) -> Iterator[Row]:
        for precision, graphs in (("fp32", False), ("fp16", False), ("fp16", True)):
            model = load(folder, self.device, precision, graphs)  # type: ignore[arg-type]
            yield scoring(name, model, self.peaks.get("large"), self.rounds, self.sizes, graphs, folder)
            model.close()

    def _beside_rivals(self, name: str, hf: Path, folder: Path) -> Iterator[Row]:
        from benchmarks.bert.gpu.rivals import sentence_transformers, torch_sdpa

        yield from self._scored(name, folder)
        yield torch_sdpa(name, hf, self.device, self.rounds, self.sizes[-1])
        yield from sentence_transformers(name, hf, self.device, max(1, self.rounds // 3), self.sizes[-1])


NEEDS_S = {"peak": 5, "shipped": 20, "minilm": 60, "sharing": 60, "latency": 90, "base": 120}
"""Parts in their order, and how many seconds must be left for each; as guessed, since no card has run this version."""


def measured(bench: Bench, names: list[str], minutes: float, say: Callable[[Row], None]) -> list[Row]:
    """The rows of the parts; one that fails or that there is no time for says so in its row."""
    begin, rows = time.monotonic(), []

    def told(row: Row) -> None:
        rows.append(row)
        say(row)

    for name in names:
        left_s = 60 * minutes - (time.monotonic() - begin)
        if left_s < NEEDS_S[name]:
            told({"part": name, "left_out": f"{left_s:.0f} s are left, and it takes some {NEEDS_S[name]}"})
            continue
        note(f"{name}, {left_s:.0f} s are left")
        try:
            for row in getattr(bench, name)():
                told(row)
        except Exception as exc:  # one part's failure leaves the others their time on the card
            told({"part": name, "failed": f"{type(exc).__name__}: {exc}"})
    return rows


def main() -> int:
    """Measure, and return 1 when a part failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--minutes", type=float, default=9.5, help="no part begins for which less is left than it takes")
    parser.add_argument("--only", default=",".join(NEEDS_S), help="parts, comma-separated: " + ", ".join(NEEDS_S))
    parser.add_argument("--quick", action="store_true", help="few rounds; to see that it works, not for figures")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()

    def say(row: Row) -> None:
        text = json.dumps(row)
        print(text if arguments.json else text.replace('"', ""), flush=True)

    names = arguments.only.split(",")
    if unknown := set(names) - NEEDS_S.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    card = memory()
    say({"machine": machine("onnxruntime-gpu", "torch", "sentence-transformers"), "card": None if card is None else card.name})
    say(padding(load(None, "cpu", "fp32"), SIZES))
    rows: list[Row] = []
    if arguments.device == "cuda" and (why := without_gpu()):
        say({"gpu": "skipped", "why": why})
    else:
        with tempfile.TemporaryDirectory(prefix="streamrec-gpu-") as folder:
            rows = measured(Bench(arguments.device, arguments.quick, Path(folder)), names, arguments.minutes, say)
    for figure in figures():
        say(figure.told(rows))
    return 1 if any("failed" in row for row in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
