"""Last step: a work folder becomes a model folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from streamrec.bert.folder import CROSS_ENCODER, ENCODER, seal
from streamrec.bert.pairs import Feeds, pair_inputs, text_inputs
from streamrec.bert.reference import PAIRS, Reference
from streamrec.bert.session import OnnxSession
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS, MAX_TOKENS, MAX_USER_TOKENS, SPECIAL
from streamrec.errors import ModelMissing
from streamrec.training.graphs.calibration import Calibration
from streamrec.training.graphs.exporting import VectorHead, export_graph
from streamrec.training.graphs.half_twin import write_twin
from streamrec.training.graphs.halving import halve_words
from streamrec.training.graphs.late_graphs import export_late
from streamrec.training.graphs.parity import Figures, dropped, narrow_of
from streamrec.training.graphs.words import WORDS, keep_unlearned, share_words
from streamrec.training.networks.bert import load_encoder
from streamrec.training.networks.cross_encoder import load_cross_encoder
from streamrec.training.networks.late_network import STATE, load_late
from streamrec.training.steps.card import write_card

TOKENISER = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
NEEDED = {"vocabulary": TOKENISER[0], **dict.fromkeys(("pretrained", "encoder", "ranker", "calibration"), "training.json")}
"""What shows that a step was run. A vocabulary may have come with another BERT; without `late` the folder has no late interaction."""


def export_model(work: Path, out: Path, name: str, seed: int = 7) -> dict[str, Any]:
    """Write the model folder `out` from the steps in `work`.

    Returns sizes in bytes, the largest difference of every fp32 graph from torch, and how far every narrow graph agrees with its fp32 one.
    A narrow graph that is unlike is not kept: fp32 serves in its place, and card and `config.json` say so. A ranker whose heads were
    pruned gets no fp16 graph, because its attention does not fuse.

    Raises:
        ModelMissing: a step is missing in `work`.
        ModelError: an fp32 graph does not agree with torch.
    """
    for step, file in NEEDED.items():
        if not (work / step / file).is_file():
            raise ModelMissing(f"{work} has no {step}/{file}; run the step of `streamrec train` that makes it first")
    out.mkdir(parents=True, exist_ok=True)
    for stale in [*(out / "onnx").glob("*.onnx"), *(out / "onnx").glob(WORDS)]:
        stale.unlink()
    for file in TOKENISER:
        shutil.copyfile(work / "vocabulary" / file, out / file)
    rng = np.random.default_rng(seed)
    encoder = load_encoder(work / "encoder", attn_implementation="eager")
    cross = load_cross_encoder(work / "ranker", attn_implementation="eager")
    vocabulary = encoder.config.vocab_size
    chunks = Calibration.load(work / "calibration").chunks()
    figures: Figures = {}
    keep_unlearned(cross.network, encoder)
    halve_words(encoder)
    halve_words(cross.network)
    # Item vectors are made once and kept, so no narrow encoder would save a worker anything.
    figures |= export_graph(VectorHead(encoder), out / ENCODER, _examples(rng, vocabulary, pairs=False))
    real = [pair_inputs(chunk.users, chunk.items) for chunk in chunks]
    figures |= export_graph(cross, out / CROSS_ENCODER, _examples(rng, vocabulary, pairs=True), real)
    share_words(out / ENCODER, out / CROSS_ENCODER)
    figures |= write_twin(out / CROSS_ENCODER, real[len(real) // 2 :])
    late = (work / "late" / "training.json").is_file()
    if late:
        figures |= export_late(load_late(work / "late", attn_implementation="eager"), out, chunks)
    alike = narrow_of(figures)
    parity = {file: value for file, value in figures.items() if isinstance(value, float)}
    config = {
        **cross.network.config.to_diff_dict(),
        "streamrec": {
            "name": name,
            "dim": encoder.config.hidden_size,
            "max_item_tokens": MAX_ITEM_TOKENS,
            "max_user_tokens": MAX_USER_TOKENS,
            "max_tokens": MAX_TOKENS,
            "encoder_layers": encoder.config.num_hidden_layers,
            **({"late_dim": STATE} if late else {}),
            "dropped": dropped(alike),
        },
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    judging = chunks[len(chunks) // 2 :]
    users, items = (np.concatenate([getattr(chunk, side) for chunk in judging])[:PAIRS] for side in ("users", "items"))
    Reference.of(users, items, out / CROSS_ENCODER, OnnxSession).save(out)
    write_card(work, out, name, parity, alike)
    seal(out)
    sizes = {file.relative_to(out).as_posix(): file.stat().st_size for file in sorted(out.rglob("*")) if file.is_file()}
    return {"parity": parity, "likeness": alike, "bytes": sizes, "total_bytes": sum(sizes.values())}


def _examples(rng: np.random.Generator, vocabulary: int, pairs: bool) -> list[Feeds]:
    examples = []
    for rows in (5, 2, 16):
        items = _ragged(rng, vocabulary, rows, MAX_ITEM_TOKENS)
        examples.append(pair_inputs(_ragged(rng, vocabulary, rows, MAX_USER_TOKENS), items) if pairs else text_inputs(items))
    return examples


def _ragged(rng: np.random.Generator, vocabulary: int, rows: int, width: int) -> Any:
    ids = rng.integers(len(SPECIAL), vocabulary, (rows, width)).astype(np.int32)
    ids[np.arange(width)[None, :] >= rng.integers(1, width + 1, (rows, 1))] = 0
    return ids
