"""Whose lists the cross-encoder reads, and what the others say of how closely the model read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.text import CPU
from streamrec.errors import Overloaded
from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku
from streamrec.ranking.batch.queries import ANSWERED, queries
from streamrec.ranking.features.schema import POSITION
from streamrec.ranking.ranked import Field
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.share import STEPS, Share
from streamrec.ranking.scorers.worth import Times, Worth
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from tests.ranking.test_ranker import ranked, shop_of
from tests.shop import NOW, WordModel, catalogue, item, settings, view


def test_the_cross_encoder_scores_the_wanted_number_of_pairs_and_no_others() -> None:
    pairs = []

    class Counting(WordModel):
        def score(self, *asked: Any, **more: Any) -> NDArray[np.float32]:
            pairs.append(len(asked[2]))
            # None of them is the mean of all, which would look like an item that was not read.
            return np.exp2(np.arange(len(asked[2]), dtype=np.float32))

    shop, row = shop_of(30, Counting()), UserRow()
    apply(row, view("u", "i03"))
    weighed = Ranker(shop, settings(cross_pairs=7)).weigh(queries([row], [NOW], [None], shop), deadline=0.0)
    assert pairs == [7]
    assert np.count_nonzero(weighed.features[0, :, POSITION["cross"]]) == 7
    assert weighed.reading == (["pairs"], [None], [7])


class SlowModel(WordModel):
    """Has the scores of so many pairs when its time is over."""

    def __init__(self, come: int) -> None:
        super().__init__()
        self.come = come
        self.patience_s: list[float | None] = []

    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        self.patience_s.append(patience_s)
        return np.where(np.arange(len(user_of_pair)) < self.come, super().score(users, items, user_of_pair), np.nan)


def test_what_has_come_within_the_time_counts_and_the_list_says_that_something_is_lacking() -> None:
    field = weighed(SlowModel(come=11), JUST_NOW, JUST_NOW, cross_pairs_fixed=False)
    assert field.reading == (["pairs", "pairs"], [None, "overload"], [8, 3])


def test_the_time_of_a_reading_ends_at_the_deadline_however_late_that_is() -> None:
    model = SlowModel(come=8)
    weighed(model, JUST_NOW, cross_pairs_fixed=False)
    weighed(model, JUST_NOW)
    assert model.patience_s == [0.0, None], "deadlines were over, and do not count where the number is fixed"


def share_of(step: int) -> Share:
    """Promises so many eighths, and learns nothing."""
    share = Share(budget_s=1.0, clock=lambda: 0.0)
    share._step = step
    return share


@pytest.mark.parametrize(("step", "pairs"), [(STEPS, 8), (3, 3), (0, 0)])
def test_a_list_that_gets_what_the_load_allows_is_not_degraded_and_tells_what_that_was(step: int, pairs: int) -> None:
    shop = shop_of(20, WordModel())
    ranker = Ranker(shop, settings(cross_pairs=8, cross_pairs_fixed=False), share=share_of(step))
    reading = ranker.weigh(queries([JUST_NOW], [NOW], [None], shop), deadline=0.0).reading
    assert reading == (["pairs" if pairs else "vectors"], [None], [pairs])


def test_late_interaction_stands_in_where_the_load_allows_no_cross_encoder() -> None:
    shop, row = late_shop()
    ranker = Ranker(shop, settings(late_pairs=12, cross_pairs_fixed=False), share=share_of(0))
    field = ranker.weigh(queries([row], [NOW], [None], shop), deadline=0.0)
    assert field.reading == (["tokens"], [None], [0])
    assert 0 < np.count_nonzero(field.features[0, :, POSITION["cross"]]) <= 12


@pytest.mark.parametrize(
    ("provider", "pairs", "of_writers", "expected"),
    [
        (CPU, (1.2, 1.1, 1.3), None, [True, True]),
        (CPU, (1.0, 0.9, 1.1), None, [False, True]),
        (CPU, None, (1.0, 0.9, 1.1), [False, False]),
        ("CUDAExecutionProvider", (1.0, 0.9, 1.1), (1.0, 0.9, 1.1), [True, True]),
    ],
)
def test_on_a_cpu_those_are_read_for_whom_reading_was_worth_it(
    provider: str, pairs: Times | None, of_writers: Times | None, expected: list[bool]
) -> None:
    shop = shop_of(20, on(WordModel(), provider))
    ranker = Ranker(shop, settings(cross_pairs=8))
    ranker.rebase(Blend.plain(), Worth(pairs=pairs, pairs_of_writers=of_writers))
    assert read(ranker.weigh(queries([SILENT, JUST_NOW], [NOW] * 2, [None] * 2, shop), deadline=0.0)) == expected


class FullModel(WordModel):
    def ask(self, users: Any, items: Any, user_of_pair: Any) -> Any:
        raise Overloaded("too much waits")


def test_a_model_whose_queue_is_full_breaks_a_promise() -> None:
    field = weighed(on(FullModel(), CPU), SILENT, JUST_NOW, cross_pairs_fixed=False)
    assert field.reading == (["vectors", "vectors"], [None, "overload"], [0, 0])


def test_the_model_is_asked_before_anybody_waits_for_it() -> None:
    told = []

    class Told(WordModel):
        def ask(self, users: Any, items: Any, user_of_pair: Any) -> Any:
            told.append("asked")
            return super().ask(users, items, user_of_pair)

        def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
            told.append("taken")
            return super().score(users, items, user_of_pair)

    shop = shop_of(20, Told())
    ranker = Ranker(shop, settings(cross_pairs=8))
    begun = [ranker.begin(queries([JUST_NOW], [NOW], [None], shop)) for _ in range(2)]
    assert told == ["asked", "asked"]
    lists = [ranker.finish(each) for each in begun]
    assert told == ["asked", "asked", "taken", "taken"]
    at_once = ranker.rank(queries([JUST_NOW], [NOW], [None], shop))
    assert [each.slots.tolist() for each in lists] == [at_once.slots.tolist()] * 2
    assert [each.scores.tolist() for each in lists] == [at_once.scores.tolist()] * 2


class LateModel(WordModel):
    """Its late interaction likes the items with the largest first token."""

    late_tokens, late_dim = 3, 4

    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        self.crossed = items
        return super().score(users, items, user_of_pair, patience_s)

    def late_score(self, users: Any, items: Any, slots: Any, user_of_pair: Any) -> Any:
        assert items.states.shape == (len(items.tokens), self.late_tokens, self.late_dim)
        return items.tokens[slots, 1].astype(np.float32)


def late_shop() -> tuple[Catalogue, UserRow]:
    shop, row = shop_of(30, LateModel()), UserRow()
    apply(row, view("u", "i03"))
    return shop, row


def test_late_interaction_says_which_items_the_cross_encoder_looks_at() -> None:
    shop, row = late_shop()
    asked = queries([row], [NOW], [None], shop)
    table = Blend.plain()
    blend = replace(table, weights={**table.weights, "cross": 1000.0})
    ranker = Ranker(shop, settings(cross_pairs=3, late_pairs=30), blend)
    weighed = ranker.weigh(asked, deadline=0.0)
    candidates = weighed.candidates.slots[0, weighed.candidates.kept[0]]
    liked = sorted(shop.items.tokens[candidates, 1].tolist())[-3:]
    assert isinstance(shop.model, LateModel)
    assert sorted(shop.model.crossed[:, 1].tolist()) == liked


class BrokenModel(WordModel):
    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        raise RuntimeError("out of memory")


def test_a_model_that_fails_costs_a_degraded_list(caplog: pytest.LogCaptureFixture) -> None:
    shop, row = shop_of(12, BrokenModel()), UserRow()
    apply(row, view("u", "i03"))
    result = ranked(shop, row)
    assert result.reading.degraded == ["model-failed"]
    assert (result.slots >= 0).all()
    assert "cross-encoder failed" in caplog.text


def row_of(*, wrote_ago_ms: int | None) -> UserRow:
    """A viewer who looked at a red mug, and wrote so long ago."""
    row = UserRow()
    apply(row, view("u", "i03"))
    if wrote_ago_ms is not None:
        apply(row, Danmaku(user_id="u", room_id="r", ts=EventTime(NOW - wrote_ago_ms), text="is the red one large"))
    return row


def on(model: WordModel, provider: str) -> WordModel:
    model.provider = provider
    return model


def weighed(model: WordModel, *rows: UserRow, **changes: Any) -> Field:
    asked = queries(rows, [NOW] * len(rows), [None] * len(rows), shop := shop_of(20, model))
    return Ranker(shop, settings(cross_pairs=8, **changes)).weigh(asked, deadline=0.0)


def read(field: Field) -> list[bool]:
    """Which lists have an opinion of the model."""
    return field.features[:, :, POSITION["cross"]].any(axis=1).tolist()


SILENT, LONG_AGO, JUST_NOW = (row_of(wrote_ago_ms=ago) for ago in (None, ANSWERED, ANSWERED - 1))


@pytest.mark.parametrize(
    ("provider", "cross_for", "expected"),
    [
        (CPU, "auto", [False, False, True]),
        ("CUDAExecutionProvider", "auto", [True, True, True]),
        ("CUDAExecutionProvider", "writers", [False, False, True]),
        (CPU, "all", [True, True, True]),
    ],
)
def test_on_a_cpu_only_those_who_just_wrote_are_read_unless_the_settings_say_otherwise(
    provider: str, cross_for: str, expected: list[bool]
) -> None:
    field = weighed(on(WordModel(), provider), SILENT, LONG_AGO, JUST_NOW, cross_for=cross_for)
    assert read(field) == expected
    assert field.reading.depth == ["pairs" if each else "vectors" for each in expected]
    assert field.reading.degraded == [None] * 3


def test_late_interaction_reads_for_everybody_and_stays_where_the_cross_encoder_does_not() -> None:
    field = weighed(on(LateModel(), CPU), SILENT, JUST_NOW, late_pairs=12)
    assert read(field) == [True, True]
    assert field.reading.depth == ["tokens", "pairs"]
    assert np.count_nonzero(field.features[1, :, POSITION["cross"]]) <= 8


class Silent(LateModel):
    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        return np.full(len(user_of_pair), np.nan, np.float32)


class Broken(BrokenModel, LateModel):
    """Fails after late interaction has read."""


def test_a_list_is_said_to_be_read_only_as_closely_as_scores_came() -> None:
    unanswered = weighed(on(Silent(), CPU), JUST_NOW, late_pairs=12)
    assert (unanswered.reading.depth, read(unanswered)) == (["tokens"], [True])
    broken = weighed(on(Broken(), CPU), SILENT, JUST_NOW, late_pairs=12)
    assert (broken.reading.depth, read(broken)) == (["vectors", "vectors"], [False, False])
    assert broken.reading.degraded == ["model-failed", "model-failed"]


def test_without_a_model_nothing_is_read() -> None:
    shop = catalogue(item("a"))
    field = Ranker(shop, settings()).weigh(queries([SILENT], [NOW], [None], shop), deadline=0.0)
    assert field.reading == (["none"], [None], [0])


@pytest.mark.parametrize("cross_for", ["auto", "writers", "all"])
@pytest.mark.parametrize("fixed", [False, True])
def test_a_model_without_a_cross_encoder_is_never_asked_and_its_lists_are_whole(cross_for: str, fixed: bool) -> None:
    model = FullModel()
    model.scores_pairs = False
    field = weighed(on(model, "CUDAExecutionProvider"), SILENT, JUST_NOW, cross_for=cross_for, cross_pairs_fixed=fixed)
    assert field.reading == (["vectors", "vectors"], [None, None], [0, 0])
