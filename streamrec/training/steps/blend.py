"""Trains the blend of a model folder for one way of ranking, and writes it as ONNX."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from rich.progress import Progress

from streamrec.bert.blends import METADATA, PARAMETERS, Card, Repeats, Scoring, file_name
from streamrec.bert.folder import seal
from streamrec.catalogue.sketch import Sketch
from streamrec.datasets.listings import redated
from streamrec.errors import InputError
from streamrec.events.files import read_items
from streamrec.ranking.features.schema import FEATURES, POSITION, TEXT, VERSION
from streamrec.ranking.scorers.blend import ITEM, LEARNED, Blend
from streamrec.ranking.scorers.worth import UNKNOWN, Worth
from streamrec.settings import Settings
from streamrec.training.data.rolls import Sample, roll
from streamrec.training.steps.listwise import Lists, averaged, fit, ndcg
from streamrec.training.steps.mend import mend

EPOCHS = (4, 8, 16)
"""Numbers of epochs that are tried on the validation window."""
VALIDATION = 0.15
"""Share of the lists, the last ones, that choose the number of epochs: as in serving, what is judged comes after what was learned."""
DRAWN = "drawn anew: the file has those of the first sales"
"""What a card says of dates of listing (see `redated`)."""
OPSET = 17
"""That of ONNX 1.12, as is IR version 8: runtimes read older files than themselves, not newer ones."""


@dataclass(slots=True)
class Trained:
    """A blend, its epochs, and NDCG@10 in the validation window of what was tried there."""

    blend: Blend
    epochs: int
    lists: int
    validation: dict[str, float]


def train_blend(
    samples: Sequence[Sample],
    former: Blend,
    seeds: Sequence[int],
    text_from: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Fit on all but the last lists, choose the number of epochs on those, and fit again on all of them.

    Text features of lists before `text_from` (ms) are blanked: the encoder has seen what was bought there.

    Raises:
        InputError: there are too few lists with something to learn.
    """
    text = [POSITION[name] for name in TEXT]
    for sample in samples:
        if sample.ts < text_from:
            sample.features[:, text] = 0.0
    cut = int(len(samples) * (1 - VALIDATION))
    if not (any(sample.ordered.any() for sample in samples[:cut]) and any(sample.relevant for sample in samples[cut:])):
        raise InputError(f"{len(samples)} lists are too few to train and validate a blend; begin earlier with --from")
    early = Lists.thin(samples[:cut], former, np.random.default_rng(seeds[0]))
    validation = {"former": float(ndcg(samples[cut:], former).mean())}
    progress("linear")
    validation["linear"] = float(ndcg(samples[cut:], fit(early, EPOCHS[-1], seeds[0], units=0)).mean())
    ndcg_after = {}
    for epochs in EPOCHS:
        progress(f"{epochs} epochs")
        ndcg_after[epochs] = float(ndcg(samples[cut:], averaged([fit(early, epochs, seed) for seed in seeds], "")).mean())
    best = max(EPOCHS, key=lambda epochs: ndcg_after[epochs])
    validation["network"] = ndcg_after[best]
    progress("all lists")
    every = Lists.thin(samples, former, np.random.default_rng(seeds[0]))
    return Trained(averaged([fit(every, best, seed) for seed in seeds], ""), best, len(every.rows), validation)


def train_into(
    folder: Path,
    settings: Settings,
    items: Path,
    events: Path,
    span: tuple[int, int],
    modes: Sequence[Repeats],
    text_from: int,
    seeds: Sequence[int],
    progress: Progress,
) -> dict[str, dict[str, Any]]:
    """Roll, train and write the blends for `modes` into a model folder; returns what the files' cards say of the training.

    Blends in it that no worker would take are removed. Unless the settings name another model, the folder's own one reads the texts.

    Raises:
        InputError: a file is malformed, or has too few orders within `span`.
        ModelError: the folder, but for its blends, or the model of the settings cannot be used.
    """
    target = mend(folder)
    if settings.model is None:
        settings = settings.model_copy(update={"model": folder})
    sketch = sketch_of(items, span[1])
    report: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        dated = redated(items, events, Path(scratch))
        rolls = roll(settings, dated, events, span, modes, text_from, progress)
    drawn = dated != items
    for mode, rolled in rolls.items():
        task = progress.add_task(f"training, repeats {mode}", total=len(EPOCHS) + 2)
        trained = train_blend(rolled.samples, rolled.former, seeds, text_from, lambda _, task=task: progress.advance(task))  # type: ignore[misc]
        first, end = map(day, span)
        card: dict[str, Any] = {"from": first, "until": end, "lists": trained.lists, "seeds": [*seeds], "epochs": trained.epochs}
        card |= {f"validation_ndcg_{name}": round(value, 4) for name, value in trained.validation.items()}
        card |= {"listing_dates": DRAWN} if drawn else {}
        path = folder / file_name(mode, settings.scoring)
        write_blend(trained.blend, path, f"blend-{end}", mode, settings.scoring, card, sketch, target.text)
        report[mode] = card
    seal(folder)
    return report


