"""The lists of a training run: real baskets, and made-up lists from groups of the catalogue and the captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS
from streamrec.training.data.corpus import Corpus
from streamrec.training.data.purchases import Purchases
from streamrec.training.data.training_lists import Comments, GroupLists, Lists, PurchaseLists, Recipe, word_starts
from streamrec.training.networks.bert import load_encoder
from streamrec.training.networks.vectors import embed

BOUGHT = 24
GROUPED = 4
TEXT_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Material:
    """What lists are made of: a work folder with vocabulary and encoder, purchases, those held out for validation, and other texts."""

    work: Path
    purchases: Purchases
    held: Purchases | None
    corpus: Corpus

    def sources(self, seed: int, recipe: Recipe | None = None) -> tuple[ListSource, ListSource | None]:
        """The lists to train on, made by `recipe`, and those to validate on, made by the usual one."""

        def source(purchases: Purchases, seed: int, recipe: Recipe | None) -> ListSource:
            return ListSource(self.work / "vocabulary", self.work / "encoder", purchases, self.corpus, np.random.default_rng(seed), recipe)

        return source(self.purchases, seed, recipe), source(self.held, seed + 1, None) if self.held else None


class ListSource:
    """Draws lists; vectors of the encoder in the folder `encoder` say which items are alike, and so hard to tell apart.

    `titles` has the token ids of the items, `seen` every token that occurs in a training text.
    """

    def __init__(
        self,
        vocabulary: Path,
        encoder: Path,
        purchases: Purchases,
        corpus: Corpus,
        rng: np.random.Generator,
        recipe: Recipe | None = None,
    ) -> None:
        self.rng = rng
        tokenise = Tokeniser(vocabulary / "tokenizer.json")
        self._starts = word_starts((vocabulary / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1])
        self.titles = tokenise(purchases.titles, MAX_ITEM_TOKENS)
        captions = tokenise([text for text, _ in corpus.captions], MAX_ITEM_TOKENS)
        self.seen = np.unique(tokenise(corpus.texts() + purchases.titles, TEXT_TOKENS))
        self.encoder = load_encoder(encoder).eval()
        with torch.no_grad():
            vectors: NDArray[np.float32] = embed(self.encoder, self.titles).numpy()
        chatter = np.concatenate([captions[:: 1 + len(captions) // len(self.titles)], self.titles])
        self._comments = Comments(tokenise, chatter, rng)
        self._bought = PurchaseLists(purchases, self.titles, vectors, rng, recipe)
        self._grouped = GroupLists(corpus, tokenise, rng)

    def bought(self, size: int = BOUGHT) -> Lists:
        """Lists from real baskets."""
        return self._bought.draw(size, self._comments, self._starts)

    def grouped(self, size: int = GROUPED) -> Lists:
        """Made-up lists from catalogue and captions."""
        return self._grouped.draw(size, self._comments, self._starts)
