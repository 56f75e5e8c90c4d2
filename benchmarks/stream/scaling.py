"""What an event costs with more users and with more workers. Ranking is stubbed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.stream.contenders import CONTENDERS
from benchmarks.stream.throughput import measure
from benchmarks.stream.traffic import Traffic


def by_users(broker: str, users: Sequence[int], events: int) -> Iterator[dict[str, Any]]:
    """Events of each number of users, all of whom have a row before it counts; costs as multiples of that of the first."""
    base = None
    for number in users:
        rates = measure(broker, CONTENDERS["streamrec"], Traffic(number, events, greet=True))
        base = base or rates
        yield {
            "users": number,
            "events_per_s": round(rates.events_per_s),
            "cpu_us_per_event": round(rates.cpu_us_per_event, 1),
            "wall_ratio": round(base.events_per_s / rates.events_per_s, 2),
            "cpu_ratio": round(rates.cpu_us_per_event / base.cpu_us_per_event, 2),
        }


def by_workers(broker: str, workers: Sequence[int], users: int, events: int) -> Iterator[dict[str, Any]]:
    """The same events with so many workers on this one machine, which they share with the broker."""
    for number in workers:
        rates = measure(broker, CONTENDERS["streamrec"], Traffic(users, events), number)
        yield {"workers": number, "events_per_s": round(rates.events_per_s), "cpu_us_per_event": round(rates.cpu_us_per_event, 1)}
