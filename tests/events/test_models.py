from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.errors import BadEvent
from streamrec.events.models import KEPT, PublishedModel, ServedModel, decode_model, encode_model, published, rolled_back


def model(number: int) -> ServedModel:
    return ServedModel(f"model-{number}", f"{number:064x}", f"/models/{number}", number)


def after(count: int) -> list[PublishedModel]:
    """What the topic held after each of `count` publications."""
    found: list[PublishedModel] = []
    for number in range(count):
        found.append(published(model(number), found[-1] if found else None))
    return found


@given(st.integers(1, 2 * KEPT))
def test_rolling_back_brings_back_what_was_published_before_one_by_one(count: int) -> None:
    history = after(count)
    now: PublishedModel | None = history[-1]
    for number in range(count - 2, max(-1, count - 2 - KEPT), -1):
        now = rolled_back(now)
        assert now is not None
        assert (now.name, now.path, now.revision) == (model(number).name, model(number).path, model(number).revision)
    assert count > KEPT or rolled_back(now) is None


def test_a_record_survives_its_encoding_and_anything_else_is_refused() -> None:
    last = after(3)[-1]
    assert decode_model(encode_model(last)) == last
    with pytest.raises(BadEvent, match="no published model"):
        decode_model(b'{"name": "x"}')
