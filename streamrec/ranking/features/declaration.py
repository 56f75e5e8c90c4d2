"""What a feature is. Everything that streamrec knows of one follows from its declaration: order, masks, weights, reasons, tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.features.about import Bond, Fact
from streamrec.ranking.features.inputs import Inputs

Scope = Literal["relative", "absolute", "user", "live"]
"""What a value is compared with: `relative` ones count by how far a candidate stands out among the candidates of its list (z-scores);
`absolute` ones mean the same in every list; those of the `user` are the same for all candidates of a list and decide how much the others
count; `live` ones are of the moment, so that no file of purchases teaches them."""

Family = Literal["", "popular", "rising", "together", "alike", "owned", "new", "price"]
"""Features of one family say much the same: they count together as a reason, and the strongest of them speaks. Equal families speak in
this order; a feature without one counts alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One number about a candidate. Absolute, user and live features lie in about [0, 1]; relative ones have the unit that they name."""

    name: str
    scope: Scope
    unit: str
    """Of the raw value, for the table in docs/reading-lists.md."""
    reads: tuple[str, ...] = ()
    """The attributes of `Inputs` that the formula takes, in order."""
    formula: Callable[..., NDArray[Any]] | None = None
    """A pure function over arrays of (users, candidates), or (users, 1) where a value is the user's; None where a scorer writes it."""
    neutral: float | None = 0.0
    """The value where nothing is known; None where something always is. A relative feature with `missing` has none to state: there an
    unknown candidate counts as an average one of its list."""
    missing: Callable[[Inputs], NDArray[np.bool_]] | None = None
    """Where nothing is known; None where the formula comes to `neutral` by itself."""
    needs_text: bool = False
    """Whether it needs a text model."""
    weight: float = 0.0
    """Set by hand: what ranks where no blend was trained. Training writes those of live features into the blend beside what it learns. In
    a blend that is older than a feature, the feature has weight 0."""
    since: int = 2
    """The version of the features since which this one means what it means; a new or changed one has the next number."""
    family: Family = ""
    reason: str = ""
    """The code of the reason that it gives; its words are in `reasons/words/`. Features of the user give none."""
    fact: Fact | None = None
    """What the reason's sentence states: the reason is given only where it is so, whatever the feature adds."""
    bond: Bond | None = None
    """The same of a sentence that names an item of the viewer's own. A feature with a reason has one of the two."""
    tells: Literal["much", "most", "little", "neither"] = "much"
    """Of a relative feature: whether there must be more of it than in other candidates for the reason to be one, more than in the other
    places of the list, or less."""

    def values(self, inputs: Inputs) -> NDArray[Any]:
        """Raw values that fill (users, candidates) when broadcast; NaN where a relative feature is missing."""
        assert self.formula is not None
        values = self.formula(*[getattr(inputs, name) for name in self.reads])
        if self.missing is None:
            return values
        nothing = self.neutral if self.scope != "relative" and self.neutral is not None else np.nan
        return np.where(self.missing(inputs), nothing, values)
