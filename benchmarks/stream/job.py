"""What a contender is told: where to read, where to write, and where to keep its files."""

from __future__ import annotations

import sys

import msgspec


class Job(msgspec.Struct, frozen=True):
    """The topics exist, with `partitions` partitions each; `changelog` is for contenders that do not make their own.

    `worker` numbers the processes of one contender; `start` is a file whose appearance begins the work.
    """

    broker: str
    source: str
    sink: str
    changelog: str
    group: str
    folder: str
    partitions: int
    worker: int = 0
    start: str | None = None


def given() -> Job:
    """The job on the command line."""
    return msgspec.json.decode(sys.argv[1], type=Job)


def text(job: Job) -> str:
    """The job as `given` reads it."""
    return msgspec.json.encode(job).decode()
