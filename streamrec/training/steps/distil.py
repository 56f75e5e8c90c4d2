"""A small cross-encoder learns from a larger one, which may have another vocabulary."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS, MAX_USER_TOKENS, PAD, SEP
from streamrec.training.data.training_lists import Lists
from streamrec.training.loop import Plan
from streamrec.training.networks.cross_encoder import cross_encoder_from, load_cross_encoder
from streamrec.training.record import Record
from streamrec.training.steps.list_training import pair_scores, train_on_lists
from streamrec.training.steps.material import Material
from streamrec.training.steps.prune import count


class Translator:
    """Token ids of one vocabulary as those of another, by way of the text."""

    def __init__(self, ours: Path, theirs: Path) -> None:
        self._read = Tokenizer.from_file(str(ours / "tokenizer.json"))
        self._write = Tokeniser(theirs / "tokenizer.json")

    def __call__(self, rows: NDArray[np.int32], limit: int) -> NDArray[np.int32]:
        """Ids of shape (n, limit); a [SEP] inside a row stays where it was."""
        halves = [self._halves(row[row != PAD]) for row in rows]
        first, second = (self._write(self._read.decode_batch([half[side] for half in halves]), limit) for side in (0, 1))
        marks = np.array([[SEP if len(half[0]) else PAD] for half in halves], np.int32)
        loose = np.concatenate([first, marks, second], axis=1)
        return np.take_along_axis(loose, np.argsort(loose == PAD, axis=1, kind="stable")[:, :limit], axis=1)

    @staticmethod
    def _halves(ids: NDArray[np.int32]) -> tuple[list[int], list[int]]:
        marks = np.flatnonzero(ids == SEP)
        cut = int(marks[0]) if len(marks) else 0
        return ids[:cut].tolist(), ids[cut + len(marks[:1]) :].tolist()


def distil_ranker(material: Material, teacher: Path, out: Path, layers: int, plan: Plan, record: Record) -> dict[str, int]:
    """Train a cross-encoder from `work/encoder`, taught by the ranker of the work folder `teacher`; parameters of both."""
    source, held = material.sources(record.seed)
    large = load_cross_encoder(teacher / "ranker").eval()
    translate = Translator(material.work / "vocabulary", teacher / "vocabulary")
    small = cross_encoder_from(source.encoder, layers)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def taught(lists: Lists) -> Any:
        size, places = lists.right.shape
        items = translate(lists.items.reshape(size * places, -1), MAX_ITEM_TOKENS).reshape(size, places, -1)
        translated = Lists(translate(lists.users, MAX_USER_TOKENS), items, lists.right, lists.there, lists.offset, lists.popularity)
        return pair_scores(large, translated)

    training = train_on_lists("distil", plan, small, partial(pair_scores, small), source, held, out, [small.alike, small.cover], taught)
    if record.first:
        small.save(out)
    counts = {"teacher_parameters": count(large), "parameters": count(small)}
    record.save(out, **counts, **training)
    return counts
