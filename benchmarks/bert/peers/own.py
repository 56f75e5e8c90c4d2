"""streamrec's own serving: item tokens from when the item arrived, one micro-batcher; no scores from a cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import Pair, Score, serve

from streamrec.bert.model import TextModel


def load(about: dict[str, Any]) -> tuple[Score, dict[str, Any]]:
    """The model in the wanted precision, and the items tokenised."""
    model = TextModel.load(Path(about["folder"]), about["device"], about["threads"], about["precision"], cache_mb=0)
    titles = sorted({item for _, item in about["pairs"]})
    tokens = model.tokenize(titles, model.max_item_tokens)
    row_of = {title: row for row, title in enumerate(titles)}

    def score(pairs: Sequence[Pair]) -> Sequence[float]:
        users = list(dict.fromkeys(user for user, _ in pairs))
        place = {user: number for number, user in enumerate(users)}
        items = tokens[[row_of[item] for _, item in pairs]]
        found: list[float] = model.score(
            model.tokenize(users, model.max_user_tokens), items, np.array([place[user] for user, _ in pairs])
        ).tolist()
        return found

    return score, {"provider": model.provider, "precision": model.precision}


serve(load)
