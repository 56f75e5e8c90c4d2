"""Rows survive the way through bytes, and a row of the future is refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from streamrec.errors import StateMismatch
from streamrec.state.item import ItemRow, Signal, count
from streamrec.state.packing import pack_item, pack_user, unpack_item, unpack_user
from streamrec.state.user import BOUGHT, ErasedUser, UserRow
from tests.shop import DAY, NOW, purchase, view
from tests.state.test_apply import EVENTS, row_after
from tests.state.test_item import SIGNALS


@given(EVENTS)
def test_a_user_row_is_read_as_it_was_written(events: list[object]) -> None:
    row = row_after(events)
    assert unpack_user(pack_user(row)) == row


@given(SIGNALS)
def test_an_item_row_is_read_as_it_was_written(signals: list[object]) -> None:
    row = ItemRow()
    for signal in signals:
        count(row, signal)  # type: ignore[arg-type]
    assert unpack_item(pack_item(row)) == row


def test_the_mark_of_an_erased_user_is_no_user_row() -> None:
    assert unpack_user(pack_user(ErasedUser(NOW, 7))) == ErasedUser(NOW, 7)


@pytest.mark.parametrize("unpack", [unpack_user, unpack_item])
def test_a_row_of_a_newer_version_is_refused(unpack: object) -> None:
    with pytest.raises(StateMismatch, match="newer streamrec"):
        unpack(b"\x7f rest")  # type: ignore[operator]


def test_a_usual_row_takes_little_more_than_a_kilobyte_and_a_full_one_25() -> None:
    events = [purchase("u", f"item-{number}", NOW + number * DAY) for number in range(12)]
    views = [view("u", f"item-{number}", NOW + number * DAY) for number in range(24)]
    assert len(pack_user(row_after([*events, *views]))) < 1100
    often = [purchase("u", f"item-{number:06}", NOW + day * DAY) for number in range(BOUGHT) for day in range(2)]
    assert len(pack_user(row_after(often))) < 30 * 1024
    assert isinstance(unpack_user(pack_user(UserRow())), UserRow)


def test_rows_and_signals_of_before_the_new_fields_are_read() -> None:
    old_item = b"\x03" + msgspec.msgpack.encode([NOW, [[0.0] * 4] * 6, {"a": [NOW, 1.0]}, NOW, 3])
    row = unpack_item(old_item)
    assert (row.version, row.leaders, row.sold_ts) == (3, {}, 0)
    assert isinstance(unpack_user(b"\x01" + msgspec.msgpack.encode([5])), UserRow)
    old_signal = msgspec.json.decode(msgspec.json.encode(["purchase", NOW, 1.0, [], "purchases", 0, 1, 0]), type=Signal)
    assert (old_signal.led, old_signal.again, old_signal.country) == ([], False, "")
