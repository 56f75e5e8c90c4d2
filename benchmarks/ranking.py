"""How fast lists are ranked on one core, without Kafka and before the cross-encoder.

    python -m benchmarks.ranking [--quick] [--json]
    python -m benchmarks.ranking --large [--json]

Made-up shops of 1,000, 10,000 and 100,000 items, a few of which never sold, and users with some forty purchases and ten views each; titles
are random, vectors are mixed from those that the shipped model gives the titles of the UCI sample, and the blend is the shipped one. Rows
are turned into lists in micro-batches of 1 to 256 users; "lists/s" counts everything from the row to the chosen items, and the stages show
where the time goes. Beside it the same ranking written per user in plain loops (benchmarks/plain.py), whose lists are checked to be the
same, as far as the nearest items are not looked for in clusters.

With --large there is one shop of 1,000,000 items (7 GiB of memory, ten minutes), whose nearest items are looked for in clusters and, by
turns, exactly; "recall" is the share of them that clusters find.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from itertools import islice, product
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.plain import PlainRanker
from streamrec.bert.blends import load_blend
from streamrec.bert.folder import ModelFolder
from streamrec.bert.model import TextModel
from streamrec.catalogue import clustering
from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.encoded import Encoded
from streamrec.events.types import Item
from streamrec.ranking.batch.context import context
from streamrec.ranking.batch.nearest import exact, nearest, share
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.sources.sources import default_sources
from streamrec.ranking.sources.warm import NearestSource
from streamrec.settings import Settings
from streamrec.simulator.playback import SAMPLE_ITEMS
from streamrec.state.decay import PurchaseTally, Tally
from streamrec.state.item import HALF_LIVES, KINDS
from streamrec.state.stats import ItemStats
from streamrec.state.user import UserRow
from streamrec.system.clock import DAY_MS

NOW = 1_700_000_000_000
K = 10
CATALOGUES, BATCHES = (1_000, 10_000, 100_000), (1, 4, 16, 64, 256)
LARGE, LARGE_BATCHES, SEARCHES, ROUNDS = 1_000_000, (1, 16, 64), ("served", "exact"), 3
AT_ONCE = 50_000
"""Items that are put at once: what is made of them meanwhile takes memory."""
NOISE = 0.03
"""In each of the 128 dimensions of a mixed vector."""
USERS = 512
WORDS, COUNTRIES, UNPRICED, UNSOLD = 3_000, ("GB", "FR"), 0.02, 20
"""Words that titles are made of, countries, the share of items without a price, and of how many one never sold."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
STAGES = ("queries", "sources", "filters", "features", "scorers", "selectors")


@cache
def sample_vectors() -> Any:
    """The vectors that the shipped model gives the titles of the UCI sample, in the order of the titles."""
    with gzip.open(SAMPLE_ITEMS, "rt") as lines:
        titles = sorted({json.loads(line)["title"] for line in lines})
    read = Encoded(TextModel.load())
    read.update(titles, range(len(titles)))
    return read.vectors


