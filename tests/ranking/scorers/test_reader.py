"""Whose lists the cross-encoder reads, and what the others say of how closely the model read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.text import CPU
from streamrec.events.types import Danmaku, EventTime
from streamrec.ranking.batch.queries import ANSWERED, queries
from streamrec.ranking.features.schema import POSITION
from streamrec.ranking.ranked import Field
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.cross_encoder import CrossEncoderScorer
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
    assert weighed.reading.degraded == [None]


def test_without_time_left_the_cross_encoder_is_left_out_and_the_list_says_so() -> None:
    shop, row = shop_of(30, WordModel()), UserRow()
    apply(row, view("u", "i03"))
    asked = queries([row], [NOW], [None], shop)
    weighed = Ranker(shop, settings(cross_pairs_fixed=False)).weigh(asked, deadline=0.0)
    assert weighed.reading.degraded == ["overload"]
    assert not weighed.features[0, :, POSITION["cross"]].any()


def test_the_cross_encoder_reads_what_there_is_time_for_but_not_so_few_that_chance_would_speak() -> None:
    scorer = CrossEncoderScorer(pairs=32, pairs_per_s=1000.0)
    assert [scorer.affordable(1, seconds) for seconds in (0.05, 0.02, 0.008, 0.007, -1.0)] == [32, 20, 8, 0, 0]
    assert scorer.affordable(2, 0.02) == 10
    assert CrossEncoderScorer(pairs=32, fixed=True).affordable(2, 0.0) == 32


class LateModel(WordModel):
    """Its late interaction likes the items with the largest first token."""

    late_tokens, late_dim = 3, 4

    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        self.crossed = items
        return super().score(users, items, user_of_pair, patience_s)

    def late_score(self, users: Any, items: Any, states: Any, user_of_pair: Any) -> Any:
        assert states.shape == (len(items), self.late_tokens, self.late_dim)
        return items[:, 1].astype(np.float32)


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


def test_late_interaction_stands_in_for_a_cross_encoder_that_has_no_time() -> None:
    shop, row = late_shop()
    asked = queries([row], [NOW], [None], shop)
    weighed = Ranker(shop, settings(late_pairs=12, cross_pairs_fixed=False)).weigh(asked, deadline=0.0)
    assert weighed.reading.degraded == ["overload"]
    assert 0 < np.count_nonzero(weighed.features[0, :, POSITION["cross"]]) <= 12


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


def test_without_time_only_lists_that_were_to_be_read_are_degraded() -> None:
    field = weighed(on(WordModel(), CPU), SILENT, JUST_NOW, cross_pairs_fixed=False)
    assert read(field) == [False, False]
    assert field.reading.depth == ["vectors", "vectors"]
    assert field.reading.degraded == [None, "overload"]


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
    assert field.reading == (["none"], [None])
