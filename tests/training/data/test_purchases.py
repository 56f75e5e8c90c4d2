import json
from pathlib import Path

import numpy as np
import pytest

from streamrec.errors import InputError
from streamrec.training.data.purchases import DAY_MS, Purchases, read_purchases, read_titles

LINES = [
    ("ann", "a", 0, "1"),
    ("ann", "b", 0, "1"),
    ("bob", "b", 1, "2"),
    ("ann", "b", 3, "3"),
    ("ann", "c", 3, "3"),
    ("bob", "d", 5, "4"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    born = {"a": 0, "b": 0, "c": 3, "d": 5}
    items = [{"item_id": item, "title": item.upper(), "created_ts": day * DAY_MS} for item, day in born.items()]
    events = [{"user_id": user, "item_id": item, "ts": day * DAY_MS, "order_id": order} for user, item, day, order in LINES]
    events.append({"user_id": "ann", "item_id": "a", "ts": 4 * DAY_MS, "order_id": "C", "action": "refund"})
    for name, records in (("items", items), ("events", events)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return tmp_path


def until(folder: Path, day: int, start: int | None = None) -> Purchases:
    return read_purchases(folder, None if start is None else start * DAY_MS, day * DAY_MS, split=False, seed=0)


def test_nothing_from_the_day_on_is_seen(folder: Path) -> None:
    before = until(folder, 3)
    assert before.titles == ["A", "B"] == read_titles(folder, 3 * DAY_MS)
    assert before.examples == []
    assert until(folder, 4).titles == ["A", "B", "C"]


def test_targets_are_the_new_items_of_the_next_basket_after_the_history(folder: Path) -> None:
    (example,) = until(folder, 4).examples
    assert example.targets.tolist() == [2]
    assert example.recent.tolist() == [0, 1], "bought in one moment: in the order of ids"
    assert example.ages_days.tolist() == [3, 3]
    assert example.owned.tolist() == [0, 1]


def test_what_is_owned_or_not_yet_sold_is_closed(folder: Path) -> None:
    purchases = until(folder, 6)
    assert purchases.closed(purchases.examples[:1]).tolist() == [[True, True, False, True]]


def test_popularity_counts_only_days_before(folder: Path) -> None:
    popularity = until(folder, 6).popularity
    assert popularity[0].tolist() == [0, 0, 0, 0]
    assert popularity[1].tolist() == [1, 1, 0, 0]
    assert popularity[2, 1] == pytest.approx(1 + 0.5 ** (1 / 30))


def test_interest_halves_in_sixty_days(folder: Path) -> None:
    purchases = until(folder, 4)
    np.testing.assert_allclose(purchases.interest(purchases.examples), [[0.5 ** (3 / 60), 0.5 ** (3 / 60), 0]], rtol=1e-6)


def test_events_before_the_start_are_history_only(folder: Path) -> None:
    assert [example.user for example in until(folder, 6, start=5).examples] == ["bob"]


def test_a_split_basket_has_its_first_items_as_the_most_recent_history(shop: Path) -> None:
    purchases = read_purchases(shop, None, 100 * DAY_MS, split=True, seed=1)
    inside = [example for example in purchases.examples if (example.ages_days == 0).any()]
    assert inside
    for example in inside:
        assert example.ages_days[0] == 0
        assert not np.isin(example.targets, example.owned).any()


def test_a_folder_without_events_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dataset uci"):
        until(tmp_path, 1)


def test_a_malformed_line_is_refused(folder: Path) -> None:
    (folder / "events.jsonl").write_text("{")
    with pytest.raises(InputError, match="malformed"):
        until(folder, 1)
