"""Features, scores and lists of a seeded shop are those that were kept: an edit that moves any of them says so here."""

from __future__ import annotations

import numpy as np
import pytest

from streamrec.ranking.features.schema import FEATURES, POSITION, SCHEMAS
from tests.ranking.features.seeded_shop import GOLDEN, REPEATS, facts

KEPT, FACTS = dict(np.load(GOLDEN)), facts()
NAMES: list[str] = KEPT["names"].tolist()


def test_the_features_kept_stand_in_their_order_and_what_was_written_with_them_can_be_read() -> None:
    assert [name for name in FEATURES if name in NAMES] == NAMES
    assert SCHEMAS[str(KEPT["schema"])] == tuple(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_feature_has_the_values_kept_raw_and_standardised(name: str) -> None:
    for stage in ("raw", "standardised"):
        kept = KEPT[stage][:, :, NAMES.index(name)]
        assert FACTS[stage][:, :, POSITION[name]] == pytest.approx(kept, rel=1e-5, abs=1e-6, nan_ok=True)
        assert kept.any() or (name, stage) == ("cross", "raw"), "a feature that is 0 for everyone shows nothing"


@pytest.mark.parametrize("repeats", REPEATS)
def test_lists_of_the_shipped_blend_are_those_kept(repeats: str) -> None:
    for fact in ("slots", "sources"):
        assert FACTS[f"{fact}_{repeats}"].tolist() == KEPT[f"{fact}_{repeats}"].tolist()
    assert FACTS[f"scores_{repeats}"] == pytest.approx(KEPT[f"scores_{repeats}"], rel=1e-4, abs=1e-5)
    added = FACTS[f"contributions_{repeats}"][:, :, [POSITION[name] for name in NAMES]]
    assert added == pytest.approx(KEPT[f"contributions_{repeats}"], rel=1e-4, abs=1e-5)
