from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from streamrec.bert.folder import SHIPPED
from streamrec.bert.tokens import Tokeniser
from streamrec.training.data.corpus import Corpus
from streamrec.training.data.purchases import DAY_MS, read_purchases
from streamrec.training.data.training_lists import LIST, Comments, GroupLists, PurchaseLists, word_starts

pytestmark = pytest.mark.train
tokenise = Tokeniser(SHIPPED / "tokenizer.json")
starts = word_starts((SHIPPED / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1])


def comments(seed: int = 0) -> Comments:
    return Comments(tokenise, tokenise(["nothing to do with it at all"], 24), np.random.default_rng(seed))


def test_a_comment_about_a_title_holds_whole_words_of_it() -> None:
    title = tokenise(["red retrospot mug"], 24)[0]
    maker = comments()
    for _ in range(50):
        said = maker.about(starts, title)
        shared = said[np.isin(said, title) & (said != 0)]
        assert len(shared) > 0
        assert starts[shared[0]]


def test_wrong_items_are_never_owned_or_right_and_were_on_sale(shop: Path) -> None:
    purchases = read_purchases(shop, None, 100 * DAY_MS, split=True, seed=0)
    titles = np.zeros((len(purchases.titles), 24), np.int32)
    titles[:, 0] = np.arange(len(titles)) + 100
    vectors = np.eye(len(titles), dtype=np.float32)
    drawn: list[int] = []

    class Dice:
        """Notes which examples were chosen."""

        def __init__(self) -> None:
            self._rng = np.random.default_rng(3)

        def __getattr__(self, name: str) -> object:
            return getattr(self._rng, name)

        def integers(self, *args: int, **options: int) -> object:
            numbers = self._rng.integers(*args, **options)
            drawn.extend(np.atleast_1d(numbers).tolist())
            return numbers

    lists = PurchaseLists(purchases, titles, vectors, Dice()).draw(40, comments(), starts)
    for row, example in enumerate(purchases.examples[number] for number in drawn[:40]):
        items = lists.items[row, :, 0] - 100
        right, there = lists.right[row], lists.there[row]
        assert set(items[right]) <= set(example.targets.tolist())
        wrong = items[there & ~right]
        assert len(set(wrong)) == len(wrong)
        assert not set(wrong) & set(example.owned.tolist())
        assert not set(wrong) & set(example.targets.tolist())
        assert (purchases.first_day[wrong] <= example.day).all()


def test_lists_of_groups_have_one_right_item_of_the_group_of_the_recent_ones() -> None:
    captions = [(f"{word}{number}", word) for word in ("猫猫", "狗狗", "汽车") for number in range(4)]
    lists = GroupLists(Corpus(captions, [], captions), tokenise, np.random.default_rng(0)).draw(20, comments(), starts)
    assert lists.items.shape == (20, LIST, 24)
    assert lists.right.sum(axis=1).tolist() == [1] * 20
    firsts = lists.items[:, :, 0]
    assert (firsts[:, 1:] != firsts[:, :1]).all()
