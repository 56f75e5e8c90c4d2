"""Who is read follows from what reading was worth, and from nothing that may be chance."""

from __future__ import annotations

import pytest

from streamrec.ranking.scorers.worth import Times, Worth

BETTER, PERHAPS, WORSE = (1.05, 1.01, 1.09), (1.02, 0.99, 1.05), (0.97, 0.95, 0.99)


@pytest.mark.parametrize(
    ("pairs", "of_writers", "readers"),
    [
        (None, None, "writers"),
        (BETTER, None, "all"),
        (BETTER, PERHAPS, "all"),
        (PERHAPS, None, "writers"),
        (PERHAPS, BETTER, "writers"),
        (PERHAPS, PERHAPS, "nobody"),
        (WORSE, WORSE, "nobody"),
        (None, PERHAPS, "nobody"),
    ],
)
def test_it_is_read_where_that_surely_helps_and_for_writers_unless_it_is_known_not_to(
    pairs: Times | None, of_writers: Times | None, readers: str
) -> None:
    assert Worth(vectors=BETTER, pairs=pairs, pairs_of_writers=of_writers).readers == readers
