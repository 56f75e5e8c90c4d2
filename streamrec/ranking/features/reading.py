"""What BERT makes of an item when it reads it beside the user's history."""

from __future__ import annotations

from streamrec.ranking.features.about import has_history
from streamrec.ranking.features.declaration import Feature

FEATURES = (
    Feature(
        name="cross",
        scope="relative",
        unit="logit of the cross-encoder, or of late interaction",
        # The scorers write it after everything else: by what the other features say they choose the few candidates that BERT reads.
        formula=None,
        needs_text=True,
        weight=0.1,
        reason="fits_your_history",
        fact=has_history,
        tells="most",
    ),
)
