"""What is kept for watchers, and how little."""

from __future__ import annotations

import asyncio

from streamrec.contract.processor import Outcome
from streamrec.contract.records import Outbound
from streamrec.observe import audience
from streamrec.observe.audience import Audience, Watcher


def outcome(records: int = 1) -> Outcome:
    return Outcome(records=[Outbound("lists", b"u", b"{}")] * records)


def test_nothing_is_kept_while_nobody_watches() -> None:
    empty = Audience()
    empty.see(outcome(), [])
    assert empty.take() == []


def test_batches_are_kept_once_for_those_who_watch() -> None:
    watched = Audience()
    watched.watchers.add(Watcher())
    watched.see(outcome(), [])
    assert len(watched.take()) == 1
    assert watched.take() == []


def test_no_more_is_kept_than_the_bound_says() -> None:
    watched = Audience()
    watched.watchers.add(Watcher())
    for _ in range(30):
        watched.see(outcome(audience.MOST_RECORDS // 10), [])
    assert sum(len(batch.made) for batch in watched.take()) == audience.MOST_RECORDS


def test_a_slow_watcher_loses_the_oldest_messages_and_still_hears_the_end() -> None:
    async def watch() -> list[object]:
        slow = Watcher()
        for number in range(100):
            slow.tell("figures", number)
        slow.end()
        found = []
        while (message := await slow.next()) is not None:
            found.append(message[1])
        return found

    assert asyncio.run(watch()) == list(range(100 - audience.QUEUED + 1, 100))
