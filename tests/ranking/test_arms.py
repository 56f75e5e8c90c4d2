"""Arms of an experiment: shares as asked for, nobody changes arms, and each arm ranks its own way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.bert.blends import file_name, read_blend
from streamrec.bert.folder import SHIPPED
from streamrec.errors import ModelError, SettingsError
from streamrec.events.types import Trigger
from streamrec.ranking.arms import DEFAULT, MAY_DIFFER, Arms, load_arms
from streamrec.ranking.ranker import Ranker
from streamrec.settings import Settings
from streamrec.state.user import UserRow
from streamrec.worker.assembly import build_ranking
from streamrec.worker.list_maker import ListMaker, Request
from tests.catalogue.test_catalogue import stats
from tests.shop import NOW, catalogue, item, settings

USERS = [f"user-{number}" for number in range(4000)]


def written(folder: Path, text: str) -> Path:
    path = folder / "arms.toml"
    path.write_text(text)
    return path


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4), st.floats(0.0, 1.0), st.text(max_size=20))
def test_users_fall_into_arms_by_their_shares_and_the_rest_into_default(weights: list[float], rest: float, name: str) -> None:
    total = sum(weights) + rest
    shares = {f"arm{number}": weight / total for number, weight in enumerate(weights)}
    arms = Arms(name, shares)
    counts = Counter(map(arms.of, USERS))
    assert counts.keys() <= {*shares, DEFAULT}
    for arm, share in {**shares, DEFAULT: rest / total}.items():
        assert abs(counts[arm] - share * len(USERS)) <= 6 * np.sqrt(len(USERS) * share * (1 - share)) + 1


@given(st.text(min_size=1, max_size=128), st.text(max_size=300))
def test_a_user_stays_in_the_same_arm(user_id: str, name: str) -> None:
    shares = {"a": 0.3, "b": 0.3}
    assert Arms(name, shares).of(user_id) == Arms(name, dict(shares)).of(user_id)


def test_an_experiment_of_another_name_mixes_the_users_anew() -> None:
    first, second = Arms("spring", {"a": 0.5, "b": 0.5}), Arms("autumn", {"a": 0.5, "b": 0.5})
    both = Counter((first.of(user), second.of(user)) for user in USERS)
    assert all(800 < count < 1200 for count in both.values())


def test_an_arm_that_grows_takes_users_and_gives_none_away() -> None:
    before, after = Arms("x", {"new": 0.1}), Arms("x", {"new": 0.3})
    assert {user for user in USERS if before.of(user) == "new"} < {user for user in USERS if after.of(user) == "new"}


def test_an_arm_has_settings_of_its_own_and_the_others_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, '[arms.control]\nshare = 0.5\n[arms.b]\nshare = 0.5\ndiversity = 0.4\ndiversity_method = "dpp"\n')
    arms, found = load_arms(settings(arms=path, k=7))
    assert {arms.of(user) for user in USERS} == {"control", "b"}
    assert (found["control"].diversity, found["b"].diversity, found["b"].diversity_method, found["b"].k) == (0.0, 0.4, "dpp", 7)


def test_without_a_file_everyone_is_in_the_default_arm() -> None:
    arms, found = load_arms(settings())
    assert found.keys() == {DEFAULT}
    assert {arms.of(user) for user in USERS} == {DEFAULT}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[arms.a]\nshare = 0.7\n[arms.b]\nshare = 0.7", "sum to 1.4"),
        ("[arms.a]\nshare = 0", "arms.a.share"),
        ("[arms.a]\nshare = 0.5\nk = 5", "k cannot differ"),
        ("[arms.a]\nshare = 0.5\ndiversity = 3", "diversity"),
        ("[arms.a]\ndiversity = 0.3", "share"),
        ("[arms", "arms.toml"),
    ],
)
def test_a_file_without_sense_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        load_arms(settings(arms=written(tmp_path, text)))
    with pytest.raises(SettingsError, match="nowhere"):
        load_arms(settings(arms=tmp_path / "nowhere.toml"))


def test_what_may_differ_are_settings_and_all_of_them_are_documented() -> None:
    assert Settings.model_fields.keys() >= MAY_DIFFER
    section = (Path(__file__).parents[2] / "docs" / "settings.md").read_text().partition("## Experiments")[2]
    assert all(f"`{name}`" in section for name in MAY_DIFFER)


def test_an_arm_can_rank_by_a_blend_of_its_own(tmp_path: Path) -> None:
    own = SHIPPED / file_name("exclude", "off")
    path = written(tmp_path, f'[arms.one]\nshare = 0.5\nblend = "{own}"\n')
    ranking = build_ranking(settings(arms=path, blend_for="always"))
    assert ranking.rankers["one"].blend.weights == read_blend(own)[0].weights != ranking.ranker.blend.weights
    with pytest.raises(ModelError, match="no blend"):
        build_ranking(settings(blend=path))


def test_every_arm_ranks_by_its_own_settings_and_the_lists_say_so_in_the_order_of_their_triggers(tmp_path: Path) -> None:
    path = written(tmp_path, "[arms.one]\nshare = 0.5\nmax_per_category = 1\n")
    arms, found = load_arms(settings(arms=path, k=3))
    shop = catalogue(*(item(f"i{number}", category="toys" if number < 3 else "mugs") for number in range(5)))
    for number in range(5):
        shop.put_stats(f"i{number}", stats(9 - number))
    maker = ListMaker(shop, Ranker(shop, found[DEFAULT]), arms=arms, rankers={"one": Ranker(shop, found["one"])})
    triggers = [Trigger(topic="views", partition=0, offset=number, event_id="e", ts=NOW) for number in range(200)]
    made = maker.make([Request(f"user-{trigger.offset}", UserRow(), trigger, []) for trigger in triggers])
    assert [one.trigger.offset for one in made.lists] == list(range(200))
    assert [one.user_id for one in made.lists] == [f"user-{number}" for number in range(200)]
    assert [one.arm for one in made.lists] == [arms.of(one.user_id) for one in made.lists]
    by_arm = {one.arm: [place.item_id for place in one.items] for one in made.lists}
    assert by_arm == {DEFAULT: ["i0", "i1", "i2"], "one": ["i0", "i3", "i1"]}
