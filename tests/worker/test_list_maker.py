"""No viewer is sent another's list, whatever fails while lists are made."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from streamrec.learning.slates import decode_slate
from streamrec.ranking.ranker import Ranker
from streamrec.state.apply import GUESS
from streamrec.testing.word_model import AskedWords
from streamrec.worker import list_maker as lists_module
from streamrec.worker.list_maker import Made, Request
from tests.ranking.features.tiny import told
from tests.shop import NOW, WordModel
from tests.shop import record as sent
from tests.worker.user_side import Side, lists, out, view

USERS = [f"u{number}" for number in range(66)]
STEPS = [
    (lists_module, "queries"),
    (lists_module, "_by_user"),
    (lists_module, "_slates"),
    (lists_module, "slate_of"),
    (lists_module, "codes"),
    (lists_module.ListMaker, "_items"),
    (lists_module.ListMaker, "_recommend"),
    (Ranker, "begin"),
    (Ranker, "finish"),
    (Ranker, "base_scores"),
]

EVERY_LIST_NEEDS = [step for step in STEPS if step[1] not in ("_recommend", "codes")]
"""Steps without which a list is empty. Without `_recommend` there is none at all, and the engine buries the record."""


def failing(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, at: Callable[[int], bool]) -> None:
    """The calls of that function whose numbers `at` names raise."""
    original, calls = getattr(owner, name), itertools.count(1)

    def call(*args: Any, **options: Any) -> Any:
        if at(next(calls)):
            raise RuntimeError("injected")
        return original(*args, **options)

    monkeypatch.setattr(owner, name, call)


def sliced() -> Side:
    side = Side(slates=True)
    side.users.side.maker._slates = True
    return side


@pytest.mark.parametrize(("owner", "name"), STEPS, ids=lambda part: part if isinstance(part, str) else "")
@pytest.mark.parametrize("call", [1, 2, 3, 65])
def test_one_failure_at_any_step_costs_nobody_a_list_and_mixes_none_up(
    owner: Any, name: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, owner, name, lambda number: number == call)
    side = sliced()
    outcome = side.send(*(view(offset, user) for offset, user in enumerate(USERS)))
    made = lists(outcome)
    assert [one.user_id for one in made] == USERS
    assert [one.list_id for one in made] == [f"streamrec.views-0-{offset}" for offset in range(len(USERS))]
    assert [record.key for record in out(outcome, "recommendations")] == [user.encode() for user in USERS]
    assert {one.seq for one in made} == {1}, "a list that was made again was told to its row twice"
    for record in out(outcome, "slates"):
        slate = decode_slate(record.value)
        (own,) = [one for one in made if one.list_id == slate.list_id]
        assert (record.key, slate.user_id, slate.items) == (own.user_id.encode(), own.user_id, [item.item_id for item in own.items])
    for user in USERS:
        assert side.rows[user.encode()].seq == 1


@pytest.mark.parametrize(("owner", "name"), EVERY_LIST_NEEDS, ids=lambda part: part if isinstance(part, str) else "")
def test_where_a_step_always_fails_lists_are_empty_and_say_so(owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, owner, name, lambda number: True)
    made = lists(sliced().send(*(view(offset, user) for offset, user in enumerate(USERS[:5]))))
    assert [(one.user_id, one.items, one.degraded) for one in made] == [(user, [], "ranking-failed") for user in USERS[:5]]


def test_a_list_under_anothers_name_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the maker does: the one who sends compares."""
    side = sliced()
    make = side.users.side.maker.make

    def swapped(requests: list[Request]) -> Made:
        made = make(requests)
        made.lists.reverse()
        return made

    monkeypatch.setattr(side.users.side.maker, "make", swapped)
    with pytest.raises(ValueError, match="not the one that was asked for"):
        side.send(view(1, "u"), view(2, "v"))


def test_fewer_lists_than_requests_are_noticed() -> None:
    with pytest.raises(ValueError, match="1 lists and 0 slates were made for 2 requests"):
        Made(lists=lists(Side().send(view(1)))).arrange([0, 1])


def test_a_list_that_is_larger_than_a_record_may_be_loses_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = out(sliced().send(view(1)), "recommendations")
    most = len(whole.value or b"") - 100
    monkeypatch.setattr("streamrec.worker.user_batch.LIST_BYTES", most)
    outcome = sliced().send(view(1))
    (made,) = lists(outcome)
    assert 0 < len(made.items) < 5
    assert made.degraded == "too-large"
    assert len(msgspec.json.encode(made)) <= most
    assert out(outcome, "slates") == []


def test_without_impressions_the_visible_places_are_taken_for_seen() -> None:
    side = Side(visible_places=2)
    (made,) = lists(side.send(view(1)))
    assert list(side.rows[b"u"].shown) == [item.item_id for item in made.items[:2]]
    side.send(view(2))
    assert [entry.count for entry in side.rows[b"u"].shown.values()] == [GUESS, GUESS], "the list of the next comment was seen, too"


def test_where_the_shop_sends_impressions_no_list_is_taken_for_seen() -> None:
    side = Side()
    side.catalogue.put_stats("i3", told("impression", 1.0))
    side.send(view(1))
    assert side.rows[b"u"].shown == {}
    side.send(sent("feedback", 1, user_id="u", list_id="l", item_id="i4", action="impression", ts=NOW))
    assert list(side.rows[b"u"].shown) == ["i4"]


class Watching(WordModel):
    """Notes which viewers' pairs it is asked for and which are waited for, by the first item that each of them looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int]] = []

    def ask(self, users: Any, items: Any, user_of_pair: Any) -> Any:
        lists, told, asked = len(users), self.told, super().ask(users, items, user_of_pair)
        told.append(("asked", lists))

        class Waited(AskedWords):
            def take(self, patience_s: float | None = None) -> Any:
                told.append(("waited for", lists))
                return super().take(patience_s)

        return Waited(asked.score, asked.scored)


def test_the_model_reads_one_micro_batch_while_the_next_one_is_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ranker, "at_once", lambda self: 2)
    model = Watching()
    side = Side(model=model, cross_pairs_fixed=True)
    made = lists(side.send(*(view(offset, f"u{offset}") for offset in range(5))))
    assert model.told == [("asked", 2), ("asked", 2), ("waited for", 2), ("asked", 1), ("waited for", 2), ("waited for", 1)]
    assert [one.user_id for one in made] == [f"u{offset}" for offset in range(5)]
    together = Side(model=WordModel(), cross_pairs_fixed=True)
    assert [one.items for one in made] == [one.items for one in lists(together.send(*(view(offset, f"u{offset}") for offset in range(5))))]


def test_whom_the_model_reads_comes_first_and_no_micro_batch_has_more_of_them_than_it_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ranker, "at_once", lambda self: 2)
    sizes = []
    begin = Ranker.begin

    def noted(self: Ranker, asked: Any) -> Any:
        sizes.append((asked.size, int(asked.wrote.sum())))
        return begin(self, asked)

    monkeypatch.setattr(Ranker, "begin", noted)
    side = Side(model=WordModel(), cross_for="writers", cross_pairs_fixed=True)
    users = [f"u{number}" for number in range(100)]
    for offset, user in enumerate(users[1::20]):
        side.send(sent("danmaku", offset, user_id=user, room_id="r", text="red", ts=NOW))
    sizes.clear()
    made = lists(side.send(*(view(offset, user) for offset, user in enumerate(users))))
    assert sizes == [(2, 2), (2, 2), (64, 1), (32, 0)]
    assert [one.user_id for one in made] == users
    assert [one.user_id for one in made if one.model.pairs] == users[1::20]
