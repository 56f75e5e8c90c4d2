"""Ranks a made-up shop once, so that all loops of the ranking are compiled, or loaded, before a viewer waits for them.

    python -m streamrec.ranking.rehearsal

Installing does so, and images keep the result (--keep): a worker loads it in a second beside reading the catalogue. One that finds nothing
compiles for about half a minute there.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import time
from dataclasses import replace
from typing import Any

import numpy as np

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.clusters import clustered
from streamrec.events.fields import EventTime
from streamrec.events.types import Item, Room
from streamrec.ranking.batch.best import best
from streamrec.ranking.batch.nearest import in_clusters
from streamrec.ranking.batch.order import among_best
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.features.features import z_scores
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import LEARNED, Blend, Network
from streamrec.settings import Settings
from streamrec.state.decay import PurchaseTally, Tally
from streamrec.state.item import HALF_LIVES, KINDS
from streamrec.state.stats import ItemStats
from streamrec.state.user import Asked, UserRow
from streamrec.state.voices import Spoken
from streamrec.system.clock import DAY_MS
from streamrec.system.compiled import FOLDER, SHIPPED

logger = logging.getLogger(__name__)
NOW = 100 * DAY_MS
ITEMS, UNITS = 4, 8
SLOW_S = 5.0
"""Loading takes a second; what takes longer was compiled, and the next start should find it."""


def rehearse() -> float:
    """Rank for two viewers: one who did all that rows tell of, and one of whom nothing is known. Returns how many seconds it took."""
    begin = time.perf_counter()
    shop, row = _shop(), UserRow(country="GB", room_id="room")
    row.bought["item-1"] = PurchaseTally(NOW - DAY_MS, 2.0, 2, NOW - 9 * DAY_MS)
    for tallies in (row.seen, row.named, row.wanted, row.shown):
        tallies["item-2"] = Tally(NOW, 20.0)
    row.asked["item-2"] = Asked(NOW, "size")
    row.hidden["item-3"] = NOW
    blend = replace(Blend.plain(), network=Network(*(np.zeros(shape, np.float32) for shape in ((LEARNED, UNITS), UNITS, UNITS))))
    wishes: dict[str, Any] = {"scoring": "off", "k": 2, "max_per_category": 1}
    for repeats in ("allow", "exclude"):
        ranker = Ranker(shop, Settings(**wishes, repeats=repeats), blend)
        ranked = ranker.rank(queries([row, UserRow()], [NOW, NOW], [None, None], shop, ["a", "b"]))
    # What only a text model asks for.
    pool, id_rank = shop.for_sale(live_only=False), shop.items.id_rank()
    best(np.ones((2, shop.items.size), np.float32), pool, id_rank, 1)
    slots, vectors = np.arange(ITEMS, dtype=np.int32), np.eye(ITEMS, dtype=np.float32)
    clusters = clustered(vectors, slots)
    clusters.put(slots, vectors)
    in_clusters(vectors, vectors, clusters, 1, pool, id_rank, 1)
    among_best(ranked.scores.astype(np.float32), np.zeros(ranked.scores.shape, np.int64), 1)
    z_scores(ranked.scores, ranked.scores > 0)
    return time.perf_counter() - begin


def ready() -> None:
    """Rehearse before a worker starts, and say what takes so long where nothing was compiled yet."""
    compiled = any(FOLDER.rglob("*.nbi"))
    if not compiled:
        logger.info("compiling the ranking for this machine, once; it takes about half a minute")
    seconds = rehearse()
    if not compiled or seconds > SLOW_S:
        logger.info("the ranking is compiled (%.0f s) and kept in %s", seconds, FOLDER)


def _shop() -> Catalogue:
    """Items of which everything is known but the first, which never sold."""
    shop, ids = Catalogue(), [f"item-{number}" for number in range(ITEMS)]
    shop.put_items(
        Item(
            item_id=name,
            title=f"red mug {name}",
            price=3.0,
            currency="GBP",
            category="mugs",
            brand="acme",
            created_ts=EventTime(NOW - DAY_MS),
        )
        for name in ids
    )
    for name in ids[1:]:
        counts = [[3.0] * len(HALF_LIVES) for _ in KINDS]
        linked = [(other, 2.0) for other in ids if other != name]
        made = ItemStats(1, NOW, NOW - DAY_MS, counts, linked, linked, 1.0, NOW, [("GB", 2.0)], listed=True)
        made.newcomers, made.spoken = [1.0] * len(HALF_LIVES), Spoken(want=1.0, praise=1.0, complaint=1.0)
        shop.put_stats(name, made)
    shop.put_room(Room(room_id="room", host_id="host", status="live", shelf=ids, on_air=ids[0], ts=EventTime(NOW)))
    return shop


def main() -> None:
    """Compile, and say where the result is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="copy the result into the package, for all users of an image")
    keep = parser.parse_args().keep
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    ready()
    if keep:
        shutil.copytree(FOLDER, SHIPPED / FOLDER.name, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
