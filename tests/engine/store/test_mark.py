"""Marks and stamps."""

from __future__ import annotations

import msgspec
import pytest

from streamrec.engine.store.mark import VERSION, Mark, Stamp, decode_mark, decode_stamp, encode
from streamrec.errors import StateMismatch


def test_a_mark_comes_back_with_the_memory_of_the_processor() -> None:
    mark = Mark({"views": 7}, {"views": "id"}, {"fences": {"views": [1, 2]}, "rate": 0.5, "raw": b"\x00"})
    assert decode_mark(encode(mark)) == mark


def test_a_mark_of_a_later_version_is_refused() -> None:
    with pytest.raises(StateMismatch, match="newer"):
        decode_mark(encode(Mark({}, {}, {}, VERSION + 1)))


def test_a_stamp_that_is_damaged_is_refused() -> None:
    raw = encode(Stamp("log", 1, 2, None))
    with pytest.raises(StateMismatch, match="cannot be read"):
        decode_stamp(raw[:-3])


def test_fields_that_a_later_version_adds_are_passed_over() -> None:
    raw = msgspec.msgpack.encode({"next": {}, "topics": {}, "memory": {}, "version": VERSION, "order": [1, 2]})
    assert decode_mark(raw) == Mark({}, {}, {})
