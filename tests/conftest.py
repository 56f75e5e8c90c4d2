"""Fixtures that several parts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from streamrec.broker.embedded import EmbeddedBroker

# A busy machine is slow, not wrong.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Kafka broker of this test run."""
    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap
