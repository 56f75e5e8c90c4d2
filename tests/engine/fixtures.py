"""Fixtures of the engine's tests: every test has topics and a group of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamrec.kafka import topics as kafka_topics
from streamrec.settings import Settings
from tests.engine.support import Shop, Worker, stop_all

_numbers = itertools.count(1)


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    """Settings that name topics which nobody else uses; the topics are there."""
    name = f"engine{next(_numbers)}"
    found = Settings(broker=broker, prefix=f"{name}.", app_id=name, partitions=2, data_dir=tmp_path)
    kafka_topics.create(found)
    return found


@pytest.fixture
def shop(settings: Settings) -> Iterator[Shop]:
    """A producer that keeps count."""
    made = Shop(settings)
    yield made
    made.close()


@pytest.fixture
def worker(settings: Settings) -> Iterator[Callable[..., Worker]]:
    """Makes workers, and leaves none behind."""
    made: list[Worker] = []

    def make(name: str = "a", module: str = "tests.engine.counting", **environment: str) -> Worker:
        made.append(Worker(settings, name, module, **environment))
        return made[-1]

    yield make
    stop_all(made)
