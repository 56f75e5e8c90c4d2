"""The ranking of one user in plain loops, with the sources, features and blend of streamrec: what a team writes first.

It reads the same catalogue and the same row. Vectors are multiplied by numpy, or the figures would say more of Python than of the shape
of the code. Rooms, comments, impressions and the cross-encoder are left out: the benchmark has none.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.items import LINK_PRIOR, NEVER, PURCHASE, VIEW, VIEW_SHARE
from streamrec.catalogue.links import Links
from streamrec.ranking.batch.queries import ACTIONS, RECENT
from streamrec.ranking.features.features import MOST_STANDOUT
from streamrec.ranking.features.formulas import MONTH_MS
from streamrec.ranking.features.inputs import MONTH, SEASON, WEEK
from streamrec.ranking.features.schema import FEATURES, RELATIVE
from streamrec.ranking.scorers.blend import ITEM, LEARNED, Blend
from streamrec.state.before import BASKET_MS
from streamrec.state.item import HALF_LIVES
from streamrec.state.user import INTEREST_HALF_LIFE, UserRow
from streamrec.system.clock import DAY_MS


class PlainRanker:
    """Ranks one user after the other."""

    def __init__(self, catalogue: Catalogue, blend: Blend, most: Mapping[str, int]) -> None:
        """`most` has the number of candidates of every source, by its name."""
        self._catalogue, self._items, self._most = catalogue, catalogue.items, most
        self._blend, self._weights = blend, blend.linear().tolist()

    def rank(self, row: UserRow, now: int, k: int) -> list[str]:
        """The ids of the best items, best first."""
        items, interest, touched, bought_at = self._items, defaultdict(float), {}, {}
        for name, weight in ACTIONS.items():
            for item_id, entry in getattr(row, name).items():
                slot = items.slots[item_id]
                interest[slot] += weight * entry.at(now, INTEREST_HALF_LIFE)
                touched[slot] = max(entry.ts, touched.get(slot, 0))
                if name == "bought":
                    bought_at[slot] = entry.ts
        recent = sorted(touched, key=lambda slot: (-touched[slot], items.ids[slot]))[:RECENT]
        since = max(max(bought_at.values(), default=0) - BASKET_MS, 1)
        last = [slot for slot in recent if bought_at.get(slot, 0) >= since]
        covisits, covisits_last, follows = defaultdict(float), defaultdict(float), defaultdict(float)
        for slot in recent:
            for other, cosine in self._linked(self._catalogue.links, slot):
                covisits[other] += interest[slot] * cosine
                covisits_last[other] += cosine if slot in last else 0.0
        for slot in last:
            for other, cosine in self._linked(self._catalogue.leads, slot):
                follows[other] += cosine
        towards = _unit([(interest[slot], items.vectors[slot]) for slot in recent], items.vectors.shape[1])
        towards_last = _unit([(1.0, items.vectors[slot]) for slot in last], items.vectors.shape[1])
        similarity = {slot: float(towards @ items.vectors[slot]) for slot in range(items.size)}
        owned = {slot: row.bought[items.ids[slot]].at(now, INTEREST_HALF_LIFE) for slot in bought_at}
        trend = {slot: self._events(slot, WEEK) * 2.0 ** ((items.counted_at[slot] - now) / HALF_LIVES[WEEK]) for slot in range(items.size)}
        created = {slot: items.created[slot] for slot in range(items.size) if items.created[slot] <= now}
        proposed = {"covisited": covisits, "following": follows, "nearest": similarity, "trending": trend, "repeat": owned, "new": created}
        candidates = sorted({slot for name, scores in proposed.items() for slot in self._best(scores, self._most[name])})
        price = row.spent.count / row.orders.count if row.orders.count > 0 else None
        baskets = sorted(bought_at.values())
        count = sum(1 for here, before in zip(baskets, [-math.inf, *baskets], strict=False) if here - before > BASKET_MS)
        user = {
            "user_items": math.log1p(len(owned)) / 5,
            "user_baskets": math.log1p(count) / 3,
            "user_basket_size": math.log1p(len(owned) / max(count, 1)) / 4,
            "user_away": math.exp((max(baskets) - now) / MONTH_MS) if baskets else 0.0,
            "user_interest": math.log1p(sum(interest[slot] for slot in recent)) / 4,
            "list_size": math.log1p(len(candidates)) / 7,
        }
        table = []
        for slot in candidates:
            own, price_of = owned.get(slot, 0.0), float(items.log_price[slot])
            again = math.exp((bought_at[slot] - now) / MONTH_MS) if slot in bought_at else 0.0
            table.append(
                user
                | self._of_item(slot, now)
                | {
                    "covisits": math.log1p(100 * covisits.get(slot, 0.0)),
                    "covisits_last": math.log1p(100 * covisits_last.get(slot, 0.0)),
                    "follows": math.log1p(100 * follows.get(slot, 0.0)),
                    "similarity": similarity[slot],
                    "similarity_last": float(towards_last @ items.vectors[slot]),
                    "seen": math.log1p(row.seen[items.ids[slot]].at(now, INTEREST_HALF_LIFE)) if items.ids[slot] in row.seen else 0.0,
                    "repeat": math.log1p(own),
                    "repeat_recency": again,
                    "owned": float(own > 0),
                    "owned_count": 0.4 * math.log1p(own),
                    "owned_age": again,
                    "price": price_of,
                    "price_gap": abs(price_of - price) if price is not None else 0.0,
                }
            )
        for name in RELATIVE:
            values = [each.get(name, 0.0) for each in table]
            middle = sum(values) / len(values)
            spread = math.sqrt(sum((value - middle) ** 2 for value in values) / len(values))
            for each, value in zip(table, values, strict=True):
                each[name] = max(-MOST_STANDOUT, min(MOST_STANDOUT, (value - middle) / spread)) if spread > 1e-6 else 0.0
        scores = {slot: self._score(each) for slot, each in zip(candidates, table, strict=True)}
        return [items.ids[slot] for slot in sorted(scores, key=lambda slot: (-round(scores[slot], 6), items.ids[slot]))[:k]]

    def _linked(self, links: Links, slot: int) -> Iterator[tuple[int, float]]:
        root = math.sqrt(self._items.counts[slot, PURCHASE, -1] + LINK_PRIOR)
        slots, weights = links.rows(np.array([slot], np.int32))
        for other, weight in zip(slots[0].tolist(), weights[0].tolist(), strict=True):
            if other >= 0:
                yield other, weight / (root * math.sqrt(self._items.counts[other, PURCHASE, -1] + LINK_PRIOR))

    def _best(self, scores: Mapping[int, float], most: int) -> list[int]:
        return sorted((slot for slot in scores if scores[slot] > 0), key=lambda slot: (-scores[slot], self._items.ids[slot]))[:most]

    def _events(self, slot: int, half_life: int) -> float:
        return float(self._items.counts[slot, PURCHASE, half_life] + VIEW_SHARE * self._items.counts[slot, VIEW, half_life])

    def _of_item(self, slot: int, now: int) -> dict[str, float]:
        items = self._items
        age = max(now - items.counted_at[slot], 0)
        counts = [self._events(slot, place) * 2.0 ** (-age / half) for place, half in enumerate(HALF_LIVES)]
        first = min(items.created[slot] or NEVER, items.first_sale[slot])
        fresh = math.exp((first - now) / MONTH_MS) if first < now else float(first < NEVER)
        return {f"popularity_{days}d": math.log1p(count) for days, count in zip((1, 7, 30, 90), counts, strict=True)} | {
            "trend_7d": math.log((30 / 7 * counts[WEEK] + 1) / (counts[MONTH] + 1)),
            "trend_30d": math.log((3 * counts[MONTH] + 1) / (counts[SEASON] + 1)),
            "popular": 0.1 * math.log1p(counts[MONTH]),
            "freshness": fresh,
            "age": fresh,
            "idle": math.log1p(max(now - items.sold_at[slot], 0) / DAY_MS),
            "rebought": items.again[slot] / (items.counts[slot, PURCHASE, -1] + 2.0),
        }

    def _score(self, features: Mapping[str, float]) -> float:
        vector = [features.get(name, 0.0) for name in FEATURES]
        score = sum(weight * value for weight, value in zip(self._weights, vector, strict=True))
        net = self._blend.network
        if net is not None:
            average = np.array(vector[ITEM:LEARNED], np.float32) @ net.into[ITEM:] + net.bias
            moved = np.array(vector[:ITEM], np.float32) @ net.into[:ITEM]
            score += float((np.maximum(average + moved, 0) - np.maximum(average, 0)) @ net.out)
        return score


def _unit(parts: list[tuple[float, np.ndarray]], dim: int) -> np.ndarray:  # type: ignore[type-arg]
    total = sum((weight * vector for weight, vector in parts), np.zeros(dim, np.float32))
    return total / max(float(np.linalg.norm(total)), 1e-9)  # type: ignore[no-any-return]
