"""The contenders: each a module that is run as a process of its own, and told its job on the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """Who takes part: `events` and `quick` are how many it gets in a full and a quick run, so that it runs for some seconds.

    `changelog` names the topic with its packed rows, if it has one that can be read; `{group}` and `{source}` stand for the names of the run.
    """

    name: str
    distribution: str
    guarantee: str
    events: int
    quick: int
    changelog: str | None = None


CONTENDERS = {
    one.name: one
    for one in (
        Contender(
            name="streamrec",
            distribution="streamrec",
            guarantee="every event applied once, at least one list each; changelog transactions, fenced, then RocksDB",
            events=600_000,
            quick=300_000,
            changelog="{prefix}user-changelog",
        ),
        Contender(
            name="aiokafka",
            distribution="aiokafka",
            guarantee="none; rows in a dict, written to a changelog topic",
            events=600_000,
            quick=300_000,
            changelog="{prefix}user-changelog",
        ),
    )
}
"""By name, in the order in which they run."""
