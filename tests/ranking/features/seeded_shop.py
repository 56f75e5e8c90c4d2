"""A shop made up from a seed in which no feature is 0 for everyone, and what `golden.npz` keeps of it.

Write the file anew, when a feature is meant to change, by `python -m tests.ranking.features.seeded_shop`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from streamrec.bert.blends import load_blend
from streamrec.bert.folder import ModelFolder
from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.queries import Queries, queries
from streamrec.ranking.features.features import features
from streamrec.ranking.features.schema import FEATURES, SCHEMA
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.sources.source import Source
from streamrec.ranking.sources.sources import default_sources
from streamrec.state.decay import PurchaseTally, Tally
from streamrec.state.item import HALF_LIVES, KINDS
from streamrec.state.stats import ItemStats
from streamrec.state.user import Said, UserRow
from tests.shop import DAY, NOW, WordModel, catalogue, item, room, settings

GOLDEN = Path(__file__).with_name("golden.npz")
ITEMS, USERS = 24, 4
WORDS = ("red", "blue", "mug", "hose", "lamp", "rake", "large", "small")
PROPOSED = (
    *("shelf", "live", "covisited", "nearest", "trending", "popular", "country", "following", "mentioned", "new", "unsold", "rest"),
    *("rules", "repeat"),
)
REPEATS = ("allow", "exclude")


def shop(dice: Random) -> Catalogue:
    """Items of some kinds, brands, prices and ages; two of them never sold."""
    ids = [f"i{number:02}" for number in range(ITEMS)]
    made = catalogue(
        *(
            item(
                name,
                f"{dice.choice(WORDS)} {dice.choice(WORDS)} {number}",
                price=round(dice.uniform(1, 90), 2),
                category=dice.choice((None, "garden", "kitchen")),
                brand=dice.choice((None, "acme", "zenith")),
                created_ts=NOW - dice.randrange(1, 200 * DAY) if number % 3 else None,
            )
            for number, name in enumerate(ids)
        ),
        model=WordModel(),
    )
    for name in ids[2:]:
        ts = NOW - dice.randrange(20 * DAY)
        counts = [sorted(round(dice.expovariate(0.2), 3) for _ in HALF_LIVES) for _ in KINDS]
        linked = [(other, round(dice.uniform(0.1, 3), 3)) for other in dice.sample(ids, 5) if other != name]
        countries = [(country, round(dice.uniform(0.5, 9), 3)) for country in dice.sample(("GB", "FR", "CN"), 2)]
        first, again = ts - dice.randrange(90 * DAY), round(dice.uniform(0, counts[1][3]), 3)
        new = [round(dice.uniform(0, count), 3) for count in counts[1]]
        sold = ts - dice.randrange(DAY)
        made.put_stats(name, ItemStats(1, ts, first, counts, linked, linked[:3], again, sold, countries, listed=True, newcomers=new))
    made.put_room(room("r0", ids[:9], on_air=ids[4]))
    made.put_room(room("r1", ids[6:15], host_id="h1"))
    return made


def people(dice: Random) -> list[UserRow]:
    """Users who did a little of everything; the last has no history."""
    rows = []
    for number in range(USERS):
        row = UserRow(country=("GB", "", "CN", "FR")[number])
        if number < USERS - 1:
            for name, most, span in (("bought", 6, 60 * DAY), ("seen", 5, 30 * DAY), ("named", 2, DAY // 8), ("shown", 5, DAY // 8)):
                for other in dice.sample(range(ITEMS), most):
                    made = Tally(NOW - dice.randrange(span), round(dice.uniform(0.3, 3), 3))
                    getattr(row, name)[f"i{other:02}"] = _bought(dice, made) if name == "bought" else made
            row.spent, row.orders = Tally(NOW, round(dice.uniform(4, 9), 3)), Tally(NOW, 3.0)
            row.said = [Said(NOW - 1000, "is the red mug large")]
        rows.append(row)
    return rows


def _bought(dice: Random, made: Tally) -> PurchaseTally:
    times = dice.randrange(1, 4)
    return PurchaseTally(made.ts, made.count, times, made.ts - dice.randrange(1, 60 * DAY) if times > 1 else 0)


def asked(made: Catalogue, dice: Random) -> Queries:
    """One query for each user, half an hour apart."""
    times = [NOW + 1_800_000 * number for number in range(USERS)]
    return queries(people(dice), times, ["r0", None, "r1", None], made)


def sources(repeats: Any) -> list[Source]:
    """Those that there were when lists were kept: another one brings other candidates into lists, and is no fault of a feature."""
    return [source for source in default_sources(repeats) if source.name in PROPOSED]


def facts() -> dict[str, Any]:
    """Names, raw and standardised features, and the lists of the shipped blends."""
    dice = Random(7)
    made = shop(dice)
    wanted = asked(made, dice)
    kept: dict[str, Any] = {"names": np.array(FEATURES), "schema": np.array(SCHEMA)}
    for repeats in REPEATS:
        wishes = settings(repeats=repeats, k=10, cross_pairs=8, diversity=0.1)
        ranker = Ranker(made, wishes, load_blend(ModelFolder.load(), repeats, "bert"), sources(repeats))
        weighed, ranked = ranker.weigh(wanted, deadline=1e12), ranker.rank(wanted)
        if repeats == "allow":
            kept |= {"raw": features(weighed.shop, weighed.candidates), "standardised": weighed.features}
        kept |= {f"slots_{repeats}": ranked.slots, f"scores_{repeats}": ranked.scores, f"sources_{repeats}": ranked.sources}
        kept |= {f"contributions_{repeats}": ranked.contributions.astype(np.float32)}
    return kept


if __name__ == "__main__":
    np.savez_compressed(GOLDEN, **facts())
