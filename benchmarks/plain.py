"""The ranking of one user in plain loops, with the sources, features and blend of streamrec: what a team writes first.

It reads the same catalogue and the same row. Vectors are multiplied by numpy, or the figures would say more of Python than of the shape
of the code. Rooms, rules, comments, impressions, hidden items, categories and the cross-encoder are left out: the benchmark has none.
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
from streamrec.ranking.features.absolute import LEAST_GAP_MS
from streamrec.ranking.features.features import MOST_STANDOUT
from streamrec.ranking.features.formulas import MONTH_MS
from streamrec.ranking.features.sales import FEW, PRIOR
from streamrec.ranking.features.schema import FEATURES, RELATIVE
from streamrec.ranking.ranker import DECIMALS
from streamrec.ranking.scorers.blend import ITEM, LEARNED, Blend
from streamrec.ranking.sources.cold import BITS_32, KNUTH, NEWEST
from streamrec.state.before import BASKET_MS
from streamrec.state.item import HALF_LIVES, MONTH, SEASON, WEEK
from streamrec.state.user import INTEREST_HALF_LIFE, UserRow
from streamrec.system.clock import DAY_MS, HOUR_MS

Features = dict[str, float]
Parts = list[tuple[float, int]]
"""Weights and slots."""


class PlainRanker:
    """Ranks one user after the other."""

    def __init__(self, catalogue: Catalogue, blend: Blend, most: Mapping[str, int]) -> None:
        """`most` has the number of candidates of every source, by its name."""
        self._catalogue, self._items, self._most = catalogue, catalogue.items, most
        self._blend, self._weights = blend, blend.linear().tolist()

    def rank(self, row: UserRow, now: int, k: int) -> list[str]:
        """The ids of the best items, best first."""
        items, interest, touched = self._items, defaultdict(float), {}
        for name, weight in ACTIONS.items():
            for item_id, entry in getattr(row, name).items():
                slot = items.slots[item_id]
                interest[slot] += weight * entry.at(now, INTEREST_HALF_LIFE)
                touched[slot] = max(entry.ts, touched.get(slot, 0))
        bought = {items.slots[item_id]: entry for item_id, entry in row.bought.items()}
        owned = {slot: entry.at(now, INTEREST_HALF_LIFE) for slot, entry in bought.items()}
        newest = max((entry.ts for entry in bought.values()), default=0)
        before = max((entry.ts for entry in bought.values() if entry.ts < newest - BASKET_MS), default=0)
        recent = sorted(touched, key=lambda slot: (-touched[slot], items.ids[slot]))[:RECENT]
        last = [slot for slot in recent if slot in bought and bought[slot].ts >= newest - BASKET_MS]
        covisits, covisits_last, follows = defaultdict(float), defaultdict(float), defaultdict(float)
        for slot in recent:
            for other, cosine in self._linked(self._catalogue.links, slot):
                covisits[other] += interest[slot] * cosine
                covisits_last[other] += cosine if slot in last else 0.0
        for slot in last:
            for other, cosine in self._linked(self._catalogue.leads, slot):
                follows[other] += cosine
        own, own_last = [(interest[slot], slot) for slot in recent], [(1.0, slot) for slot in last]
        towards, towards_last, profile, profile_last = self._unit(own), self._unit(own_last), self._words(own), self._words(own_last)
        similarity = {slot: float(towards @ items.vectors[slot]) for slot in range(items.size)}
        country = items.countries.of(row.country)
        here = {slot: self._there(slot, country, now) for slot in range(items.size)} if country else {}
        trending = {slot: self._events(slot, WEEK, now) for slot in range(items.size)}
        turn = self._turn(now)
        proposed = {
            "covisited": covisits,
            "nearest": similarity,
            "trending": trending,
            "popular": {slot: self._events(slot, SEASON, now) for slot in range(items.size)},
            "country": here,
            "following": follows,
            "new": {slot: items.created[slot] for slot in range(items.size) if items.created[slot] <= now},
            "unsold": {slot: lot for slot, lot in turn.items() if not items.sold_at[slot]},
            "akin": {slot: self._same(profile, slot) for slot in self._unsold(now)},
            "repeat": owned,
        }
        if len(self._best(trending, self._most["trending"])) - len(owned) < self._most["rest"]:
            proposed["rest"] = {slot: lot for slot, lot in turn.items() if slot not in owned}
        candidates = sorted({slot for name, scores in proposed.items() for slot in self._best(scores, self._most[name])})
        price = row.spent.count / row.orders.count if row.orders.count > 0 else math.nan
        times = sorted(ts for entry in bought.values() for ts in (entry.ts, entry.first_ts) if ts)
        count = sum(1 for ts, earlier in zip(times, [-math.inf, *times], strict=False) if ts - earlier > BASKET_MS)
        user = {
            "user_items": math.log1p(len(owned)) / 5,
            "user_baskets": math.log1p(count) / 3,
            "user_basket_size": math.log1p(len(owned) / max(count, 1)) / 4,
            "user_away": math.exp((newest - now) / MONTH_MS) if newest else 0.0,
            "user_interest": math.log1p(sum(interest[slot] for slot in recent)) / 4,
            "list_size": math.log1p(len(candidates)) / 7,
        }
        table = []
        for slot in candidates:
            of_item, price_of = self._of_item(slot, now), float(items.log_price[slot])
            features = {
                "covisits": math.log1p(100 * covisits.get(slot, 0.0)),
                "covisits_last": math.log1p(100 * covisits_last.get(slot, 0.0)),
                "follows": math.log1p(100 * follows.get(slot, 0.0)),
                "words": self._same(profile, slot),
                "words_last": self._same(profile_last, slot),
                "similarity": similarity[slot],
                "similarity_last": float(towards_last @ items.vectors[slot]),
                "seen": math.log1p(row.seen[items.ids[slot]].at(now, INTEREST_HALF_LIFE)) if items.ids[slot] in row.seen else 0.0,
                "country": math.log1p(here.get(slot, 0.0)),
                "price": price_of,
                "price_gap": abs(price_of - price),
            }
            if slot in bought:
                entry, again = bought[slot], math.exp((bought[slot].ts - now) / MONTH_MS)
                features |= {
                    "repeat": math.log1p(owned[slot]),
                    "repeat_recency": again,
                    "owned_rebuy": of_item["rebought"],
                    "owned": 1.0,
                    "owned_count": 0.4 * math.log1p(owned[slot]),
                    "owned_age": again,
                    "owned_times": math.log1p(entry.times) / 3,
                    "owned_share": min(entry.times / max(count, 1), 1.0),
                    "owned_due": _due(now, entry.ts, entry.first_ts, entry.times),
                    "owned_last": float(entry.ts >= newest - BASKET_MS),
                    "owned_before_last": float(before - BASKET_MS <= entry.ts < newest - BASKET_MS),
                }
            table.append(user | of_item | features)
        for name in RELATIVE:
            values = [each.get(name, 0.0) for each in table]
            known = [value for value in values if not math.isnan(value)]
            middle = sum(known) / max(len(known), 1)
            spread = math.sqrt(sum((value - middle) ** 2 for value in known) / len(values))
            for each, value in zip(table, values, strict=True):
                stands_out = spread > 1e-6 and not math.isnan(value)
                each[name] = max(-MOST_STANDOUT, min(MOST_STANDOUT, (value - middle) / spread)) if stands_out else 0.0
        scores = {slot: self._score(each) for slot, each in zip(candidates, table, strict=True)}
        return [items.ids[slot] for slot in sorted(scores, key=lambda slot: (-round(scores[slot], DECIMALS), items.ids[slot]))[:k]]

    def _linked(self, links: Links, slot: int) -> Iterator[tuple[int, float]]:
        root = math.sqrt(self._items.counts[slot, PURCHASE, -1] + LINK_PRIOR)
        slots, weights = links.tables(np.array([slot], np.int32))
        for other, weight in zip(slots[slot].tolist(), weights[slot].tolist(), strict=True):
            if other >= 0:
                yield other, weight / (root * math.sqrt(self._items.counts[other, PURCHASE, -1] + LINK_PRIOR))

    def _best(self, scores: Mapping[int, float], most: int) -> list[int]:
        return sorted((slot for slot in scores if scores[slot] > 0), key=lambda slot: (-scores[slot], self._items.ids[slot]))[:most]

    def _turn(self, now: int) -> dict[int, float]:
        """The lots of the hour, of what was listed before it."""
        hour = now // HOUR_MS
        lots = ((slot, int(self._items.lot[slot]) ^ (hour * KNUTH & BITS_32)) for slot in range(self._items.size))
        return {slot: 1.0 + (lot * KNUTH & BITS_32) for slot, lot in lots if self._items.created[slot] <= hour * HOUR_MS}

    def _unsold(self, now: int) -> list[int]:
        """What nobody bought, as far as it is compared: what was listed last."""
        items = self._items
        unsold = [slot for slot in range(items.size) if not items.sold_at[slot] and items.created[slot] <= now]
        return sorted(unsold, key=lambda slot: (-items.created[slot], items.ids[slot]))[:NEWEST]

    def _left(self, slot: int, place: int, now: int) -> float:
        return 2.0 ** (-max(now - int(self._items.counted_at[slot]), 0) / HALF_LIVES[place])  # type: ignore[no-any-return]

    def _events(self, slot: int, place: int, now: int) -> float:
        counts = self._items.counts[slot, :, place]
        return float(counts[PURCHASE] + VIEW_SHARE * counts[VIEW]) * self._left(slot, place, now)

    def _there(self, slot: int, country: int, now: int) -> float:
        sold = zip(self._items.country[slot].tolist(), self._items.country_count[slot].tolist(), strict=True)
        return sum(count for number, count in sold if number == country) * self._left(slot, MONTH, now)

    def _of_item(self, slot: int, now: int) -> Features:
        items = self._items
        counts = [self._events(slot, place, now) for place in range(len(HALF_LIVES))]
        new = [float(items.newcomers[slot, place]) * self._left(slot, place, now) for place in (WEEK, MONTH)]
        first = min(int(items.created[slot]) or NEVER, int(items.first_sale[slot]))
        fresh = math.exp((first - now) / MONTH_MS) if first < now else 1.0 if first < NEVER else math.nan
        usual = float(items.again.sum()) / max(float(items.counts[:, PURCHASE, SEASON].sum()), 1e-9)
        known = counts[SEASON] >= FEW
        return {f"popularity_{days}d": math.log1p(count) for days, count in zip((1, 7, 30, 90), counts, strict=True)} | {
            "trend_7d": math.log((30 / 7 * counts[WEEK] + 1) / (counts[MONTH] + 1)) if known else math.nan,
            "trend_30d": math.log((3 * counts[MONTH] + 1) / (counts[SEASON] + 1)) if known else math.nan,
            "newcomers_7d": 0.25 * math.log1p(new[0]),
            "newcomers_30d": 0.25 * math.log1p(new[1]),
            "popular": 0.1 * math.log1p(counts[MONTH]),
            "freshness": fresh,
            "age": 0.0 if math.isnan(fresh) else fresh,
            "idle": math.log1p(max(now - items.sold_at[slot], 0) / DAY_MS) if items.sold_at[slot] else math.nan,
            "rebought": (items.again[slot] + PRIOR * usual) / (items.counts[slot, PURCHASE, SEASON] + PRIOR),
        }

    def _unit(self, parts: Parts) -> np.ndarray:  # type: ignore[type-arg]
        vectors = self._items.vectors
        total = sum((weight * vectors[slot] for weight, slot in parts), np.zeros(vectors.shape[1], np.float32))
        return total / max(float(np.linalg.norm(total)), 1e-9)  # type: ignore[no-any-return]

    def _spelt(self, slot: int) -> Iterator[tuple[int, float]]:
        lexicon = self._items.lexicon
        words = lexicon.words()[slot]
        tells = lexicon.tells()[words]
        return zip(words.tolist(), (tells / max(float(np.linalg.norm(tells)), 1e-9)).tolist(), strict=True)

    def _words(self, parts: Parts) -> dict[int, float]:
        profile: dict[int, float] = defaultdict(float)
        for weight, slot in parts:
            for word, tells in self._spelt(slot):
                profile[word] += weight * tells
        length = max(math.hypot(*profile.values()), 1e-9)
        return {word: value / length for word, value in profile.items()}

    def _same(self, profile: Mapping[int, float], slot: int) -> float:
        return sum(profile.get(word, 0.0) * tells for word, tells in self._spelt(slot))

    def _score(self, features: Mapping[str, float]) -> float:
        vector = [features.get(name, 0.0) for name in FEATURES]
        score = sum(weight * value for weight, value in zip(self._weights, vector, strict=True))
        net = self._blend.network
        if net is not None:
            average = np.minimum(np.array(vector[ITEM:LEARNED], np.float32), net.most) @ net.into[ITEM:] + net.bias
            moved = np.array(vector[:ITEM], np.float32) @ net.into[:ITEM]
            score += float((np.maximum(average + moved, 0) - np.maximum(average, 0)) @ net.out)
        return score


def _due(now: int, last: int, first: int, times: int) -> float:
    if times < 2 or not first:
        return 0.0
    gone, usual = max(now - last, LEAST_GAP_MS), max((last - first) / (times - 1), LEAST_GAP_MS)
    return min(gone, usual) / max(gone, usual)
