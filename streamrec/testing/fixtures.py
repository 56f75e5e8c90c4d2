"""A pytest plugin: the fixture `broker`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streamrec.testing import EmbeddedBroker


# A broker takes seconds to start: tests share one, and keep apart by the prefix of their topics.
@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Kafka broker of this test run; needs the extra `broker`."""
    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap
