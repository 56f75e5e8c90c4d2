"""Speech without punctuation is cut into clauses."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.host.clauses import clauses


def parts(text: str) -> list[str]:
    return [clause.text for clause in clauses(text)]


def test_chinese_is_cut_at_breaths_particles_and_fillers() -> None:
    assert parts("三号链接啊这个锅三十二厘米 然后电磁炉能用") == ["三号链接啊", "这个锅三十二厘米", "然后电磁炉能用"]


def test_english_is_cut_at_fillers_and_new_sentences() -> None:
    assert parts("it has two lids um so the black one is gone and it's quiet") == [
        "it has two lids",
        "um",
        "so the black one is gone",
        "and it's quiet",
    ]


def test_a_decimal_point_cuts_nothing() -> None:
    assert parts("only $19.99. Next") == ["only $19.99", "Next"]
    assert parts("重1.5公斤,送盖") == ["重1.5公斤", "送盖"]


@given(st.text("锅啊呢 然后但是,.19 so and it's okay um the", max_size=60))
def test_clauses_stand_in_the_text_where_they_say(text: str) -> None:
    found = clauses(text)
    assert all(text[clause.start : clause.end] == clause.text and clause.text.strip() for clause in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
