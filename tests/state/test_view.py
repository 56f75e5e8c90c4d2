import json

import msgspec

from streamrec.events.fields import EventTime
from streamrec.state.decay import PurchaseTally, Tally
from streamrec.state.item import ItemRow
from streamrec.state.repeats import remember
from streamrec.state.user import ErasedUser, Said, UserRow, erased_key
from streamrec.state.view import as_data, known

ROW = UserRow(
    seq=3,
    bought={"before": PurchaseTally(EventTime(10), 2.5), "new": PurchaseTally(30, 1.0), "late": PurchaseTally(30, 1.0)},
    said=[Said(5, "好看")],
    event_ids=remember(remember(b"", "e1", 1000), "e2", 2000),
    waiting=[("views", 0, 1, "e1", 5)],
)


def test_every_field_is_there_by_name_and_goes_into_json() -> None:
    for row in (ROW, UserRow(), ErasedUser(5), ItemRow(neighbours={"a": Tally(1, 2.0)})):
        data = as_data(row)
        assert list(data) == list(row.__struct_fields__)
        assert json.loads(json.dumps(data)) == data


def test_items_come_newest_first_and_ids_of_events_as_a_number() -> None:
    data = as_data(ROW)
    msgspec.json.encode(data)
    assert list(data["bought"]) == ["late", "new", "before"]
    assert data["bought"]["before"] == {"ts": 10, "count": 2.5, "times": 0, "first_ts": 0}
    assert data["said"] == [{"ts": 5, "text": "好看"}]
    assert data["event_ids"] == 2
    assert data["waiting"] == [["views", 0, 1, "e1", 5]]


def test_a_user_is_known_by_the_row_and_the_erasure() -> None:
    rows = {b"u": ROW, erased_key("u"): ErasedUser(7, 2), erased_key("gone"): ErasedUser(8)}
    assert known(rows.get, "u") == {"user_id": "u", "row": as_data(ROW), "erased": {"ts": 7, "seq": 2}}
    assert known(rows.get, "gone") == {"user_id": "gone", "row": None, "erased": {"ts": 8, "seq": 0}}
    assert known(rows.get, "nobody") == {"user_id": "nobody", "row": None, "erased": None}
