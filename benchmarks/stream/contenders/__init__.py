"""The contenders: each a module that is run as a process of its own, and told its job on the command line."""

from __future__ import annotations

from dataclasses import dataclass

from streamrec.settings import Settings


@dataclass(frozen=True)
class Contender:
    """Who takes part.

    `events` and `quick` are how many events it gets in a full and a quick run, so that it runs for some seconds. `changelog`
    names the topic with its packed rows, if it has one that can be read; `{group}`, `{prefix}` and `{source}` stand for the
    names of the run.
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
            guarantee="each event applied once, at least one list each; "
            f"fenced changelog transactions every {Settings.model_fields['checkpoint_interval_s'].default:g} s, then RocksDB",
            events=600_000,
            quick=300_000,
            changelog="{prefix}user-changelog",
        ),
        Contender(
            name="faust",
            distribution="faust-streaming",
            guarantee="at least once at best: events are lost and counted twice around crashes; changelog without transactions, RocksDB",
            events=20_000,
            quick=10_000,
            changelog="{group}-rows-changelog",
        ),
        Contender(
            name="quixstreams",
            distribution="quixstreams",
            guarantee="at least once: what came after the last checkpoint is applied again; changelog and RocksDB, every 5 s",
            events=600_000,
            quick=300_000,
            changelog="changelog__{group}--{source}--default",
        ),
        Contender(
            name="bytewax",
            distribution="bytewax",
            guarantee="at least once: what came after the last snapshot is applied again; rows in memory, snapshots in SQLite every 5 s",
            events=600_000,
            quick=300_000,
        ),
        Contender(
            name="pathway",
            distribution="pathway",
            guarantee="at least once: its input is kept in a folder every 5 s and worked off again; rows in memory",
            events=600_000,
            quick=300_000,
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
