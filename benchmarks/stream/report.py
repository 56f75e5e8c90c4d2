"""The figures of the contenders: medians and spread over the rounds, and streamrec's ratios to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from statistics import median
from typing import Any

from benchmarks.stream.contenders import Contender
from benchmarks.stream.meter import Rates

STUBBED = {"ranking": "stubbed"}
COMPARED = ("faust", "quixstreams", "aiokafka")


def row(contender: Contender, rounds: Sequence[Rates]) -> dict[str, Any]:
    """What a contender did: medians, and the lowest and highest round."""
    speeds, costs = [one.events_per_s for one in rounds], [one.cpu_us_per_event for one in rounds]
    return {
        "contender": contender.name,
        "version": version(contender.distribution),
        **STUBBED,
        "rounds": len(rounds),
        "events": rounds[0].events,
        "events_per_s": round(median(speeds)),
        "events_per_s_spread": [round(min(speeds)), round(max(speeds))],
        "cpu_us_per_event": round(median(costs), 1),
        "cpu_us_spread": [round(min(costs), 1), round(max(costs), 1)],
        "guarantee": contender.guarantee,
    }


def ratios(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """By how much streamrec is faster than each of the others, by wall time and by processor time."""
    own = rows["streamrec"]
    return {
        f"streamrec/{name}": {
            "wall": round(own["events_per_s"] / rows[name]["events_per_s"], 2),
            "cpu": round(rows[name]["cpu_us_per_event"] / own["cpu_us_per_event"], 2),
        }
        for name in COMPARED
        if name in rows
    }


def text(found: Mapping[str, Any]) -> str:
    """A line for people."""
    if "guarantee" in found:
        low, high = found["events_per_s_spread"]
        return (
            f"{found['contender']:<12}{found['events_per_s']:>9} events/s ({low}-{high}){found['cpu_us_per_event']:>8} µs of CPU an event"
            f"   {found['version']}; {found['guarantee']}"
        )
    return "  ".join(f"{name} {value}" for name, value in found.items())