def day(ms: int) -> str:
    """The day (UTC) of a time, YYYY-MM-DD."""
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def sketch_of(items: Path, until: int) -> Sketch:
    """The sketch of the items of a file that were listed before `until` (ms)."""
    return Sketch.of([item.item_id for item in read_items(items) if (item.created_ts or 0) < until])


def write_blend(
    blend: Blend,
    path: Path,
    version: str,
    repeats: Repeats,
    scoring: Scoring,
    trained: dict[str, Any],
    catalogue: Sketch | None = None,
    text: str = "",
    worth: Worth = UNKNOWN,
) -> None:
    """Write a blend with a network as ONNX: features (users, candidates, features) in, scores (users, candidates) out.

    The parameters are outputs as well, so that they can be read without a parser of ONNX. `catalogue` is the sketch of the items that it
    was trained on, `text` the text model of the folder that it is written for, and `worth` what BERT's stages are worth to its shop.
    """
    net = blend.network
    assert net is not None
    constants: dict[str, NDArray[np.generic]] = {
        "_weights": blend.linear(),
        "_into": net.into,
        "_bias": net.bias,
        "_out": net.out,
        "_most": net.most,
        "_of_item": net.into[:ITEM],
        "_of_user": net.into[ITEM:],
        "_0": np.array([0]),
        "_item": np.array([ITEM]),
        "_learned": np.array([LEARNED]),
        "_two": np.array([2]),
    }
    node = helper.make_node
    nodes = [
        *(node("Identity", [f"_{name}"], [name]) for name in PARAMETERS),
        node("Slice", ["features", "_0", "_item", "_two"], ["item"]),
        node("Slice", ["features", "_item", "_learned", "_two"], ["each_user"]),
        node("ReduceMax", ["each_user"], ["whole_user"], axes=[1], keepdims=1),
        node("Min", ["whole_user", "_most"], ["user"]),
        node("MatMul", ["user", "_of_user"], ["of_user"]),
        node("Add", ["of_user", "_bias"], ["average"]),
        node("MatMul", ["item", "_of_item"], ["moved"]),
        node("Add", ["moved", "average"], ["unit"]),
        node("Relu", ["unit"], ["hidden"]),
        node("MatMul", ["hidden", "_out"], ["network"]),
        node("Relu", ["average"], ["average_hidden"]),
        node("MatMul", ["average_hidden", "_out"], ["base"]),
        node("MatMul", ["features", "_weights"], ["linear"]),
        node("Sub", ["network", "base"], ["above"]),
        node("Add", ["linear", "above"], ["scores"]),
    ]
    info = helper.make_tensor_value_info
    outputs = [info("scores", TensorProto.FLOAT, ["users", "candidates"])]
    outputs += [info(name, TensorProto.FLOAT, constants[f"_{name}"].shape) for name in PARAMETERS]
    graph = helper.make_graph(
        nodes,
        "blend",
        [info("features", TensorProto.FLOAT, ["users", "candidates", len(FEATURES)])],
        outputs,
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="streamrec")
    model.ir_version = 8
    card = Card(
        version=version,
        schema_version=VERSION,
        features=FEATURES,
        repeats=repeats,
        scoring=scoring,
        trained=trained,
        catalogue=catalogue,
        text=text if scoring == "bert" else "",
        worth=worth,
    )
    helper.set_model_props(model, {METADATA: msgspec.json.encode(card).decode()})
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
