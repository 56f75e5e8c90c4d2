"""How much an item's text is like that of what the user took."""

from __future__ import annotations

from streamrec.ranking.features.about import resembles_last, resembles_own
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import as_is

FEATURES = (
    Feature(
        name="words",
        scope="relative",
        unit="cosine of the words, by TF-IDF, of item and interest",
        reads=("same_words",),
        formula=as_is,
        since=3,
        weight=0.5,
        family="alike",
        reason="similar_to_recent",
        bond=resembles_own,
    ),
    Feature(
        name="words_last",
        scope="relative",
        unit="cosine of the words, by TF-IDF, of item and last basket",
        reads=("same_words_last",),
        formula=as_is,
        since=3,
        family="alike",
        reason="similar_to_last",
        bond=resembles_last,
    ),
    Feature(
        name="similarity",
        scope="relative",
        unit="cosine of the text vectors of item and interest",
        reads=("similarity",),
        formula=as_is,
        needs_text=True,
        weight=0.7,
        family="alike",
        reason="similar_to_recent",
        bond=resembles_own,
    ),
    Feature(
        name="similarity_last",
        scope="relative",
        unit="cosine of the text vectors of item and last basket",
        reads=("similarity_last",),
        formula=as_is,
        needs_text=True,
        family="alike",
        reason="similar_to_last",
        bond=resembles_last,
    ),
)
