"""The whole ranking: what may be in a list, what moves it, and that it is the same every time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku, Feedback
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.features.schema import FEATURES, POSITION
from streamrec.ranking.ranked import Ranked
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.sources.sources import default_sources
from streamrec.state.apply import apply
from streamrec.state.item import KINDS
from streamrec.state.meant import Meant
from streamrec.state.user import UserRow
from streamrec.state.voices import Spoken
from tests.catalogue.test_catalogue import stats
from tests.ranking.features.tiny import statistics
from tests.shop import DAY, NOW, WordModel, catalogue, impression, item, meant, purchase, room, rule, settings, view


def ranked(shop: Catalogue, *users: UserRow, room_id: str | None = None, **changes: Any) -> Ranked:
    asked = queries(users, [NOW] * len(users), [room_id] * len(users), shop)
    return Ranker(shop, settings(**changes)).rank(asked)


def replace_ts(event: Danmaku, ts: int) -> Danmaku:
    return msgspec.structs.replace(event, ts=EventTime(ts))


def listed(shop: Catalogue, row: UserRow, **changes: Any) -> list[str]:
    return [shop.items.ids[slot] for slot in ranked(shop, row, **changes).slots[0] if slot >= 0]


def shop_of(count: int, model: WordModel | None = None) -> Catalogue:
    shop = catalogue(*(item(f"i{number:02}", f"{'red' if number % 2 else 'blue'} thing{number}") for number in range(count)), model=model)
    for number in range(count):
        shop.put_stats(f"i{number:02}", stats(1 + number % 5, ts=NOW - number * DAY))
    return shop


def test_a_sold_out_item_is_in_no_list() -> None:
    shop = shop_of(12)
    assert "i04" in listed(shop, UserRow(), k=12)
    shop.put_items([item("i04", stock=0)])
    assert "i04" not in listed(shop, UserRow(), k=12)


def test_an_item_whose_room_has_ended_is_in_no_live_list() -> None:
    shop = shop_of(12)
    shop.put_room(room("r1", ["i01", "i02"]))
    shop.put_room(room("r2", ["i03"]))
    assert set(listed(shop, UserRow(), candidates="live")) == {"i01", "i02", "i03"}
    shop.put_room(room("r1", ["i01", "i02"], status="ended"))
    assert listed(shop, UserRow(), candidates="live") == ["i03"]


def test_without_any_room_auto_ranks_the_whole_shop_and_with_one_only_the_shelves() -> None:
    shop = shop_of(12)
    assert len(listed(shop, UserRow(), candidates="auto")) == 10
    shop.put_room(room("r", ["i05"]))
    assert listed(shop, UserRow(), candidates="auto") == ["i05"]


def test_an_item_of_the_future_is_not_known_yet() -> None:
    shop = shop_of(3)
    shop.put_items([item("i01", created_ts=NOW + 1)])
    assert "i01" not in listed(shop, UserRow())


def test_what_was_bought_is_left_out_when_repeats_are_excluded() -> None:
    shop, row = shop_of(12), UserRow()
    apply(row, purchase("u", "i07"))
    assert "i07" in listed(shop, row)
    result = ranked(shop, row, repeats="exclude")
    assert "i07" not in [shop.items.ids[slot] for slot in result.slots[0]]
    assert result.removed["bought"] == 1


def test_what_the_user_hid_does_not_come_back() -> None:
    shop, row = shop_of(12), UserRow()
    first = listed(shop, row)[0]
    apply(row, Feedback(user_id="u", list_id="l", item_id=first, action="hide", ts=EventTime(NOW)))
    assert first not in listed(shop, row, k=12)


def test_what_the_filters_remove_is_told_by_filter_and_once() -> None:
    shop = shop_of(12)
    shop.put_room(room("r1", [f"i{number:02}" for number in range(6)]))
    shop.put_items([item("i01", stock=0), item("i02", stock=0)])
    row = UserRow()
    for hidden in ("i02", "i03"):
        apply(row, Feedback(user_id="u", list_id="l", item_id=hidden, action="hide", ts=EventTime(NOW)))
    found = Ranker(shop, settings(candidates="live")).removed(queries([row], [NOW], ["r1"], shop))
    assert {name: sorted(items) for name, items in found.items() if items} == {"sold_out": ["i01", "i02"], "hidden": ["i03"]}


def test_every_candidate_is_kept_or_counted_under_the_filter_that_removed_it() -> None:
    shop, row = shop_of(12), UserRow()
    apply(row, purchase("u", "i01"))
    apply(row, Feedback(user_id="u", list_id="l", item_id="i02", action="hide", ts=EventTime(NOW)))
    shop.put_items([item("i03", created_ts=NOW + DAY)])
    shop.rules.put(rule("r", "block", "i04"))
    asked = queries([row], [NOW], [None], shop)
    weighed = Ranker(shop, settings(repeats="exclude")).weigh(asked, deadline=1e12)
    proposed = int((weighed.candidates.slots >= 0).sum())
    assert +weighed.removed == {"unlisted": 1, "hidden": 1, "blocked": 1, "bought": 1}
    assert int(weighed.candidates.kept.sum()) + sum(weighed.removed.values()) == proposed


@pytest.mark.parametrize("text", ["is the thing7 washable?", "7号多少钱", "number 7"])
def test_what_a_viewer_writes_moves_their_list(text: str) -> None:
    shop = shop_of(12)
    shop.put_room(room("r", [f"i{number:02}" for number in range(1, 12)]))
    before, row = listed(shop, UserRow(), candidates="live", room_id="r"), UserRow()
    apply(row, Danmaku(user_id="u", room_id="r", ts=EventTime(NOW), text=text), meant(shop, text))
    after = listed(shop, row, candidates="live", room_id="r")
    assert before[0] != "i07"
    assert after[0] == "i07"


def test_a_danmaku_that_carries_an_item_id_moves_the_list_without_a_word() -> None:
    shop, row = shop_of(12), UserRow()
    wordless = Danmaku(user_id="u", room_id="r", ts=EventTime(NOW), text="!!!", item_id="i09")
    apply(row, wordless, meant(shop, "!!!", "i09"))
    assert listed(shop, row)[0] == "i09"


def test_what_a_viewer_refuses_leaves_their_list_and_comes_back_when_they_want_it() -> None:
    shop, row = shop_of(12), UserRow()
    comment = Danmaku(user_id="u", room_id="r", ts=EventTime(NOW - 1000), text="no, not that one")
    first = listed(shop, row)[0]
    apply(row, comment, Meant(intents=["other"], unwanted=[first]))
    assert first not in listed(shop, row, k=12)
    assert ranked(shop, row).removed["refused"] == 1
    apply(row, replace_ts(comment, NOW), Meant(intents=["want"], items=[(first, 1.0)]))
    assert listed(shop, row)[0] == first


def test_what_a_viewer_wants_comes_before_what_they_asked_about_and_that_before_what_they_named() -> None:
    shop, row = shop_of(12), UserRow()
    before = listed(shop, row, k=12)
    wanted, asked, named = before[-1], before[-2], before[-3]
    for item_id, intents in ((named, ["other"]), (asked, ["ask_size"]), (wanted, ["want"])):
        comment = Danmaku(user_id="u", room_id="r", ts=EventTime(NOW), text=f"about {item_id}")
        apply(row, comment, Meant(intents=intents, items=[(item_id, 1.0)]))  # type: ignore[arg-type]
    assert listed(shop, row)[:3] == [wanted, asked, named]


def test_what_a_viewer_complains_of_or_spam_names_does_not_move_their_list() -> None:
    shop, row = shop_of(12), UserRow()
    before = listed(shop, row, k=12)
    for intent in ("complaint", "spam"):
        comment = Danmaku(user_id="u", room_id="r", ts=EventTime(NOW), text="words")
        apply(row, comment, Meant(intents=[intent], items=[(before[-1], 1.0)]))  # type: ignore[list-item]
    assert listed(shop, row, k=12) == before


def test_of_two_items_alike_in_all_else_the_one_that_viewers_complain_of_comes_last() -> None:
    shop = catalogue(item("a"), item("b"), item("c"))
    for item_id, spoken in (("a", Spoken(complaint=6.0)), ("b", Spoken()), ("c", Spoken(want=6.0, praise=6.0))):
        shop.put_stats(item_id, statistics([1.0] * 4, spoken=spoken))
    assert listed(shop, UserRow()) == ["c", "b", "a"]


def test_a_list_knows_who_proposed_each_item() -> None:
    shop, row = shop_of(12), UserRow()
    apply(row, purchase("u", "i07"))
    ranker = Ranker(shop, settings())
    result = ranker.rank(queries([row], [NOW], [None], shop))
    names = [set(ranker.source_names(int(bits))) & {"trending", "repeat"} for bits in result.sources[0]]
    proposed = dict(zip((shop.items.ids[slot] for slot in result.slots[0]), names, strict=True))
    assert proposed["i07"] == {"trending", "repeat"}
    assert proposed["i03"] == {"trending"}, "which was not bought"


def test_what_was_looked_at_again_and_again_steps_back() -> None:
    shop, row = shop_of(12), UserRow()
    first = listed(shop, row)[0]
    for _ in range(6):
        apply(row, impression("u", first))
    assert listed(shop, row)[0] != first


def test_bert_brings_up_what_resembles_the_users_items() -> None:
    shop = catalogue(*(item(f"i{number}", f"garden hose {number}") for number in range(8)), item("mug", "red mug large"), model=WordModel())
    shop.put_items([item("own", "red mug")])
    row = UserRow()
    apply(row, purchase("u", "own"))
    assert listed(shop, row, repeats="exclude", scoring="bert")[0] == "mug"


class BrokenSource:
    name = "broken"

    def fetch(self, context: Any) -> Any:
        raise RuntimeError("no")


def test_a_source_that_fails_is_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    shop = shop_of(12)
    result = Ranker(shop, settings(), sources=[BrokenSource(), *default_sources()]).rank(queries([UserRow()], [NOW], [None], shop))
    assert result.failed == {"broken": 1}
    assert (result.slots >= 0).all()
    assert "broken" in caplog.text


@pytest.mark.parametrize("wild", [np.nan, np.inf])
def test_a_logit_that_is_not_finite_changes_no_list(wild: float) -> None:
    class Wild(WordModel):
        def score(self, users: Any, items: Any, user_of_pair: Any, patience_s: float | None = None) -> Any:
            return np.full(len(items), wild, np.float32)

    row = UserRow()
    apply(row, view("u", "i03"))
    assert np.isfinite(ranked(shop_of(12, Wild()), row).scores).all()


def test_an_empty_shop_gives_an_empty_list() -> None:
    assert listed(catalogue(), UserRow()) == []
    assert listed(catalogue(model=WordModel()), UserRow()) == []


def user(seed: int) -> UserRow:
    row = UserRow()
    for number in range(seed % 7):
        apply(row, purchase("u", f"i{(seed * 7 + number * 5) % 30:02}", NOW - number * DAY))
        apply(row, view("u", f"i{(seed * 3 + number) % 30:02}", NOW - number * DAY))
    return row


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_a_list_does_not_depend_on_the_others_of_its_micro_batch(seeds: list[int]) -> None:
    shop = shop_of(30, WordModel())
    together = ranked(shop, *(user(seed) for seed in seeds), diversity=0.3)
    for position, seed in enumerate(seeds):
        alone = ranked(shop, user(seed), diversity=0.3)
        assert together.slots[position].tolist() == alone.slots[0].tolist()
        assert together.scores[position] == pytest.approx(alone.scores[0], abs=1e-5)


@given(st.permutations(range(20)))
def test_the_order_in_which_items_arrive_does_not_change_a_list(order: list[int]) -> None:
    def shop(numbers: list[int]) -> Catalogue:
        made = catalogue(*(item(f"i{number:02}", f"thing{number % 4}") for number in numbers))
        for number in numbers:
            made.put_stats(f"i{number:02}", stats(1 + number % 3))
        return made

    assert listed(shop(order), user(3)) == listed(shop(list(range(20))), user(3))


def test_contributions_sum_to_the_score() -> None:
    result = ranked(shop_of(30, WordModel()), user(5))
    assert result.contributions.sum(axis=2) == pytest.approx(result.scores, abs=1e-5)


def test_a_blend_that_lacks_a_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="weight"):
        Blend({"similarity": 1.0}, "v1")


def test_an_adjusted_blend_adds_a_linear_term_to_every_score_and_names_its_version() -> None:
    blend = Blend.plain()
    found = np.random.default_rng(1).normal(size=(2, 5, len(FEATURES)))
    adjusted = blend.adjusted({"similarity": 0.5, "shelf": -0.25}, "v2")
    expected = blend.score(found) + 0.5 * found[:, :, POSITION["similarity"]] - 0.25 * found[:, :, POSITION["shelf"]]
    assert adjusted.score(found) == pytest.approx(expected)
    assert adjusted.contributions(found).sum(axis=2) == pytest.approx(expected)
    assert (adjusted.version, blend.version != "v2") == ("v2", True)
    with pytest.raises(ValueError, match="nosuch"):
        blend.adjusted({"nosuch": 1.0}, "v3")


def huge(blend: Blend) -> Blend:
    """Weights that are finite, and give scores that are not."""
    return replace(blend, weights=blend.weights | {"owned": 3e38, "owned_count": 3e38, "repeat_recency": 3e38, "similarity": -3e38})


@pytest.mark.parametrize("both", [False, True])
def test_weights_that_give_no_finite_scores_cost_a_degraded_list_and_never_an_empty_one(
    both: bool, caplog: pytest.LogCaptureFixture
) -> None:
    shop, row = shop_of(8), UserRow()
    for number in range(4):
        apply(row, purchase("u", f"i{number:02}"))
    ranker = Ranker(shop, settings(k=5))
    asked = queries([row], [NOW], [None], shop)
    expected = ranker.rank(asked)
    ranker.blend = huge(ranker.base)
    if both:
        ranker.base = ranker.blend
    with np.errstate(all="ignore"):
        assert not np.isfinite(ranker.blend.score(ranker.weigh(asked, NOW).features)).all()
    found = ranker.rank(asked)
    assert found.slots.tolist() == expected.slots.tolist()
    assert np.isfinite(found.scores).all()
    assert np.isfinite(found.contributions).all()
    assert (expected.reading.degraded, found.reading.degraded) == ([None], ["scores-not-finite"])
    assert "give scores that are not finite" in caplog.text


def test_what_was_bought_leads_the_list_where_people_buy_it_again_and_only_there() -> None:
    row = UserRow()
    apply(row, purchase("u", "i05", NOW - DAY))
    once, again = shop_of(12), shop_of(12)
    for number in range(12):
        bought = stats(2 + number % 5, ts=NOW - number * DAY)
        again.put_stats(f"i{number:02}", msgspec.structs.replace(bought, again=0.8 * bought.counts[KINDS.index("purchase")][-1]))
    assert listed(again, row)[0] == "i05"
    assert listed(once, row)[0] != "i05"
