from __future__ import annotations

import numpy as np
import onnxruntime as ort
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.bert.buckets import ROWS, STEP, WIDTH, BoundSession, bucket, padded
from streamrec.bert.folder import CROSS_ENCODER, SHIPPED
from streamrec.bert.pairs import pair_inputs

session = ort.InferenceSession(str(SHIPPED / CROSS_ENCODER), providers=["CPUExecutionProvider"])
bound = BoundSession(session, "cpu")


@given(st.integers(1, 5000), st.integers(1, 96))
def test_a_bucket_holds_its_batch_and_there_are_few_of_them(rows: int, width: int) -> None:
    height, tokens = bucket(rows, width)
    assert rows <= height
    assert height in ROWS or height % STEP == 0
    assert width <= tokens < width + WIDTH
    assert rows < ROWS[0] or height <= rows * 3 / 2 + ROWS[0]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), min_size=1, max_size=20))
def test_scores_with_bound_buffers_are_those_of_a_plain_run(sizes: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(len(sizes))
    users = np.where(np.arange(6) < np.array([user for user, _ in sizes])[:, None], rng.integers(5, 999, (len(sizes), 6)), 0)
    items = np.where(np.arange(6) < np.array([item for _, item in sizes])[:, None], rng.integers(5, 999, (len(sizes), 6)), 0)
    feeds = pair_inputs(users.astype(np.int32), items.astype(np.int32))
    wanted = {entry.name: feeds[entry.name].astype(np.int64 if "64" in entry.type else np.int32) for entry in session.get_inputs()}
    np.testing.assert_allclose(bound.run(wanted), session.run(None, wanted)[0], atol=1e-4)


def test_what_is_added_to_a_batch_is_under_no_mask_or_repeats_its_first_row() -> None:
    feeds = padded({"attention_mask": np.ones((3, 5), np.int32)})
    assert feeds["attention_mask"].tolist() == [[1] * 5 + [0] * 3] * 8
