from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import InputError
from streamrec.evaluation.evaluator import FileScores
from streamrec.evaluation.relevance import holds
from tests.evaluation.shop import DAY, bought, item, ranked, scores, viewed


def hits(found: FileScores, mode: str = "all") -> list[float]:
    """Hits within the places that count, of each list."""
    return [round(value * 10) for value in found.modes[mode].metrics["precision"]]


def test_all_items_of_the_order_are_relevant_and_nothing_else(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("u", "b", 5, "1"), bought("u", "c", 5, "2"), bought("v", "d", 0, "1"), viewed("u", "e", 1)]
    found = scores(tmp_path, events, [ranked("u", 0, "abcde"), ranked("v", 3, "abcde")])
    assert hits(found) == [2, 1]
    assert found.modes["all"].metrics["recall"] == pytest.approx([1, 1])


def test_several_lists_for_one_order_count_once_and_the_first_of_them(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("u", "b", 0, "1"), bought("u", "c", 0, "1")]
    found = scores(tmp_path, events, [ranked("u", 2, "xyz"), ranked("u", 1, "abc"), ranked("u", 1, "xyz")])
    assert hits(found) == [3]
    assert (found.lists, found.users, found.repeated) == (3, 1, 2)


def test_a_purchase_without_an_order_stands_alone(tmp_path: Path) -> None:
    events = [bought("u", "a", 0), bought("u", "b", 0)]
    found = scores(tmp_path, events, [ranked("u", 0, "ab"), ranked("u", 1, "ab")])
    assert hits(found) == [1, 1]


def test_an_order_of_the_same_number_by_another_user_is_another_order(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("v", "b", 0, "1")]
    assert hits(scores(tmp_path, events, [ranked("u", 0, "ab"), ranked("v", 1, "ab")])) == [1, 1]


def test_a_view_and_danmaku_are_about_their_item(tmp_path: Path) -> None:
    danmaku = {"topic": "danmaku", "user_id": "u", "room_id": "r", "ts": 1_300_000_000_000, "text": "?"}
    events = [viewed("u", "a", 0), danmaku | {"item_id": "b"}, danmaku]
    lists = [ranked("u", 0, "ab", "views"), ranked("u", 1, "ab", "danmaku"), ranked("u", 2, "ab", "danmaku")]
    found = scores(tmp_path, events, lists)
    assert hits(found) == [1, 1]
    assert found.modes["all"].left_out == 1


def test_new_takes_what_was_bought_before_out_of_list_and_relevance(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("u", "a", DAY, "2"), bought("u", "b", DAY, "2")]
    found = scores(tmp_path, events, [ranked("u", 1, "axb")], k=2)
    assert found.modes["all"].metrics["recall"] == pytest.approx([1 / 2])
    assert found.modes["new"].metrics["recall"] == pytest.approx([1])
    assert found.modes["new"].metrics["mrr"] == pytest.approx([1 / 2])


def test_what_the_order_itself_holds_was_not_bought_before(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("u", "b", 7, "1"), bought("u", "b", 9, "1")]
    assert hits(scores(tmp_path, events, [ranked("u", 1, "ab")]), "new") == [2]


def test_views_refunds_later_purchases_and_those_of_others_do_not_make_an_item_old(tmp_path: Path) -> None:
    events = [
        viewed("u", "a", 0),
        bought("u", "b", 0, "0", action="refund"),
        bought("v", "c", 0, "0"),
        bought("u", "a", 5, "1"),
        bought("u", "b", 5, "1"),
        bought("u", "c", 5, "1"),
        bought("u", "d", 5, "1"),
        bought("u", "d", 6, "2"),
    ]
    assert hits(scores(tmp_path, events, [ranked("u", 3, "abcd")]), "new") == [4]


def test_before_means_in_time_not_in_the_file(tmp_path: Path) -> None:
    events = [bought("u", "a", DAY, "2"), bought("u", "a", 0, "1")]
    found = scores(tmp_path, events, [ranked("u", 0, "a"), ranked("u", 1, "a")])
    assert found.modes["new"].left_out == 1
    assert hits(found, "new") == [1]


def test_a_refund_is_no_order(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, "1"), bought("u", "a", 1, "1", action="refund"), bought("u", "b", 2, "2", action="refund")]
    found = scores(tmp_path, events, [ranked("u", 0, "ab"), ranked("u", 2, "ab")])
    assert hits(found) == [1]
    assert found.modes["all"].left_out == 1


def test_lists_of_a_worker_are_matched_by_event_id_wherever_the_event_lay(tmp_path: Path) -> None:
    events = [bought("u", "a", 0, event_id="e1"), bought("u", "b", 0, event_id="e2"), bought("v", "c", 0, event_id="e1")]
    lists = [ranked("u", 17, "abc", "streamrec.purchases", "e2"), ranked("v", 3, "abc", "streamrec.purchases", "e1")]
    assert scores(tmp_path, events, lists).modes["all"].metrics["mrr"] == pytest.approx([1 / 2, 1 / 3])