class MixedVectors:
    """In place of the text model: nothing is read. Each vector is between those of two titles: one by its place, so that items next to each
    other resemble each other, and one at random; cosines of pairs are about those of titles of mixed words."""

    name, revision, provider = "mixed", "0", "none"
    dim, max_item_tokens, max_user_tokens, late_tokens, late_dim = 128, 1, 1, 0, 0
    scores_pairs = True

    def __init__(self, size: int) -> None:
        self._titles, self._size, self._made = sample_vectors(), size, 0
        self._dice = np.random.default_rng(0)

    def tokenize(self, texts: Any, limit: int) -> Any:
        return np.zeros((len(texts), limit), np.int32)

    def encode(self, tokens: Any) -> Any:
        count, dice = len(tokens), self._dice
        own = self._titles[np.arange(self._made, self._made + count) * len(self._titles) // self._size % len(self._titles)]
        share = dice.random((count, 1), np.float32)
        vectors = share * own + (1 - share) * self._titles[dice.integers(len(self._titles), size=count)]
        vectors += np.float32(NOISE) * dice.standard_normal(vectors.shape, np.float32)
        self._made += count
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def item_states(self, tokens: Any) -> Any:
        return np.zeros((len(tokens), 0, 0), np.float16)


def shop(size: int) -> Catalogue:
    """Items of uneven popularity, each with neighbours of about its own."""
    dice = np.random.default_rng(1)
    catalogue = Catalogue(MixedVectors(size))  # type: ignore[arg-type]
    ids = [f"item-{number}" for number in range(size)]
    titles = [" ".join(f"word{each % WORDS}" for each in words) for words in dice.zipf(1.3, (size, 5)).tolist()]
    prices = np.exp(dice.normal(2, 1, size))
    prices[dice.random(size) < UNPRICED] = 0.0
    ages = dice.uniform(1, 400, size) * DAY_MS
    records = (
        Item(item_id=name, title=title, price=float(price), currency="EUR", created_ts=int(NOW - age))  # type: ignore[arg-type]
        for name, title, price, age in zip(ids, titles, prices, ages, strict=True)
    )
    while some := list(islice(records, AT_ONCE)):
        catalogue.put_items(some)
    sold = dice.permutation(200.0 / np.arange(1, size + 1) ** 0.7)
    for number, name in enumerate(ids):
        if number % UNSOLD == 0:
            continue
        near = [ids[other % size] for other in dice.integers(number - 60, number + 60, 20).tolist()]
        counts = [[0.0] * len(HALF_LIVES) for _ in KINDS]
        counts[0] = counts[1] = [float(sold[number] * share) for share in (0.05, 0.2, 0.6, 1.0)]
        ts = int(NOW - dice.exponential(3) * DAY_MS)
        linked = [(other, round(float(dice.exponential(2)), 3)) for other in dict.fromkeys(near) if other != name]
        first, again = int(NOW - ages[number]), float(0.2 * sold[number])
        there = [(country, float(sold[number] * share)) for country, share in zip(COUNTRIES, (0.5, 0.1), strict=True)]
        new = [0.1 * count for count in counts[0]]
        stats = ItemStats(1, ts, first, counts, linked, linked[:12], again, ts, there, listed=True, newcomers=new)
        catalogue.put_stats(name, stats)
    return catalogue


def people(catalogue: Catalogue) -> list[UserRow]:
    """Users who buy about one part of the shop."""
    dice = np.random.default_rng(2)
    rows = []
    for _ in range(USERS):
        middle, size = int(dice.integers(catalogue.items.size)), catalogue.items.size
        row = UserRow(country=("", *COUNTRIES)[dice.integers(3)])
        for most, took in ((40, row.bought), (10, row.seen)):
            for number in range(int(dice.poisson(most))):
                item_id = catalogue.items.ids[int(dice.normal(middle, 200)) % size]
                ts, times = int(NOW - (1 + number // 8) * 9 * DAY_MS), int(dice.integers(1, 4))
                since = ts - 20 * (times - 1) * DAY_MS if times > 1 else 0
                took[item_id] = PurchaseTally(ts, float(times), times, since) if took is row.bought else Tally(ts, float(times))
        row.spent, row.orders = Tally(NOW - DAY_MS, 80.0), Tally(NOW - DAY_MS, 40.0)
        rows.append(row)
    return rows


def measure(catalogue: Catalogue, ranker: Ranker, rows: list[UserRow], batch: int, seconds: float) -> dict[str, Any]:
    """Lists per second of CPU time, milliseconds per list by stage, and how long one micro-batch takes."""
    spent, took, lists = Counter[str](), [], 0
    begin, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < seconds or len(took) < 5:
        at = (len(took) * batch) % len(rows)
        chosen = (rows * 2)[at : at + batch]
        start = time.perf_counter()
        asked = queries(chosen, [NOW] * batch, [None] * batch, catalogue)
        spent["queries"] += time.perf_counter() - start
        spent.update(ranker.rank(asked).seconds)
        took.append(1000 * (time.perf_counter() - start))
        lists += batch
    cpu = time.process_time() - cpu
    return {
        "items": catalogue.items.size,
        "batch": batch,
        "lists_per_s": round(lists / cpu),
        "batch_p50_ms": round(float(np.percentile(took, 50)), 2),
        "batch_p99_ms": round(float(np.percentile(took, 99)), 2),
        "ms_per_list": {name: round(1000 * spent[name] / lists, 3) for name in STAGES},
    }


def recall(catalogue: Catalogue, rows: list[UserRow]) -> float:
    """The share of the users' nearest items that the search finds which serves them."""
    own = context(queries(rows, [NOW] * len(rows), [None] * len(rows), catalogue), catalogue, catalogue.for_sale(False))
    count = NearestSource.count
    right = exact(own.interest, catalogue.items.vectors, own.pool_slots, own.pool, own.id_rank, count)
    return round(float(np.mean([share(*pair) for pair in zip(nearest(own, count), right, strict=True)])), 3)


def loops(catalogue: Catalogue, ranker: Ranker, rows: list[UserRow], count: int) -> dict[str, Any]:
    """Lists per second of the plain loops, and how many of their items streamrec chose too."""
    most = {source.name: getattr(source, "count", 0) for source in default_sources()}
    plain = PlainRanker(catalogue, ranker.blend, most)
    cpu = time.process_time()
    made = [plain.rank(row, NOW, K) for row in rows[:count]]
    cpu = time.process_time() - cpu
    slots = ranker.rank(queries(rows[:count], [NOW] * count, [None] * count, catalogue)).slots
    same = sum(len({catalogue.items.ids[slot] for slot in ours} & set(theirs)) for ours, theirs in zip(slots, made, strict=True))
    return {"items": catalogue.items.size, "lists_per_s": round(count / cpu, 1), "same_items": round(same / (K * count), 4)}


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two catalogues, short runs")
    parser.add_argument("--large", action="store_true", help="one catalogue of a million items")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    if not ONE_THREAD.items() <= os.environ.items():
        # One core is what is measured, and numpy has read its environment already.
        again = [sys.executable, "-m", "benchmarks.ranking", *sys.argv[1:]]
        sys.exit(subprocess.run(again, env=os.environ | ONE_THREAD, check=False).returncode)
    settings = Settings(candidates="all", cross_pairs=0, late_pairs=0, diversity=0.0, k=K)
    blend = load_blend(ModelFolder.load(), "allow", "bert")
    sizes, seconds = (CATALOGUES[:2], 0.5) if arguments.quick else (CATALOGUES, 4.0)
    report: dict[str, Any] = {"machine": machine(), "streamrec": [], "plain_loops": []}
    for size in (LARGE,) if arguments.large else sizes:
        catalogue = shop(size)
        rows, ranker = people(catalogue), Ranker(catalogue, settings, blend)
        ranker.rank(queries(rows[:64], [NOW] * 64, [None] * 64, catalogue))
        found_share = recall(catalogue, rows[:64])
        for batch, search in product(LARGE_BATCHES if arguments.large else BATCHES, SEARCHES * ROUNDS if arguments.large else SEARCHES[:1]):
            catalogue.items.clustering.large = clustering.LARGE if search == "served" else size + 1
            found = {"nearest": search, "recall": found_share if search == "served" else 1.0}
            report["streamrec"].append(found := found | measure(catalogue, ranker, rows, batch, seconds))
            if not arguments.json:
                print(in_words(found), flush=True)
        if arguments.large:
            break
        report["plain_loops"].append(found := loops(catalogue, ranker, rows, 3 if arguments.quick else 20))
        if not arguments.json:
            print(f"{size:>7,} items, plain loops: {found['lists_per_s']} lists/s; {found['same_items']:.1%} of the items are the same")
    if arguments.json:
        print(json.dumps(report))


def in_words(found: dict[str, Any]) -> str:
    """What was measured, as a line."""
    stages = "  ".join(f"{name} {value:.3f}" for name, value in found["ms_per_list"].items())
    head = (
        f"{found['items']:>9,} items, {found['batch']:>3} at once, nearest {found['nearest']}: {found['lists_per_s']:>6,} lists/s per core"
    )
    return (
        f"{head}, p50 {found['batch_p50_ms']:.2f} ms, p99 {found['batch_p99_ms']:.2f} ms; recall {found['recall']}; ms per list: {stages}"
    )


if __name__ == "__main__":
    main()
