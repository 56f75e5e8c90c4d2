"""What vectors and cross-encoder are worth to a shop: blends with and without them, on the same held-out orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamrec.bert.blends import Repeats
from streamrec.ranking.features.schema import POSITION, TEXT
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.worth import Times, Worth, surely
from streamrec.training.data.rolls import Sample
from streamrec.training.steps.beside import Bench

CROSS = ("cross",)
WRITERS = 100
"""Orders of viewers who had just written something: fewer say nothing of the model, whatever the figure."""


class Judged:
    """A blend of each stage, trained on `earlier` lists by `train`, and what each stage was worth in `later` ones."""

    def __init__(
        self,
        mode: Repeats,
        earlier: Sequence[Sample],
        later: Sequence[Sample],
        ids: Sequence[str],
        bench: Bench,
        train: Callable[[Sequence[Sample]], Blend],
    ) -> None:
        """`ids` are those of the catalogue by slot. Where the cross-encoder read nothing, the blend is that of vectors.

        Raises:
            InputError: there are too few lists with something to learn.
        """
        self._mode, self._ids, self._bench = mode, ids, bench
        blends = {name: train(hidden(earlier, names)) for name, names in STAGES.items() if name != "pairs" or _read(earlier)}

        def times(stage: str, before: str, samples: Sequence[Sample]) -> Times | None:
            if stage not in blends or not samples:
                return None
            return self._times({stage: blends[stage], before: blends[before]}, samples)

        writers = [sample for sample in later if sample.wrote]
        self.worth = Worth(
            vectors=times("vectors", "behaviour", later),
            pairs=times("pairs", "vectors", later),
            pairs_of_writers=times("pairs", "vectors", writers) if len(writers) >= WRITERS else None,
        )
        self.blend = blends["pairs" if self.reads else "vectors"]

    @property
    def reads(self) -> bool:
        """Whether the cross-encoder is to read every list, so that the blend learns with it."""
        return surely(self.worth.pairs)

    @property
    def hides(self) -> Sequence[str]:
        """Features that the blend does not learn with."""
        return STAGES["pairs" if self.reads else "vectors"]

    def _times(self, blends: dict[str, Blend], samples: Sequence[Sample]) -> Times | None:
        (_, before) = blends
        value, low, high = self._bench.compare(self._mode, samples, self._ids, blends, STAGES)["times"][before]
        return None if value is None or low is None or high is None else (value, low, high)


STAGES = {"behaviour": TEXT, "vectors": CROSS, "pairs": ()}
"""Features that each stage does without."""


def hidden(samples: Sequence[Sample], names: Sequence[str]) -> Sequence[Sample]:
    """The same lists as if nothing were known of these features."""
    return [sample.without(names) for sample in samples] if names else samples


def _read(samples: Sequence[Sample]) -> bool:
    return any(sample.features[:, POSITION[name]].any() for name in CROSS for sample in samples)
