import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streamrec.catalogue.prefix import SAID_TOKENS, SEP, TITLE_TOKENS, user_prefixes

NONE = np.zeros((1, 4), np.int32)


def titles(*rows: list[int]) -> np.ndarray:
    block = np.zeros((1, len(rows), 12), np.int32)
    for number, row in enumerate(rows):
        block[0, number, : len(row)] = row
    return block


def test_danmaku_come_first_then_titles_most_recent_first() -> None:
    row = user_prefixes(np.array([[50, 51, 0, 0]], np.int32), titles([10, 11], [20]), 8)
    assert row.tolist() == [[50, 51, SEP, 10, 11, 20, 0, 0]]


def test_without_danmaku_there_is_no_separator_and_empty_titles_are_skipped() -> None:
    assert user_prefixes(NONE, titles([], [10], [], [20, 21]), 6).tolist() == [[10, 20, 21, 0, 0, 0]]


def test_danmaku_and_titles_are_cut() -> None:
    said = np.arange(100, 130, dtype=np.int32)[None, :]
    row = user_prefixes(said, titles(list(range(10, 22)), [30]), 40)[0]
    assert row[: SAID_TOKENS + 1].tolist() == [*range(100, 112), SEP]
    assert row[SAID_TOKENS + 1 :][: TITLE_TOKENS + 1].tolist() == [*range(10, 20), 30]


def test_a_user_without_anything_has_an_empty_row() -> None:
    assert not user_prefixes(NONE, np.zeros((1, 0, 10), np.int32), 40).any()


@given(arrays(np.int32, (3, 6), elements=st.integers(0, 9)), arrays(np.int32, (3, 5, 11), elements=st.integers(0, 9)), st.integers(1, 40))
def test_rows_are_padded_on_the_right_only_and_do_not_depend_on_each_other(said: np.ndarray, recent: np.ndarray, limit: int) -> None:
    rows = user_prefixes(said, recent, limit)
    assert rows.shape == (3, limit)
    assert (np.diff((rows == 0).astype(int), axis=1) >= 0).all()
    for user in range(3):
        assert (user_prefixes(said[[user]], recent[[user]], limit) == rows[[user]]).all()
