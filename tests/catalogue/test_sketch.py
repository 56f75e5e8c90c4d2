"""A sketch tells a shop's own catalogue from another one, whatever their sizes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.sketch import ENOUGH, LEAST_SHARE, SIZE, Overlap, Sketch

ids = st.sets(st.text(max_size=12), max_size=60)


def ids_of(shop: str, count: int, first: int = 0) -> list[str]:
    return [f"{shop}-{number}" for number in range(first, first + count)]


@given(ids, ids)
def test_of_a_catalogue_that_fits_into_the_sketch_every_item_is_compared(trained: set[str], other: set[str]) -> None:
    assert Sketch.of(trained).compare(other) == Overlap(len(other), len(trained & other))


@given(ids)
def test_a_catalogue_knows_itself_unless_it_is_empty(own: set[str]) -> None:
    assert Sketch.of(own).compare(own).verdict is (True if own else None)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.9])
def test_the_share_that_is_known_is_estimated_from_a_sample(share: float) -> None:
    trained, count = ids_of("a", 20_000), 5_000
    known = int(share * count)
    found = Sketch.of(trained).compare(ids_of("a", known) + ids_of("b", count - known))
    assert 150 < found.compared < 400, "about one in twenty"
    assert found.known / found.compared == pytest.approx(share, abs=0.1)
    assert found.verdict is (share > LEAST_SHARE)


@pytest.mark.parametrize("trained", [30, 4_000, 100_000])
@pytest.mark.parametrize("months", [0.5, 0.9])
def test_hidden_months_of_the_same_shop_are_known_and_another_shop_is_not(trained: int, months: float) -> None:
    """In each later month some items go and others come."""
    sketch, kept = Sketch.of(ids_of("a", trained)), int(months * trained)
    assert sketch.compare(ids_of("a", kept) + ids_of("a", trained - kept, first=trained)).verdict is True
    assert sketch.compare(ids_of("b", trained)).verdict is False


def test_a_few_items_of_another_shop_tell_nothing_and_one_that_is_known_tells_all() -> None:
    sketch = Sketch.of(ids_of("a", 100))
    assert sketch.compare(ids_of("b", ENOUGH - 1)).verdict is None
    assert sketch.compare(ids_of("b", ENOUGH)).verdict is False
    assert sketch.compare(ids_of("a", 1) + ids_of("b", ENOUGH)).verdict is True
    assert sketch.compare([]).verdict is None


def test_the_sketch_of_a_large_catalogue_stays_small_and_survives_json() -> None:
    sketch = Sketch.of(ids_of("a", 50_000))
    assert (sketch.items, len(sketch.least)) == (50_000, 4 * SIZE)
    written = msgspec.json.encode(sketch)
    assert len(written) < 6_000
    assert msgspec.json.decode(written, type=Sketch) == sketch
