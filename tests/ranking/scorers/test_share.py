"""What is promised follows the load: all of it where there is time, less where there is not, and steadily."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.ranking.scorers.share import CALM_S, CEILING, FEWEST, LEAST, RARE_TRIAL_S, STEPS, TARGET, TRIAL_S, Share

PAIRS, BUDGET_S = 32, 0.06


@dataclass
class Shop:
    """A worker without its work: rounds of lists that come at random, or evenly, and are ranked, then read; its clock is ours."""

    pairs_per_s: float = 4000.0
    own_s: float = 0.001
    seed: int = 0
    evenly: bool = False
    now: float = 0.0
    given_up: int = 0
    waited_s: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.share = Share(BUDGET_S, lambda: self.now)
        self._dice, self._next = random.Random(self.seed), 0.0

    def run(self, lists_per_s: float, seconds: float) -> Shop:
        """Take what comes for so long; notes begin anew."""
        self.given_up, self.waited_s, self.steps = 0, [], []
        end = self._next + seconds
        while self._next < end:
            self.now = max(self.now, self._next)
            came = []
            while self._next <= self.now:
                came.append(self._next)
                self._next += 1 / lists_per_s if self.evenly else self._dice.expovariate(lists_per_s)
            self._round(came)
        return self

    def _round(self, came: list[float]) -> None:
        self.share.arrived(came[-1])
        begin = self.now
        while came:
            batch, came = came[: (most := self._most())], came[most:]
            self.now += self.own_s * len(batch)
            ranked = self.now
            self.share.asked(len(batch), PAIRS)
            pairs = len(batch) * self.share.promise(PAIRS)
            read = min(pairs, int(BUDGET_S * self.pairs_per_s))
            self.now += read / self.pairs_per_s
            if pairs:
                self.share.came(read, read, self.now - ranked, self.now - ranked, lacking=pairs - read)
            self.given_up += pairs > read
            self.waited_s += [self.now - each for each in batch]
            self.steps.append(round(STEPS * self.share.load.promised))
        self.share.made(self.now - begin)

    def _most(self) -> int:
        return max(1, int(min(64.0, self.share.at_once(PAIRS))))

    @property
    def changes(self) -> int:
        return sum(one != other for one, other in pairwise(self.steps))


seeds = st.integers(0, 1000)


EACH_S = 0.005
"""What a list takes if all of its pairs are read."""


@given(load=st.floats(0.01, 0.69), reading=st.floats(0.1, 0.9))
def test_where_three_tenths_of_the_time_are_left_every_list_is_promised_all_and_gets_it(load: float, reading: float) -> None:
    shop = Shop(PAIRS / (reading * EACH_S), (1 - reading) * EACH_S, evenly=True).run(load / EACH_S, 10.0)
    assert set(shop.steps) == {STEPS}
    assert shop.given_up == 0


@given(load=st.floats(0.01, 0.6), reading=st.floats(0.1, 0.9), seed=seeds)
def test_lists_that_come_at_random_get_what_they_are_promised_which_is_seldom_less_than_all(load: float, reading: float, seed: int) -> None:
    shop = Shop(PAIRS / (reading * EACH_S), (1 - reading) * EACH_S, seed).run(load / EACH_S, 10.0)
    assert sum(shop.steps) > 0.9 * STEPS * len(shop.steps)
    assert shop.given_up == 0


@given(pairs_per_s=st.floats(2000.0, 50_000.0), own_s=st.floats(0.0001, 0.001), rate=st.floats(20.0, 600.0), seed=seeds)
def test_whatever_comes_the_model_leaves_time_to_the_ranking(pairs_per_s: float, own_s: float, rate: float, seed: int) -> None:
    shop = Shop(pairs_per_s, own_s, seed).run(rate, 20.0).run(rate, 20.0)
    busy = rate * (own_s + PAIRS * sum(shop.steps) / len(shop.steps) / STEPS / pairs_per_s)
    # A random minute is not the usual one: some per cent beside the ceiling.
    assert busy <= max(CEILING, rate * own_s + LEAST) + 0.1
    assert shop.changes <= 12
    assert shop.given_up <= 0.02 * len(shop.steps)


def test_the_more_comes_the_less_is_promised() -> None:
    promised = [Shop().run(rate, 20.0).run(rate, 20.0).steps for rate in (20, 60, 120, 240, 480)]
    means = [sum(steps) / len(steps) for steps in promised]
    assert all(fewer <= more + 0.05 for more, fewer in pairwise(means)), "but for a trial now and then"
    assert means[0] == STEPS
    assert means[-1] < 0.05


def test_a_model_that_is_cheap_is_asked_however_busy_the_ranking_is() -> None:
    shop = Shop(pairs_per_s=400_000.0, own_s=0.001).run(850, 20.0)
    assert set(shop.steps) == {STEPS}
    assert shop.share.load.maker > CEILING


def test_a_rush_is_noticed_before_many_have_waited_and_when_it_is_over_all_is_promised_again() -> None:
    shop = Shop().run(20, 20.0)
    assert shop.steps[-1] == STEPS
    shop.run(400, 20.0)
    assert shop.steps[-1] == 0
    assert max(shop.waited_s[-400:]) < BUDGET_S
    assert shop.run(20, 20.0).steps[-1] == STEPS


def test_a_model_too_slow_for_one_list_within_its_time_is_promised_to_nobody() -> None:
    shop = Shop(pairs_per_s=100.0).run(0.5, 300.0)
    assert shop.steps.count(0) > 0.9 * len(shop.steps)


def test_nothing_is_known_at_first_and_all_is_promised() -> None:
    share = Share(BUDGET_S, lambda: 0.0)
    share.asked(1000, PAIRS)
    assert share.promise(PAIRS) == PAIRS
    assert share.at_once(PAIRS) == float("inf")
    assert share.load.scored_per_s != share.load.scored_per_s, "not a number"


def test_what_is_asked_for_while_warming_is_forgotten_and_the_speeds_are_not() -> None:
    shop = Shop(pairs_per_s=1000.0).run(1000, 1.0)
    shop.share.begin_anew()
    load = shop.share.load
    assert (load.promised, load.wanted_per_s, load.model, load.maker) == (1.0, 0.0, 0.0, 0.0)
    assert load.scored_per_s == pytest.approx(1000.0)


def test_each_reading_that_is_given_up_takes_a_step_down_and_a_step_up_takes_a_while() -> None:
    now = [0.0]
    share = Share(BUDGET_S, lambda: now[0])
    share.came(10, 10, 0.0001, 0.0001, lacking=1)
    assert share.promise(PAIRS) == PAIRS * (STEPS - 1) / STEPS
    for moment in (0.1, 0.2, 0.1 + CALM_S):
        assert share.promise(PAIRS) < PAIRS
        now[0] = moment
        share.asked(1, PAIRS)
    assert share.promise(PAIRS) == PAIRS


def test_a_promise_of_less_than_a_quarter_is_none() -> None:
    share = Share(BUDGET_S, lambda: 0.0)
    promised = []
    for _ in range(STEPS):
        share.came(10, 10, 0.0001, 0.0001, lacking=1)
        promised.append(share.promise(PAIRS))
    assert promised == [28, 24, 20, 16, 12, 8, 0, 0]
    assert FEWEST * PAIRS / STEPS == 8


def test_what_made_the_model_slow_may_be_over_so_it_is_tried_again() -> None:
    shop = Shop(pairs_per_s=200.0).run(100, TRIAL_S / 2)
    assert shop.steps[-1] == 0
    shop.pairs_per_s = 40_000.0
    assert shop.run(100, 3 * TRIAL_S).steps[-1] == STEPS


def test_one_that_stays_slow_is_tried_ever_more_seldom() -> None:
    shop = Shop(pairs_per_s=200.0)
    changes = [shop.run(100, RARE_TRIAL_S).changes for _ in range(3)]
    assert changes[0] > changes[2] > 0
    assert changes[2] <= 4


def test_while_nobody_asks_the_load_falls() -> None:
    shop = Shop().run(50, 20.0)
    assert 40 < shop.share.load.lists_per_s < 60
    assert shop.share.load.scored_per_s == pytest.approx(4000.0)
    shop.now += 60.0
    assert shop.share.load._replace(scored_per_s=0.0) == pytest.approx((1.0, 0.0, 0.0, 0.0, 0.0, 0.0), abs=1e-6)


def test_times_of_triggers_that_stand_still_are_not_taken_for_a_rush() -> None:
    now = [0.0]
    share = Share(BUDGET_S, lambda: now[0])
    for _ in range(100):
        now[0] += 0.1
        share.arrived(5.0)
        share.asked(1, PAIRS)
    assert share.load.lists_per_s <= 4.2 * 10


def test_it_stays_within_what_is_said_of_it() -> None:
    assert 0 < LEAST < TARGET < CEILING < 1
