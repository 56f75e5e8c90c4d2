"""Fixtures that several parts share."""

from __future__ import annotations

import subprocess
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests import markers

pytest_plugins = ["streamrec.testing.fixtures", "tests.engine.fixtures"]

# A busy machine is slow, not wrong.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only what needs neither Kafka nor torch")


def pytest_configure(config: pytest.Config) -> None:
    subprocess.Popen.__init__ = markers.guarded  # type: ignore[method-assign]
    if config.getoption("--fast"):
        config.option.markexpr = f"({config.option.markexpr}) and {markers.FAST}" if config.option.markexpr else markers.FAST
        markers.hide(markers.HEAVY)


def pytest_itemcollected(item: pytest.Item) -> None:
    markers.derive(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    markers.running = item
    try:
        return (yield)
    finally:
        markers.running = None
