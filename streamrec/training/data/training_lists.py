"""Lists to train the cross-encoder on: one user side, a few things, and which of them was right."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import MAX_ITEM_TOKENS, MAX_USER_TOKENS, RECENT_TITLES, SAID_TOKENS, TITLE_TOKENS, user_prefixes
from streamrec.training.data.augment import vary
from streamrec.training.data.corpus import Corpus, groups_of
from streamrec.training.data.purchases import Example, Purchases
from streamrec.training.data.recent import recent_titles

# Every place costs a pair in every step: more wrong items would say more about popularity, fewer would seldom hold one that is hard.
POSITIVES = 3
NEGATIVES = 13
LIST = POSITIVES + NEGATIVES
# How viewers of live shops ask, in both languages of the model. The words of a list stand before all its items, so these decide nothing.
FILLERS = (
    "how much is the", "i want the", "do you have", "show me the", "any", "is there a", "price of", "love this", "please",
    "still in stock?", "多少钱", "我要", "有没有", "想买", "这个", "还有吗", "看看", "什么价", "喜欢", "主播",
)  # fmt: skip


@dataclass(slots=True)
class Lists:
    """A batch of lists.

    `users` has shape (B, max_user_tokens), `items` (B, 16, max_item_tokens); `right` and `there` (B, 16) mark what was right and which
    places are used; `offset` (B, 16) is minus the log of the chance to be drawn, `popularity` (B, 16) the log-popularity.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    right: NDArray[np.bool_]
    there: NDArray[np.bool_]
    offset: NDArray[np.float32]
    popularity: NDArray[np.float32]

    def take(self, rows: NDArray[np.intp]) -> Lists:
        """Some of the lists."""
        return Lists(*(getattr(self, column.name)[rows] for column in fields(self)))


