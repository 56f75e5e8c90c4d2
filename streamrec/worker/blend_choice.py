"""Which blend ranks: the trained one where it knows the catalogue, the plain one where it does not."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from streamrec.catalogue.sketch import LEAST_SHARE, Overlap, Sketch
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.worth import UNKNOWN, Worth
from streamrec.settings import Settings

Why = Literal["set", "none trained", "no sketch", "undecided", "known", "unknown"]


class BlendChoice:
    """The blend of one way of ranking. It is chosen once: what is listed later changes nothing until a blend is loaded again.

    A catalogue with too few items to tell, such as one whose items are still to come, is ranked by the plain blend until there are enough.
    `why` says why `blend` ranks.
    """

    def __init__(self, settings: Settings, trained: Blend | None = None, sketch: Sketch | None = None, worth: Worth = UNKNOWN) -> None:
        """`sketch` is that of the catalogue that `trained` was trained on, and `worth` what was measured there; older files have none."""
        self._trained, self._sketch, self._worth = trained, sketch, worth
        self._looked = 0
        self.overlap = Overlap(0, 0)
        plain = Blend.plain()
        self.blend: Blend
        self.why: Why
        if trained is None or settings.blend_for == "never":
            self.blend, self.why = plain, "set" if settings.blend_for == "never" else "none trained"
        elif settings.blend_for == "always":
            self.blend, self.why = trained, "set"
        elif sketch is None:
            self.blend, self.why = trained, "no sketch"
        else:
            self.blend, self.why = plain, "undecided"

    @property
    def worth(self) -> Worth:
        """What BERT's stages are worth here; not known where the trained blend does not rank."""
        return self._worth if self.blend is self._trained else UNKNOWN

    def decide(self, item_ids: Collection[str]) -> bool:
        """Choose by the items of a catalogue, unless that is done; whether it was done now."""
        if self.why != "undecided" or len(item_ids) == self._looked:
            return False
        assert self._trained is not None
        assert self._sketch is not None
        self._looked = len(item_ids)
        self.overlap = self._sketch.compare(item_ids)
        if self.overlap.verdict is None:
            return False
        self.blend, self.why = (self._trained, "known") if self.overlap.verdict else (self.blend, "unknown")
        return True

    def in_words(self) -> str:
        """Which blend ranks and why, and what to do if it should be another."""
        trained, plain = self._trained.version if self._trained is not None else "", self.blend.version
        seen = f"was trained on {self.overlap.known} of the {self.overlap.compared} items compared"
        match self.why:
            case "set":
                return f"{self.blend.version} by setting, whatever the catalogue"
            case "none trained":
                return f"{plain}: the model has none for this way of ranking; `streamrec train all` trains one on your own orders"
            case "no sketch":
                return f"{trained}; its file does not tell on which catalogue it was trained"
            case "undecided":
                return f"{plain}, until there are enough items to tell whether {trained} was trained on them"
            case "known":
                return f"{trained}, which {seen}"
            case "unknown":
                return (
                    f"{plain}, since {trained} {seen}, fewer than {LEAST_SHARE:.0%}: this is another catalogue; "
                    "train a blend on your own orders by `streamrec train all`, or set blend_for=always"
                )
