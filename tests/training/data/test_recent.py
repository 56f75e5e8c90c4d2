"""Training and serving put the same user's side before a pair."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pytest

import streamrec
from streamrec.bert.folder import ModelFolder
from streamrec.bert.model import TextModel
from streamrec.catalogue import prefix
from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.scorers.cross_encoder import user_sides
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from streamrec.training.data.purchases import DAY_MS, read_purchases
from streamrec.training.data.recent import recent_titles
from tests.shop import NOW, item, purchase

PACKAGE = Path(streamrec.__file__).parent
TITLES = {f"i{number}": f"{colour} ceramic mug with hearts, set of {number} in a gift box, hand painted" for number, colour in enumerate(
    ("red", "blue", "green", "white", "black", "pink", "purple", "ivory", "silver", "gold")
)}  # fmt: skip
BASKETS = [["i4", "i0", "i9"], ["i2"], ["i7", "i1", "i3"], ["i8"], ["i5", "i6"], ["i2", "i0"]]
"""Ten items, two of them bought twice, several in one moment; more than the prefix has room for."""
SAID = "any blue mug with a really long handle, in a gift box for my mother please?"


@pytest.fixture(scope="module")
def model() -> TextModel:
    return TextModel.load(None, "cpu", precision="fp32")


def moments() -> list[tuple[int, list[str]]]:
    return [(NOW - DAY_MS * (len(BASKETS) - number), basket) for number, basket in enumerate(BASKETS)]


def served(model: TextModel, said: str) -> np.ndarray[Any, Any]:
    """The user's side as the ranking makes it out of a row of state."""
    catalogue, row = Catalogue(model), UserRow()
    catalogue.put_items([item(item_id, title) for item_id, title in TITLES.items()])
    for ts, basket in moments():
        for item_id in basket:
            apply(row, purchase("u", item_id, ts))
    if said:
        apply(row, Danmaku(user_id="u", room_id="r", ts=EventTime(NOW), text=said))
    return user_sides(cast(Context, SimpleNamespace(queries=queries([row], [NOW], [None], catalogue), catalogue=catalogue)))


def trained(model: TextModel, said: str, folder: Path) -> np.ndarray[Any, Any]:
    """The user's side as training makes it out of the purchases of a file."""
    items = [{"item_id": item_id, "title": title} for item_id, title in reversed(TITLES.items())]
    bought = [*moments(), (NOW, ["new"])]
    events = [{"user_id": "u", "item_id": item_id, "ts": ts, "order_id": str(ts)} for ts, basket in bought for item_id in basket]
    items.append({"item_id": "new", "title": "something new"})
    for name, lines in (("items", items), ("events", events)):
        (folder / f"{name}.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    purchases = read_purchases(folder, NOW, NOW + 1, split=False, seed=0)
    titles = model.tokenize(purchases.titles, prefix.MAX_ITEM_TOKENS)
    words = model.tokenize([said], prefix.SAID_TOKENS)
    return prefix.user_prefixes(words, recent_titles(purchases.examples, titles), prefix.MAX_USER_TOKENS)


@pytest.mark.parametrize("said", ["", "blue?", SAID])
def test_one_viewer_has_the_same_prefix_in_training_and_in_serving(model: TextModel, said: str, tmp_path: Path) -> None:
    ours = served(model, said)
    assert (ours != 0).all(), "the viewer must fill the prefix, or what is cut would not be compared"
    assert (trained(model, said, tmp_path) == ours).all()


def test_short_titles_are_left_out_at_the_same_place_too(model: TextModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, item_id in enumerate(TITLES):
        monkeypatch.setitem(TITLES, item_id, f"mug {number}")
    ours = served(model, "")
    assert np.count_nonzero(ours == model.tokenize(["mug"], 1)[0, 0]) == prefix.RECENT_TITLES
    assert (trained(model, "", tmp_path) == ours).all()


def test_the_shipped_model_has_the_sizes_that_training_gives_it() -> None:
    folder = ModelFolder.load()
    limits = folder.limits
    assert (limits.max_user_tokens, limits.max_item_tokens) == (prefix.MAX_USER_TOKENS, prefix.MAX_ITEM_TOKENS)
    positions = json.loads((folder.path / "config.json").read_text())["max_position_embeddings"]
    assert limits.max_tokens == positions == prefix.MAX_TOKENS


def test_no_other_module_has_a_size_of_the_prefix_of_its_own() -> None:
    sizes = {name for name in vars(prefix) if name.endswith(("_TOKENS", "_TITLES"))}
    assert len(sizes) == 6
    for path in PACKAGE.rglob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        targets = [target for node in ast.walk(module) if isinstance(node, ast.Assign) for target in node.targets]
        own = {target.id for target in targets if isinstance(target, ast.Name)}
        assert path == Path(prefix.__file__) or not own & (sizes | {"PREFIX_ITEMS"}), path


@pytest.mark.parametrize(
    "name", ["bert/model.py", "ranking/scorers/cross_encoder.py", "training/data/recent.py", "training/data/training_lists.py"]
)
def test_whoever_builds_a_prefix_names_its_sizes_and_writes_no_number(name: str) -> None:
    module = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
    numbers = {getattr(prefix, size) for size in vars(prefix) if size.endswith(("_TOKENS", "_TITLES"))}
    slices = [node.upper for node in ast.walk(module) if isinstance(node, ast.Slice)]
    assert not [bound.value for bound in slices if isinstance(bound, ast.Constant) and bound.value in numbers]
