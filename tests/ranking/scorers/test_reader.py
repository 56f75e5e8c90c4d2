"""Whose lists the cross-encoder reads, and what the others say of how closely the model read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.text import CPU
from streamrec.events.types import Danmaku, EventTime
from streamrec.ranking.batch.queries import ANSWERED, queries
from streamrec.ranking.features.schema import POSITION
from streamrec.ranking.ranked import Field
from streamrec.ranking.ranker import Ranker
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from tests.catalogue.test_catalogue import stats
from tests.ranking.test_ranker import LateModel
from tests.shop import NOW, WordModel, catalogue, item, settings, view


def shop_with(model: WordModel) -> Catalogue:
    shop = catalogue(*(item(f"i{number:02}", f"{'red' if number % 2 else 'blue'} mug{number}") for number in range(20)), model=model)
    for number in range(20):
        shop.put_stats(f"i{number:02}", stats(1 + number % 5))
    return shop


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
    asked = queries(rows, [NOW] * len(rows), [None] * len(rows), shop := shop_with(model))
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


class Broken(LateModel):
    def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
        raise RuntimeError("out of memory")


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
