"""What an example says follows from the slate and its feedback, in whatever order they come, once."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.fields import EventTime
from streamrec.events.types import Feedback
from streamrec.learning.examples import Example, actions_of, decode_example, encode_example, hashed
from streamrec.learning.join import LATE_PURCHASE_MS, SKEW_MS, WINDOW_MS, Joiner
from streamrec.learning.slates import Slate, decode_slate, encode_slate
from streamrec.ranking.features.schema import FEATURES, SCHEMA
from tests.shop import NOW

SETTLE = 5_000
ITEMS = ["a", "b", "c"]
ACTIONS = ["impression", "click", "cart", "purchase", "hide", "complaint"]


def slate(list_id: str = "l", user_id: str = "u", ts: int = NOW) -> Slate:
    features = np.arange(len(ITEMS) * len(FEATURES)).reshape(len(ITEMS), -1) / 64
    scores = [3.0, 2.0, 1.0]
    raw = features.astype("<f2").tobytes()
    return Slate(list_id, user_id, ts, ts, "default", "v", "base", "m", SCHEMA, ITEMS, [1.0, 0.5, 1.0], scores, raw)


def feedback(item_id: str = "a", action: Any = "click", delay: int = 1000, list_id: str = "l", user_id: str = "u") -> Feedback:
    return Feedback(user_id=user_id, list_id=list_id, item_id=item_id, action=action, ts=EventTime(NOW + delay))


def joiner(most: int = 100) -> Joiner:
    return Joiner(SETTLE, most)


def told(examples: list[Example]) -> dict[str, dict[tuple[int, str], int]]:
    """What the last example of each list says."""
    return {example.list_id: actions_of(example) for example in examples}


def test_a_reaction_is_told_after_it_settled_with_what_was_seen_beside_it() -> None:
    side = joiner()
    side.slate(slate(), NOW)
    side.feedback(feedback("a", "impression", 10), NOW + 10)
    side.feedback(feedback("b"), NOW + 1000)
    side.feedback(feedback("b", "impression", 10), NOW + 1500)
    assert side.due(NOW + 1000 + SETTLE - 1) == []
    (example,) = side.due(NOW + 1000 + SETTLE)
    assert [item.actions for item in example.items] == [{"impression": 10}, {"click": 1000, "impression": 10}, {}]
    assert example.fresh == [(1, "click")]
    assert (example.user, example.items[1].propensity, example.items[1].base_score) == (hashed("u"), 0.5, 2.0)
    assert np.allclose([item.features for item in example.items], slate().matrix(), atol=1e-3)
    assert decode_example(encode_example(example)) == example
    assert side.due(NOW + 10 * LATE_PURCHASE_MS) == []


def test_a_list_that_was_only_looked_at_is_told_when_its_window_closes_and_one_that_was_not_seen_never() -> None:
    side = joiner()
    side.slate(slate("seen"), NOW)
    side.slate(slate("unseen"), NOW)
    side.feedback(feedback("c", "impression", list_id="seen"), NOW + 1000)
    assert side.due(NOW + WINDOW_MS - 1) == []
    (example,) = side.due(NOW + WINDOW_MS)
    assert (example.list_id, example.fresh, actions_of(example)) == ("seen", [], {(2, "impression"): 1000})
    assert (len(side), side.counts["slate_unseen"]) == (1, 1)


def test_a_late_purchase_adds_to_what_was_told_and_only_for_a_list_that_was_seen() -> None:
    side = joiner()
    for name in ("seen", "unseen"):
        side.slate(slate(name), NOW)
    side.feedback(feedback("a", "impression", list_id="seen"), NOW + 1000)
    side.due(NOW + WINDOW_MS)
    for name in ("seen", "unseen"):
        side.feedback(feedback("a", "purchase", LATE_PURCHASE_MS, name), NOW + LATE_PURCHASE_MS - SETTLE)
    (example,) = side.due(NOW + LATE_PURCHASE_MS)
    assert (example.list_id, example.fresh) == ("seen", [(0, "purchase")])
    assert actions_of(example) == {(0, "impression"): 1000, (0, "purchase"): LATE_PURCHASE_MS}
    assert len(side) == 0


def test_what_does_not_belong_to_a_list_is_dropped_and_counted() -> None:
    side = joiner()
    side.slate(slate(), NOW)
    side.feedback(feedback("z"), NOW)
    side.feedback(feedback("a", user_id="thief"), NOW)
    side.feedback(feedback("a", "click", WINDOW_MS + 1), NOW)
    side.feedback(feedback("a", "purchase", LATE_PURCHASE_MS + 1), NOW)
    side.feedback(feedback("a", "click", -SKEW_MS - 1), NOW)
    side.feedback(feedback(list_id="nowhere"), NOW)
    assert side.due(NOW + 2 * LATE_PURCHASE_MS) == []
    expected = {"feedback_not_in_slate": 1, "feedback_not_theirs": 1, "feedback_out_of_time": 3, "feedback_no_slate": 1}
    assert {name: count for name, count in side.counts.items() if name.startswith("feedback")} == expected


def test_a_device_whose_clock_is_a_little_behind_has_no_delay() -> None:
    side = joiner()
    side.slate(slate(), NOW)
    side.feedback(feedback("a", "click", -SKEW_MS), NOW)
    assert actions_of(side.due(NOW + SETTLE)[0]) == {(0, "click"): 0}


def test_memory_is_bounded_by_forgetting_the_oldest() -> None:
    side = joiner(most=10)
    for number in range(1000):
        side.slate(slate(f"l{number}"), NOW + number)
        side.feedback(feedback(list_id=f"early{number}"), NOW + number)
        assert len(side) <= 10
        assert len(side._early) <= 10
        assert len(side._timers) <= 50
    assert (side.counts["slate_evicted"], side.counts["feedback_evicted"]) == (990, 990)
    side.feedback(feedback(list_id="l999"), NOW + 1000)
    assert [example.list_id for example in side.due(NOW + 1000 + SETTLE)] == ["l999"]


events = st.lists(
    st.builds(
        feedback,
        st.sampled_from([*ITEMS, "z"]),
        st.sampled_from(ACTIONS),
        st.integers(-2 * SKEW_MS, WINDOW_MS + 10) | st.integers(WINDOW_MS, LATE_PURCHASE_MS + 10),
        st.sampled_from(["l", "m"]),
    ),
    max_size=12,
)


@given(events, st.data())
def test_any_order_within_the_window_and_any_repetition_tell_the_same(received: list[Feedback], data: st.DataObject) -> None:
    inputs: list[Slate | Feedback] = [slate("l"), slate("m"), *received]
    again = data.draw(st.lists(st.sampled_from(inputs), max_size=5))
    ends = []
    for order in (inputs, data.draw(st.permutations(inputs + again))):
        side, examples, clock = joiner(), [], NOW
        for one in order:
            clock += data.draw(st.integers(0, 20_000))
            (side.slate if isinstance(one, Slate) else side.feedback)(one, clock)  # type: ignore[operator]
            examples += side.due(clock)
        examples += side.due(clock + 2 * LATE_PURCHASE_MS)
        fresh = [(example.list_id, reaction) for example in examples for reaction in example.fresh]
        assert len(fresh) == len(set(fresh)), "no reaction is new twice"
        ends.append((told(examples), set(fresh)))
    assert ends[0] == ends[1]


@given(events, st.integers(0, 12), st.data())
def test_a_learner_that_starts_again_reads_all_again_and_writes_only_what_is_missing(
    received: list[Feedback], crash: int, data: st.DataObject
) -> None:
    arrivals = [NOW + 1000 * (number + 1) for number in range(len(received))]
    times = dict(enumerate(arrivals))

    def run(side: Joiner, upto: int, looks: bool) -> list[Example]:
        examples = []
        side.slate(slate("l"), NOW)
        side.slate(slate("m"), NOW)
        for number, one in enumerate(received[:upto]):
            side.feedback(one, times[number])
            if looks:
                examples += side.due(times[number])
        return examples

    whole = run(side := joiner(), len(received), True)
    whole += side.due(NOW + 2 * LATE_PURCHASE_MS)

    before = run(joiner(), crash, True)
    second = joiner()
    for example in before:
        second.restore(example.list_id, actions_of(example))
    after = run(second, len(received), data.draw(st.booleans()))
    after += second.due(NOW + 2 * LATE_PURCHASE_MS)
    fresh = [(example.list_id, reaction) for example in before + after for reaction in example.fresh]
    assert len(fresh) == len(set(fresh))
    assert set(fresh) == {(example.list_id, reaction) for example in whole for reaction in example.fresh}
    assert told(before + after) == told(whole)


def test_a_slate_survives_its_record() -> None:
    assert decode_slate(encode_slate(slate())) == slate()