@pytest.mark.parametrize(
    "stray",
    [
        ranked("u", 1, "a"),
        ranked("v", 0, "a"),
        ranked("u", 9, "a"),
        ranked("u", 0, "a", event_id="other"),
        ranked("nobody", 0, "a", event_id="e1"),
        ranked("v", 1, "a") | {"trigger": {"topic": "streamrec.purchases", "partition": 3, "offset": 1, "event_id": "-", "ts": 1}},
    ],
)
def test_a_list_whose_trigger_is_not_among_the_events_is_named_by_its_line(tmp_path: Path, stray: dict[str, object]) -> None:
    events = [bought("u", "a", 0, event_id="e1"), bought("v", "b", 0)]
    with pytest.raises(InputError, match=r"lists\.jsonl: line 2: the trigger of list"):
        scores(tmp_path, events, [ranked("u", 0, "a", event_id="e1"), stray])


def test_without_an_item_list_auc_and_diversity_are_not_defined(tmp_path: Path) -> None:
    found = scores(tmp_path, [bought("u", "a", 0)], [ranked("u", 0, "ba")]).modes["all"]
    assert [str(found.metrics[name][0]) for name in ("auc", "diversity")] == ["nan", "nan"]
    assert found.catalogue == 2


def test_auc_is_over_the_items_known_at_the_time_of_the_order(tmp_path: Path) -> None:
    now = bought("u", "a", DAY)["ts"]
    items = [item("a"), item("b"), item("c", created_ts=now - 1), item("d", created_ts=now + 1), item("e", created_ts=now)]
    found = scores(tmp_path, [bought("u", "a", DAY)], [ranked("u", 0, "ba")], items).modes["all"]
    assert found.metrics["auc"] == pytest.approx([1 / 2])
    listed_ahead = scores(tmp_path, [bought("u", "a", DAY)], [ranked("u", 0, "dba")], items).modes["all"]
    assert listed_ahead.metrics["auc"] == pytest.approx([1 / 3])
    unlisted = scores(tmp_path, [bought("u", "a", DAY)], [ranked("u", 0, "b")], items).modes["all"]
    assert unlisted.metrics["auc"] == pytest.approx([1 / 4])


def test_auc_of_new_items_leaves_those_bought_before_out_of_the_catalogue(tmp_path: Path) -> None:
    events = [bought("u", "b", 0, "1"), bought("u", "a", DAY, "2")]
    found = scores(tmp_path, events, [ranked("u", 1, "bca")], [item(name) for name in "abcd"])
    assert found.modes["all"].metrics["auc"] == pytest.approx([1 / 3])
    assert found.modes["new"].metrics["auc"] == pytest.approx([1 / 2])


def test_what_was_bought_before_but_is_not_in_the_catalogue_is_not_taken_out_of_it(tmp_path: Path) -> None:
    events = [bought("u", "ghost", 0, "1"), bought("u", "a", DAY, "2")]
    found = scores(tmp_path, events, [ranked("u", 1, "bca")], [item(name) for name in "abcd"])
    assert found.modes["new"].metrics["auc"] == pytest.approx([1 / 3])


@given(st.lists(st.lists(st.integers(0, 4), unique=True, max_size=4), min_size=1, max_size=5), st.data())
def test_places_are_held_by_the_pairs_of_their_own_list_only(rows: list[list[int]], data: st.DataObject) -> None:
    table = np.array([row + [-1] * (4 - len(row)) for row in rows])
    pairs = sorted(data.draw(st.sets(st.tuples(st.integers(0, len(rows) - 1), st.integers(0, 4)))))
    lists, items = np.array(pairs, np.int64).reshape(-1, 2).T
    wanted = [[(at, place) in pairs for place in row] for at, row in enumerate(table.tolist())]
    assert holds((lists, items), table).tolist() == wanted


def test_diversity_is_of_titles_and_category(tmp_path: Path) -> None:
    items = [item("a", "Red mug", category="kitchen"), item("b", "Red pot", category="kitchen"), item("c", "Blue toy")]
    for order, distance in (("ab", 1 / 2), ("ac", 1), ("abc", (1 / 2 + 1 + 1) / 3), ("aa", None)):
        names = list(dict.fromkeys(order))
        found = scores(tmp_path, [bought("u", "a", 0)], [ranked("u", 0, names)], items).modes["all"].metrics["diversity"][0]
        assert found == pytest.approx(float("nan") if distance is None else distance, nan_ok=True)


def test_the_catalogue_holds_listed_items_that_its_file_lacks(tmp_path: Path) -> None:
    found = scores(tmp_path, [bought("u", "a", 0)], [ranked("u", 0, "xyz")], [item("a"), item("x")]).modes["all"]
    assert found.catalogue == 4
