"""The libraries are those whose insides were read: whoever upgrades one is told what to read again."""

from __future__ import annotations

import pytest

from streamrec.kafka import batches, insides, patches, refusal
from streamrec.kafka.pinned import Pinned, digest

COUNTED_ON = [
    *((patch.what, pinned) for patch in patches.PATCHES for pinned in patch.pinned),
    *((module.__name__, pinned) for module in (insides, batches, refusal) for pinned in module.PINNED),
]


@pytest.mark.parametrize(("what", "pinned"), COUNTED_ON)
def test_the_library_is_the_one_that_was_read(what: str, pinned: Pinned) -> None:
    assert pinned.installed == pinned.library, (
        f"{what} was written for {' '.join(pinned.library)}, and {' '.join(pinned.installed)} is installed: "
        f"read {pinned.names()} there, then name that version in streamrec/kafka/pinned.py"
    )


@pytest.mark.parametrize(("what", "pinned"), COUNTED_ON)
def test_the_code_that_we_count_on_is_as_it_was_read(what: str, pinned: Pinned) -> None:
    now = digest(pinned.code)
    assert now == pinned.digest, (
        f"{pinned.names()} changed in {' '.join(pinned.installed)}: see whether {what} still holds, then give its digest as {now}"
    )
