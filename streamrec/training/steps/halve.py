"""A model folder of before gets its fp16 graph, out of its own fp32 one."""

from __future__ import annotations

from pathlib import Path

from streamrec.bert.agreement import Agreement
from streamrec.bert.folder import CROSS_ENCODER, ModelFolder, seal
from streamrec.bert.reference import reference
from streamrec.bert.session import OnnxSession
from streamrec.bert.tokens import Tokeniser
from streamrec.errors import ModelError
from streamrec.training.graphs.half_twin import write_twin


def halve(path: Path) -> dict[str, Agreement]:
    """Write the fp16 graph of the cross-encoder and seal the folder anew; how far it agrees with fp32, by file name.

    Raises:
        ModelError: the folder cannot be read, or its fp32 graph has no fused attention.
    """
    folder = ModelFolder.load(path)
    judging = reference(folder, Tokeniser(path / "tokenizer.json"), OnnxSession)
    found = write_twin(path / CROSS_ENCODER, [judging.feeds])
    if not found:
        raise ModelError(f"{path / CROSS_ENCODER} has no fused attention; make the folder anew by `streamrec models adopt`")
    seal(path)
    return found
