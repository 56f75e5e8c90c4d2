"""Texts as rows of token ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer


class Tokeniser:
    """The tokeniser of a model folder, whichever algorithm it is of, without special tokens."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # A viewer who writes "[SEP]" has written five characters.
        self._tokenizer.encode_special_tokens = True

    def __call__(self, texts: Sequence[str], limit: int) -> NDArray[np.int32]:
        """Token ids of shape (len(texts), limit): cut at `limit`, 0-padded on the right."""
        rows = np.zeros((len(texts), limit), np.int32)
        for row, encoding in zip(rows, self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False), strict=True):
            ids = encoding.ids[:limit]
            row[: len(ids)] = ids
        return rows
