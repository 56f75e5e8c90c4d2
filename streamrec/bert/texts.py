"""The text encoder of a model folder alone, for texts that are no titles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.folder import ENCODER, ModelFolder
from streamrec.bert.pairs import text_inputs
from streamrec.bert.runtime import Runtime, Session
from streamrec.bert.session import OnnxSession
from streamrec.bert.tokens import Tokeniser

TOKENS = 32
"""A comment says what it wants early."""
BATCH = 64


class TextEncoder:
    """Vectors of texts. May be called from several threads."""

    def __init__(self, folder: ModelFolder, session: Session) -> None:
        self._tokenise, self._session = Tokeniser(folder.path / "tokenizer.json"), session
        self._dim = folder.limits.dim
        self.text: str = folder.text

    @classmethod
    def load(cls, path: Path | None = None, runtime: Runtime = OnnxSession) -> TextEncoder:
        """Load the encoder of a model folder; None is the one that ships in the package.

        Raises:
            ModelError: see `ModelFolder.load` and `Runtime`.
        """
        folder = ModelFolder.load(path)
        return cls(folder, runtime(folder.path / ENCODER, "cpu"))

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape (n, dim); a text without words gets zeros."""
        tokens, vectors = self._tokenise(texts, TOKENS), np.zeros((len(texts), self._dim), np.float32)
        lengths = (tokens != 0).sum(axis=1)
        order = np.argsort(lengths, kind="stable")[int((lengths == 0).sum()) :]
        for begin in range(0, len(order), BATCH):
            rows = order[begin : begin + BATCH]
            vectors[rows] = self._session.run(text_inputs(tokens[rows, : int(lengths[rows].max())]))
        return vectors
