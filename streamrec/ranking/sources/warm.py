"""Where candidates come from of which sales and looks tell."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.gathering import of_label
from streamrec.ranking.batch.nearest import nearest
from streamrec.ranking.sources.source import Shipped, Slots


class CovisitedSource(Shipped):
    """Items bought along with the user's recent ones."""

    name, count = "covisited", 150

    def fetch(self, context: Context) -> Slots:
        by_interest, _ = context.covisits.sums
        return context.top_listed(context.covisits.slots, by_interest, self.count)


class NearestSource(Shipped):
    """Items whose BERT vectors are nearest to the user's interest vector."""

    name, count = "nearest", 150

    def fetch(self, context: Context) -> Slots:
        return nearest(context, self.count)


class TrendingSource(Shipped):
    """Items that sell or are looked at most, by a 7-day half-life; the same for all users."""

    name, count = "trending", 150

    def fetch(self, context: Context) -> Slots:
        return np.repeat(context.top(context.catalogue.items.trend[None, :], self.count), context.queries.size, axis=0)


class PopularSource(Shipped):
    """Items that sold or were looked at most, by a 90-day half-life; the same for all users."""

    name, count = "popular", 100

    def fetch(self, context: Context) -> Slots:
        return np.repeat(context.top(context.catalogue.items.lasting[None, :], self.count), context.queries.size, axis=0)


class CountrySource(Shipped):
    """Items that sold most in the user's country, by a 30-day half-life."""

    name, count = "country", 60

    def fetch(self, context: Context) -> Slots:
        items, country = context.catalogue.items, context.queries.country
        slots = np.full((len(country), self.count), -1, np.int32)
        if not country.any():
            return slots
        for number in sorted(set(country[country > 0].tolist())):
            best = context.top(of_label(items.country, items.country_trend, number)[None, :], self.count)
            slots[country == number, : best.shape[1]] = best
        return slots


class FollowingSource(Shipped):
    """Items bought in the basket after one like the user's last."""

    name, count = "following", 60

    def fetch(self, context: Context) -> Slots:
        return context.top_listed(context.follows.slots, context.follows.sums[0], self.count)
