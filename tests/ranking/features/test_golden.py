"""Features, scores and lists of a seeded shop are those that were kept: an edit that moves any of them says so here."""

from __future__ import annotations

import numpy as np
import pytest

from streamrec.ranking.features.schema import FEATURES
from tests.ranking.features.seeded_shop import GOLDEN, REPEATS, facts

KEPT, FACTS = dict(np.load(GOLDEN)), facts()


def test_names_order_and_digest_of_the_features_are_those_kept() -> None:
    assert FACTS["names"].tolist() == KEPT["names"].tolist()
    assert FACTS["schema"] == KEPT["schema"]


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_has_the_values_kept_raw_and_standardised(name: str) -> None:
    position = KEPT["names"].tolist().index(name)
    for stage in ("raw", "standardised"):
        assert FACTS[stage][:, :, position] == pytest.approx(KEPT[stage][:, :, position], rel=1e-5, abs=1e-6)


def test_no_feature_of_the_seeded_shop_is_nothing_for_everyone() -> None:
    assert [name for name in FEATURES if not KEPT["standardised"][:, :, KEPT["names"].tolist().index(name)].any()] == []


@pytest.mark.parametrize("repeats", REPEATS)
def test_lists_of_the_shipped_blend_are_those_kept(repeats: str) -> None:
    for fact in ("slots", "sources", "because"):
        assert FACTS[f"{fact}_{repeats}"].tolist() == KEPT[f"{fact}_{repeats}"].tolist()
    for fact in ("scores", "contributions"):
        assert FACTS[f"{fact}_{repeats}"] == pytest.approx(KEPT[f"{fact}_{repeats}"], rel=1e-4, abs=1e-5, nan_ok=True)
