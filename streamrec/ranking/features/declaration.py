"""What a feature is. Everything that streamrec knows of one follows from its declaration: order, masks, weights, reasons, tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from streamrec.ranking.features.about import Bond, Fact

Scope = Literal["relative", "absolute", "user", "live"]
"""What a value is compared with: `relative` ones count by how far a candidate stands out among the candidates of its list (z-scores);
`absolute` ones mean the same in every list; those of the `user` are the same for all candidates of a list and decide how much the others
count; `live` ones are of the moment, so that no file of purchases teaches them."""

Family = Literal["", "popular", "rising", "together", "alike", "owned", "new", "price", "said"]
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
    formula: Callable[..., Any] | None = None
    """A pure function of one candidate's numbers, compiled (`system.compiled.jit`), at the top level of its module; None where a scorer
    writes the feature. `filling` writes the loop over all candidates from it."""
    neutral: float | None = 0.0
    """The value where nothing is known; None where something always is."""
    sometimes_missing: bool = False
    """Whether the formula gives NaN where nothing is known, instead of `neutral`: there an unknown candidate counts as an average one of
    its list. Only relative features may."""
    needs_text: bool = False
    """Whether it needs a text model."""
    weight: float = 0.0
    """Set by hand: what ranks where no blend was trained. Training writes those of live features into the blend beside what it learns. A
    blend that is older than a live feature has this weight, too: none could have been learned. In one that is older than any other
    feature, the feature has weight 0."""
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
