"""How much an item's text is like that of what the user took."""

from __future__ import annotations

import pytest

from tests.ranking.features.tiny import user, values
from tests.shop import DAY, NOW, WordModel, catalogue, item


def test_similarity_is_the_cosine_to_all_interest_and_similarity_last_to_the_last_basket() -> None:
    shop = catalogue(item("mug", "red mug"), item("hose", "green hose"), item("same", "red hose"), item("other", "lamp"), model=WordModel())
    row = user(bought={"mug": (NOW, 1.0), "hose": (NOW - 60 * DAY, 1.0)})
    # The interest is 2 mug + hose, of length sqrt(5) times that of either; "red hose" shares half of each.
    assert values(shop, "similarity", row) == pytest.approx(
        {"mug": 2 / 5**0.5, "hose": 1 / 5**0.5, "same": 1.5 / 5**0.5, "other": 0.0}, abs=1e-6
    )
    assert values(shop, "similarity_last", row) == pytest.approx({"mug": 1.0, "hose": 0.0, "same": 0.5, "other": 0.0}, abs=1e-6)


@pytest.mark.parametrize("name", ["similarity", "similarity_last"])
def test_without_a_text_model_nothing_is_alike(name: str) -> None:
    assert values(catalogue(item("a"), item("b")), name, user(bought={"a": (NOW, 1.0)})) == {"a": 0.0, "b": 0.0}


def test_words_in_common_count_by_how_rare_they_are_in_the_shop() -> None:
    shop = catalogue(item("a", "red mug"), item("b", "red lamp"), item("c", "blue mug"), item("d", "red box"), item("e", "green tea"))
    row = user(bought={"a": (NOW, 1.0)})
    found = values(shop, "words", row)
    assert found["a"] == pytest.approx(1.0)
    assert found["c"] > found["b"] > 0.0
    assert found["d"] == pytest.approx(found["b"])
    assert found["e"] == 0.0
    assert values(shop, "words_last", row) == pytest.approx(found)
    assert values(shop, "words") == dict.fromkeys("abcde", 0.0)