class Comments:
    """Made-up danmaku: words of a text, often with a phrase around them, or words of something else."""

    def __init__(self, tokenise: Tokeniser, chatter: NDArray[np.int32], rng: np.random.Generator) -> None:
        self._fillers = tokenise(FILLERS, 6)
        self._chatter = chatter
        self._rng = rng

    def about(self, starts: NDArray[np.bool_], title: NDArray[np.int32]) -> NDArray[np.int32]:
        """One to three words in a row of `title`; `starts` marks the tokens that begin a word."""
        length = int((title != 0).sum())
        begins = np.flatnonzero(starts[title[:length]])
        if len(begins) == 0:
            return np.zeros(SAID_TOKENS, np.int32)
        ideographs = len(begins) == length
        words = int(self._rng.integers(2, 5)) if ideographs else int(self._rng.integers(1, 4))
        first = int(self._rng.integers(0, max(1, len(begins) - words + 1)))
        stop = begins[first + words] if first + words < len(begins) else length
        said = title[begins[first] : stop]
        if self._rng.random() < 0.5:
            filler = self._fillers[self._rng.integers(len(self._fillers))]
            filler = filler[filler != 0]
            said = np.concatenate([filler, said] if self._rng.random() < 0.7 else [said, filler])
        return _fit(said, SAID_TOKENS)

    def chatter(self) -> NDArray[np.int32]:
        """Words that have to do with nothing in the list."""
        row = self._chatter[self._rng.integers(len(self._chatter))]
        return _fit(row[: self._rng.integers(2, SAID_TOKENS)], SAID_TOKENS)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What lists are made of: `hard` is the share of the wrong items that is drawn by likeness to what the user has, not by popularity;
    `augment` the share of titles that are cropped, and of their tokens that are dropped and swapped (see `augment.vary`)."""

    hard: float = 0.5
    augment: float = 0.0


class PurchaseLists:
    """Lists from real baskets: new items of the next basket against draws from a mixture of popularity and similarity.

    The user's comments are made up: in three lists of ten they name the one right item, in one of ten they are chatter.
    """

    def __init__(
        self,
        purchases: Purchases,
        titles: NDArray[np.int32],
        vectors: NDArray[np.float32],
        rng: np.random.Generator,
        recipe: Recipe | None = None,
    ) -> None:
        self._recipe = recipe or Recipe()
        self._purchases = purchases
        self._titles = titles
        self._vectors = vectors
        self._rng = rng

    def draw(self, size: int, comments: Comments, starts: NDArray[np.bool_]) -> Lists:
        """A batch of `size` lists."""
        rng = self._rng
        batch = [self._purchases.examples[row] for row in rng.integers(len(self._purchases.examples), size=size)]
        log_popularity = self._purchases.log_popularity(batch)
        chance = self._chances(batch, log_popularity)
        titles = vary(self._titles, rng, self._recipe.augment) if self._recipe.augment else self._titles
        said = np.zeros((size, SAID_TOKENS), np.int32)
        recent = recent_titles(batch, titles)
        slots = np.zeros((size, LIST), np.intp)
        right = np.zeros((size, LIST), bool)
        there = np.ones((size, LIST), bool)
        for row, example in enumerate(batch):
            # Three in ten comments name the one right item: with several right ones a comment would name only one of them.
            dice = rng.random()
            count = 1 if dice < 0.3 else int(min(POSITIVES, len(example.targets)))
            positives = rng.choice(example.targets, count, replace=False)
            if dice < 0.3:
                said[row] = comments.about(starts, titles[positives[0]])
            elif dice < 0.4:
                said[row] = comments.chatter()
            right[row, :count] = True
            open_chance = chance[row].copy()
            open_chance[example.targets] = 0
            slots[row, :count] = positives
            draws = min(LIST - count, int(np.count_nonzero(open_chance)))
            if draws:
                slots[row, count : count + draws] = rng.choice(len(open_chance), draws, replace=False, p=open_chance / open_chance.sum())
            there[row, count + draws :] = False
            # Some viewers have no history at all; the network must not lean on there being one.
            if dice > 0.95:
                recent[row] = 0
        rows = np.arange(size)[:, None]
        return Lists(
            user_prefixes(said, recent, MAX_USER_TOKENS),
            titles[slots],
            right,
            there,
            -np.log(chance[rows, slots] + 1e-9).astype(np.float32),
            log_popularity[rows, slots],
        )

    def _chances(self, batch: list[Example], log_popularity: NDArray[np.float32]) -> NDArray[np.float64]:
        interest = self._purchases.interest(batch) @ self._vectors
        interest /= np.maximum(1e-9, np.linalg.norm(interest, axis=1, keepdims=True))
        # A larger factor draws nearer items; popularity's half power keeps oddities that nobody buys from filling the lists.
        alike = np.exp(8.0 * (interest @ self._vectors.T) + 0.5 * log_popularity)
        # What was never sold must have a chance, or its correction by 1 / chance would have no bound.
        popular = np.expm1(log_popularity) + 0.05
        closed = self._purchases.closed(batch)
        alike[closed] = 0
        popular[closed] = 0
        hard = self._recipe.hard
        mixed = hard * alike / alike.sum(axis=1, keepdims=True) + (1 - hard) * popular / popular.sum(axis=1, keepdims=True)
        return np.asarray(mixed, np.float64)


class GroupLists:
    """Made-up lists from catalogue and captions, with even chances: what belongs to the group of the recent things is right.

    They teach words that no purchase has, Chinese among them; in six of ten the comment names the right one.
    """

    def __init__(self, corpus: Corpus, tokenise: Tokeniser, rng: np.random.Generator) -> None:
        self._families = [
            [tokenise(members, MAX_ITEM_TOKENS) for members in groups_of(texts)]
            for texts in (corpus.captions, corpus.captions, corpus.products)
        ]
        self._rng = rng

    def draw(self, size: int, comments: Comments, starts: NDArray[np.bool_]) -> Lists:
        """A batch of `size` lists."""
        rng = self._rng
        said = np.zeros((size, SAID_TOKENS), np.int32)
        recent = np.zeros((size, RECENT_TITLES, TITLE_TOKENS), np.int32)
        items = np.zeros((size, LIST, MAX_ITEM_TOKENS), np.int32)
        for row in range(size):
            groups = self._families[rng.integers(len(self._families))]
            mine = int(rng.integers(len(groups)))
            members = groups[mine][rng.permutation(len(groups[mine]))[: RECENT_TITLES + 1]]
            touched = members[1 : 1 + rng.integers(0, len(members))]
            recent[row, : len(touched)] = touched[:, :TITLE_TOKENS]
            others = rng.integers(len(groups) - 1, size=LIST - 1)
            others += others >= mine
            items[row, 0] = members[0]
            items[row, 1:] = [groups[other][rng.integers(len(groups[other]))] for other in others]
            dice = rng.random()
            if dice < 0.6 or len(touched) == 0:
                said[row] = comments.about(starts, members[0])
            elif dice < 0.7:
                said[row] = comments.chatter()
        right = np.zeros((size, LIST), bool)
        right[:, 0] = True
        even = np.zeros((size, LIST), np.float32)
        return Lists(user_prefixes(said, recent, MAX_USER_TOKENS), items, right, items[:, :, 0] != 0, even, even)


def word_starts(pieces: list[str]) -> NDArray[np.bool_]:
    """Which tokens begin a word."""
    return np.array([not piece.startswith("##") for piece in pieces])


def _fit(ids: NDArray[np.int32], width: int) -> NDArray[np.int32]:
    row = np.zeros(width, np.int32)
    row[: min(width, len(ids))] = ids[:width]
    return row
