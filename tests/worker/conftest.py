"""What tests of the worker share."""

from __future__ import annotations

import pytest

from streamrec.ranking.rehearsal import rehearse


@pytest.fixture(autouse=True, scope="session")
def rehearsed() -> None:
    """As in a worker: what is loaded or compiled at its first use is not in the time of a list."""
    rehearse()
