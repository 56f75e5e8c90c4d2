"""Fences of topics that were made again are forgotten, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.state.fences import forget_in_fences, forget_in_user, late_source
from streamrec.state.memory import ItemMemory
from streamrec.state.packing import pack_user, unpack_user
from streamrec.state.user import ErasedUser, UserRow

OFFSETS = st.dictionaries(st.sampled_from(["views-0", "views-1", "purchases-0"]), st.integers(0, 9))


@given(OFFSETS, st.dictionaries(st.sampled_from(["views-0", "purchases-0"]), st.integers(0, 9)))
def test_items_forget_the_fences_at_or_beyond_the_limit_of_their_source(counted: dict[str, int], limits: dict[str, int]) -> None:
    saved: dict[str, Any] = {"fences": {source: [offset, 0] for source, offset in counted.items()}, "waiting": {"a": 5}}
    after = forget_in_fences(saved, limits, ItemMemory)
    left = {source: offset for source, offset in counted.items() if source not in limits or offset < limits[source]}
    assert {source: offset for source, (offset, _) in after.get("fences", {}).items()} == left
    assert after["waiting"] == {"a": 5}


def test_what_has_nothing_to_forget_stays_as_it_lies_in_the_mark() -> None:
    for saved in ({}, {"partition": 0, "waiting": {}}, {"fences": {"views-0": [1, 2]}, "of a later version": 3}):
        assert forget_in_fences(saved, {"views-0": 2}, ItemMemory) is saved


def test_events_that_have_waited_for_a_schema_are_of_their_topic() -> None:
    assert forget_in_fences({"fences": {f"{late_source('views', 7)}-0": [5, 0]}}, {"views-0": 5}, ItemMemory) == {}


@pytest.mark.parametrize(("limits", "left"), [({"views": 3}, {"purchases": 9}), ({"views": 4}, None), ({}, None)])
def test_a_user_forgets_the_offsets_at_or_beyond_the_limit_of_their_topic(limits: dict[str, float], left: dict[str, int] | None) -> None:
    raw = forget_in_user(pack_user(UserRow(offsets={"views": 3, "purchases": 9})), limits)
    row = unpack_user(raw) if raw is not None else None
    assert (row.offsets if isinstance(row, UserRow) else None) == left


def test_an_erased_user_has_nothing_to_forget() -> None:
    assert forget_in_user(pack_user(ErasedUser(1)), {"views": 0}) is None
