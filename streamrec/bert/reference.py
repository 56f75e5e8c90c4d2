"""Pairs and their fp32 scores, with which the int8 scores of a processor are compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrec.bert.folder import CROSS_ENCODER, REFERENCE, ModelFolder
from streamrec.bert.pairs import Feeds, pair_inputs
from streamrec.bert.runtime import Runtime
from streamrec.bert.tokens import Tokeniser
from streamrec.errors import ModelError

PAIRS = 64
"""Pairs that a folder keeps: with the shipped model a run of 64 takes 10 ms."""
USERS = (
    "red mug",
    "any blue pot for the garden? SET OF 6 GARDEN POTS WATERING CAN BLUE ENAMEL JUG",
    "VINTAGE PAPER LANTERN STRING OF LIGHTS HANGING HEART CANDLE HOLDER PARTY BUNTING",
    "有没有大号的 白色陶瓷马克杯 不锈钢保温杯",
    "连衣裙 夏季新款 显瘦 这个多少钱",
    "is it waterproof? WIRELESS EARPHONES PHONE CASE",
    "KIDS LUNCH BOX SCHOOL BAG WITH DINOSAURS PENCIL TIN",
    "口红 保湿面膜 护手霜 礼盒装",
)
ITEMS = (
    "RED ENAMEL MUG",
    "SET OF 6 TERRACOTTA POTS",
    "PAPER LANTERN WHITE SMALL",
    "不锈钢保温杯 500ml",
    "夏季碎花连衣裙",
    "WIRELESS NOISE CANCELLING EARPHONES BLACK",
    "DINOSAUR LUNCH BOX",
    "保湿补水面膜 10片",
)
"""Texts of a shop for a folder without pairs of its own: every user is paired with every item."""


TokenId = Annotated[int, msgspec.Meta(ge=1, lt=1 << 31)]


class Reference(msgspec.Struct, forbid_unknown_fields=True):
    """Token ids of users and items, a row per pair and without padding, and the fp32 score of each pair."""

    users: list[list[TokenId]]
    items: list[list[TokenId]]
    scores: list[float]

    @classmethod
    def of(cls, users: NDArray[np.int32], items: NDArray[np.int32], cross_encoder: Path, load: Runtime) -> Reference:
        """That of pairs of padded token ids, of shapes (P, S) and (P, L), scored by an fp32 graph."""
        scores = load(cross_encoder, "cpu").run(pair_inputs(users, items)).reshape(-1)
        return cls(_ragged(users), _ragged(items), scores.tolist())

    @property
    def feeds(self) -> Feeds:
        """The inputs of the cross-encoder."""
        return pair_inputs(_padded(self.users), _padded(self.items))

    def save(self, folder: Path) -> None:
        """Write it into a model folder, which is to be sealed afterwards."""
        (folder / REFERENCE).write_bytes(msgspec.json.encode(self) + b"\n")


def reference(folder: ModelFolder, tokenise: Tokeniser, load: Runtime) -> Reference:
    """The folder's own reference; a folder without one scores texts of a shop with its fp32 graph.

    Raises:
        ModelError: the folder's own cannot be used.
    """
    path = folder.path / REFERENCE
    if not path.is_file():
        limits = folder.limits
        users, items = tokenise(USERS, limits.max_user_tokens), tokenise(ITEMS, limits.max_item_tokens)
        users, items = users.repeat(len(ITEMS), axis=0), np.tile(items, (len(USERS), 1))
        return Reference.of(users, items, folder.path / CROSS_ENCODER, load)
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Reference)
    except msgspec.MsgspecError as exc:
        raise ModelError(f"{path} holds no scored pairs ({exc}); export the model anew") from exc
    if not len(kept.users) == len(kept.items) == len(kept.scores) > 1 or not all(map(math.isfinite, kept.scores)):
        raise ModelError(f"{path} does not hold a user, an item and a score for each of several pairs; export the model anew")
    return kept


def _ragged(tokens: NDArray[np.int32]) -> list[list[int]]:
    return [row[row != 0].tolist() for row in tokens]


def _padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    padded = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for row, ids in zip(padded, rows, strict=True):
        row[: len(ids)] = ids
    return padded
