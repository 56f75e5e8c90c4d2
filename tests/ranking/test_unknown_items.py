"""What nobody knows anything of does not lead: no unknown item is better for every viewer than one that sells well."""

from __future__ import annotations

from functools import cache
from itertools import product
from random import Random
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamrec.bert.blends import load_blend
from streamrec.bert.folder import ModelFolder
from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.types import Item
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.state.decay import PurchaseTally, Tally
from streamrec.state.item import HALF_LIVES
from streamrec.state.user import UserRow
from tests.ranking.features.tiny import statistics
from tests.shop import DAY, NOW, WordModel, catalogue, item, settings

WORDS = ("red", "blue", "green", "mug", "hose", "lamp", "rake", "bag", "large", "small", "tin", "set")
SELLERS, SLOW, UNKNOWN, BUYERS = 30, 30, 12, 5
BLENDS = [("plain", "off"), *(("shipped", scoring) for scoring in ("bert", "off"))]
Repeats = Literal["allow", "exclude"]


@cache
def _blend(kind: str, scoring: Literal["bert", "off"], repeats: Repeats) -> Blend:
    return Blend.plain() if kind == "plain" else load_blend(ModelFolder.load(), repeats, scoring)


def _named(dice: Random, name: str, listed: int | None) -> Item:
    title = " ".join(dice.choice(WORDS) for _ in range(3))
    return item(name, title, price=dice.choice((0.0, round(10 ** dice.uniform(-1, 4), 2))), created_ts=listed)


def _shop(dice: Random, scoring: str, unknown_listed: list[int | None]) -> Catalogue:
    """Items that sell well, ones that sold now and then, and ones of which nothing is known but perhaps a date."""
    ids = [f"good{number}" for number in range(SELLERS)] + [f"slow{number}" for number in range(SLOW)]
    listed = [dice.choice((None, NOW - dice.randrange(100, 900) * DAY)) for _ in ids]
    known = [_named(dice, name, when) for name, when in zip(ids, listed, strict=True)]
    unknown = [_named(dice, f"unknown{number}", when) for number, when in enumerate(unknown_listed)]
    made = catalogue(*known, *unknown, model=WordModel() if scoring == "bert" else None)
    for name in ids:
        # A steady rate (1/day) keeps up its half-life / log 2 times itself.
        rate = dice.uniform(2, 30) if name.startswith("good") else dice.uniform(0.01, 0.3)
        counts = [rate * half / DAY / np.log(2) for half in HALF_LIVES]
        ts = NOW - round(dice.expovariate(rate) * DAY)
        linked = [(other, round(dice.uniform(0.1, 0.3) * counts[-1], 3)) for other in dice.sample(ids, 6) if other != name]
        again, new = dice.uniform(0, 0.3) * counts[-1], [dice.uniform(0.1, 0.5) * count for count in counts]
        first, there = NOW - dice.randrange(90, 100) * DAY, [("GB", 0.5 * counts[2])]
        made.put_stats(
            name,
            statistics(
                counts, ts, first_ts=first, neighbours=linked, leaders=linked[:3], again=again, newcomers=new, countries=there, listed=True
            ),
        )
    return made


def _viewers(dice: Random, made: Catalogue) -> list[UserRow]:
    """Two of whom nothing is known but perhaps the country, and some who bought this and that."""
    rows = [UserRow(), UserRow(country="GB")]
    sold = [name for name in made.items.ids if not name.startswith("unknown")]
    for _ in range(BUYERS):
        row = UserRow(country=dice.choice(("", "GB")))
        for name in dice.sample(sold, dice.randrange(1, 25)):
            ts, times = NOW - dice.randrange(1, 200) * DAY, dice.randrange(1, 5)
            row.bought[name] = PurchaseTally(ts, dice.uniform(0.1, times), times, ts - dice.randrange(1, 90) * DAY if times > 1 else 0)
        row.seen = {name: Tally(NOW - DAY, 1.0) for name in dice.sample(sold, 3)}
        row.orders = Tally(NOW, float(len(row.bought)))
        row.spent = Tally(NOW, row.orders.count * dice.uniform(0, 5))
        rows.append(row)
    return rows


def _scores(made: Catalogue, rows: list[UserRow], blend: Blend, repeats: Repeats) -> NDArray[np.float64]:
    """Of shape (viewers, slots); NaN where an item is no candidate."""
    ranker = Ranker(made, settings(repeats=repeats, cross_pairs=4), blend)
    weighed = ranker.weigh(queries(rows, [NOW] * len(rows), [None] * len(rows), made), deadline=1e12)
    scores = np.full((len(rows), made.items.size), np.nan)
    user, column = np.nonzero(weighed.candidates.kept)
    scores[user, weighed.candidates.slots[user, column]] = blend.score(weighed.features)[user, column]
    return scores


def _slots(made: Catalogue, kind: str) -> NDArray[np.intp]:
    return np.array([slot for slot, name in enumerate(made.items.ids) if name.startswith(kind)])


@pytest.mark.parametrize(("blend", "repeats"), list(product(BLENDS, ("allow", "exclude"))), ids=str)
@tries(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_no_unknown_item_is_above_a_well_selling_one_for_every_viewer(
    blend: tuple[str, Literal["bert", "off"]], repeats: Repeats, seed: int
) -> None:
    dice = Random(seed)
    days = [dice.choice((None, 0, 1, 7, 30, 300)) for _ in range(UNKNOWN)]
    made = _shop(dice, blend[1], [None if day is None else NOW - day * DAY for day in days])
    scores = _scores(made, _viewers(dice, made), _blend(*blend, repeats), repeats)
    unknown, good = scores[:, _slots(made, "unknown"), None], scores[:, None, _slots(made, "good")]
    met = ~np.isnan(unknown + good)
    above = np.where(met, unknown > good, True).all(axis=0)
    assert not above[met.any(axis=0)].any(), f"listed {days} days ago: {above.sum(axis=1)} of {SELLERS} that sell well are below"


@pytest.mark.parametrize(("blend", "repeats"), list(product(BLENDS, ("allow", "exclude"))), ids=str)
@tries(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_of_a_batch_of_new_items_none_leads_every_list(blend: tuple[str, Literal["bert", "off"]], repeats: Repeats, seed: int) -> None:
    dice = Random(seed)
    made = _shop(dice, blend[1], [NOW - dice.randrange(DAY) for _ in range(UNKNOWN)])
    scores = _scores(made, _viewers(dice, made), _blend(*blend, repeats), repeats)
    best = np.nanargmax(scores, axis=1)
    for slot in _slots(made, "unknown"):
        assert (best != slot).any(), f"{made.items.ids[slot]} leads all {len(best)} lists"
