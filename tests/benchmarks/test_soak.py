"""The soak notices memory and lag that grow, and keeps new users coming."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from benchmarks.soak import FORMER_VIEWERS, NEW_VIEWER_EVERY, Sample, coming_and_going, history, judge, written_out
from streamrec.events.files import read_items
from streamrec.settings import Settings
from streamrec.simulator.playback import SAMPLE_ITEMS
from streamrec.simulator.shop import Shop


def run(rss_step: float = 0.0, lag_step: float = 0.0) -> list[Sample]:
    """A minute of samples: memory fills during the first sixth, then it and the lag grow by so much from sample to sample."""
    fill = [40.0, 60.0, 80.0, 90.0, 95.0, 100.0, *[100.0] * 30]
    return [
        Sample(2.0 * number, fill[number] + max(0, number - 6) * rss_step, number * lag_step, 40.0 * number, 0, 4.0 * number, 0.02 * number)
        for number in range(36)
    ]


def test_memory_that_fills_during_the_warm_up_only_is_flat() -> None:
    verdict = judge(run(), rate=20)
    assert verdict.memory_flat
    assert verdict.lag_flat
    assert (verdict.growth_percent, verdict.lists_per_s, verdict.checkpoint_ms) == (0.0, 20.0, 5.0)


@pytest.mark.parametrize(("rss_step", "flat"), [(0.15, True), (0.3, False)])
def test_memory_that_goes_on_growing_is_not(rss_step: float, flat: bool) -> None:
    assert judge(run(rss_step=rss_step), rate=20).memory_flat is flat


@pytest.mark.parametrize(("lag_step", "flat"), [(0.5, True), (2.0, False)])
def test_a_lag_that_grows_by_more_than_a_second_of_events_is_not_flat(lag_step: float, flat: bool) -> None:
    verdict = judge(run(lag_step=lag_step), rate=20)
    assert verdict.lag_flat is flat
    assert verdict.lag_slope_per_minute == pytest.approx(30 * lag_step)


def test_new_viewers_keep_coming() -> None:
    shop = Shop(read_items(SAMPLE_ITEMS), viewers=10)
    messages = [message for message in itertools.islice(coming_and_going(shop), 400) if message.topic not in ("rooms", "transcripts")]
    users = {msgspec.json.decode(message.value)["user_id"] for message in messages}
    assert len(users) > 400 / NEW_VIEWER_EVERY / 2
    assert len(shop.viewers) == 10


def test_the_history_changes_every_former_viewer_and_every_item_and_asks_for_no_list() -> None:
    shop = Shop(read_items(SAMPLE_ITEMS), viewers=10)
    messages = list(itertools.islice(history(shop), FORMER_VIEWERS))
    fields = [msgspec.json.decode(message.value) for message in messages]
    assert {message.topic for message in messages} == {"feedback"}
    assert not any(message.trigger for message in messages)
    assert len({one["user_id"] for one in fields}) == FORMER_VIEWERS
    assert {one["item_id"] for one in fields} == {item.item_id for item in shop.items}


def test_a_state_is_written_out_when_no_partition_lacks_a_table(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, partitions=2)
    for family in ("user", "item"):
        for number in range(2):
            assert not written_out(settings)
            folder = tmp_path / family / str(number)
            folder.mkdir(parents=True)
            (folder / "000009.sst").touch()
    assert written_out(settings)
