"""What BERT's stages are worth in a shop, as measured on its own orders when its blend was trained, and who is read on a CPU therefore."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Times = tuple[float, float, float]
"""NDCG@10 of lists with a stage as a multiple of that of lists without it, and the bounds of its 95 % interval."""
Readers = Literal["all", "writers", "nobody"]


class Worth(Struct, frozen=True, kw_only=True):
    """How many times as good lists become by each stage; None where that was not measured."""

    vectors: Times | None = None
    """Vectors of items and interests, beside behaviour alone."""
    pairs: Times | None = None
    """The cross-encoder, beside vectors."""
    pairs_of_writers: Times | None = None
    """The same in lists of viewers who wrote within the last minute."""

    @property
    def readers(self) -> Readers:
        """For whom the cross-encoder pays where it costs more than all the rest: where it surely makes lists better.

        What a viewer just wrote is what the model reads best, so that for writers only a measurement speaks against it.
        """
        if surely(self.pairs):
            return "all"
        return "writers" if self.pairs_of_writers is None or surely(self.pairs_of_writers) else "nobody"


def surely(times: Times | None) -> bool:
    """Whether lists are better with a stage, chance left aside."""
    return times is not None and times[1] > 1


UNKNOWN = Worth()
