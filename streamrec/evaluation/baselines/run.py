"""Makes lists of the baselines for the orders of a file, by the protocol of `streamrec replay`: each list before its order is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal, NamedTuple

import numpy as np

from streamrec.errors import InputError, MissingExtra
from streamrec.evaluation.baselines.content import Content
from streamrec.evaluation.baselines.ease import Ease
from streamrec.evaluation.baselines.features import Samples, behaviour, text
from streamrec.evaluation.baselines.fusion import Fusion
from streamrec.evaluation.baselines.learned import LambdaRank, LinearBlend
from streamrec.evaluation.baselines.market import Floats, Market
from streamrec.evaluation.baselines.query import Bools, Query
from streamrec.evaluation.baselines.simple import SIMPLE, Baseline
from streamrec.events.files import FileEvent
from streamrec.events.types import Item, Purchase
from streamrec.system.clock import DAY_MS

Repeats = Literal["allow", "exclude"]
Protocol = Literal["prequential", "static"]
REPEATS: tuple[Repeats, ...] = ("allow", "exclude")
# Bounds what is fitted, whatever the shop: 1,500 orders, each with some 300 sampled candidates.
FIT_DAYS = 60
FIT_ORDERS = 1500
NAMES = (*(baseline.name for baseline in SIMPLE), "fusion", "linear", "lambdarank")


def require_quality() -> None:
    """Raise `MissingExtra` unless the libraries of the baselines are installed."""
    missing = [name for name in ("scipy", "lightgbm") if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"the baselines need {', '.join(missing)}: pip install 'streamrec[quality]'")


class Ranked(NamedTuple):
    """A list of a baseline; `items` are ids, the best first."""

    name: str
    repeats: Repeats
    trigger: FileEvent
    items: list[str]
    scores: list[float]


class Order(NamedTuple):
    """The first line of an order, before the market knows it; `at` is its place in the file, and `items` are the numbers of all its items.

    `asked` is the time (ms) as of which its lists are made.
    """

    at: int
    trigger: FileEvent
    purchase: Purchase
    items: list[int]
    asked: int


def orders(lines: Sequence[FileEvent], market: Market, since: int, frozen_from: int | None = None) -> Iterator[Order]:
    """Every order from `since` (ms) on. When the next one is asked for, the market has taken in everything before it.

    Args:
        lines: in time order.
        frozen_from: in the static protocol, the time (ms) from which the market learns nothing and only each user's first order counts.
    """
    held: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        purchase = line.event
        if isinstance(purchase, Purchase) and purchase.action == "purchase" and purchase.item_id in market.number:
            held.setdefault(_key(line, purchase), []).append(market.number[purchase.item_id])
    begun: set[object] = set()
    for at, line in enumerate(lines):
        purchase = line.event
        if not isinstance(purchase, Purchase):
            continue
        frozen = frozen_from is not None and purchase.ts >= frozen_from
        key = purchase.user_id if frozen else _key(line, purchase)
        if purchase.action == "purchase" and purchase.ts >= since and key not in begun:
            begun.add(key)
            # As of the split: frozen counters would look the older the later they are asked.
            asked = frozen_from if frozen_from is not None and frozen else purchase.ts
            yield Order(at, line, purchase, held.get(_key(line, purchase), []), int(asked))
        if not frozen:
            market.update(purchase)


def in_time_order(lines: Iterable[FileEvent], until: int | None = None) -> list[FileEvent]:
    """The purchases and refunds of a file, those before `until` (ms), in time order; ties keep the file's order."""
    end = math.inf if until is None else until
    timed = [(line.event.ts, line) for line in lines if isinstance(line.event, Purchase) and line.event.ts < end]
    return [line for _, line in sorted(timed, key=lambda pair: pair[0])]


def _key(line: FileEvent, purchase: Purchase) -> tuple[str, str]:
    return (purchase.user_id, f"order {purchase.order_id}" if purchase.order_id else f"line {line.line}")


@dataclass
class Rivals:
    """The baselines of these names, for lists with repeats or without. Some of them learn, from the orders of the days before the lists."""

    names: Collection[str]
    repeats: Repeats
    seed: int
    samples: Samples = field(init=False)
    members: list[Baseline] = field(init=False)
    learners: list[Fusion | LinearBlend | LambdaRank] = field(init=False)

    def __post_init__(self) -> None:
        self.samples = Samples(self.seed)
        made = (Fusion(self.seed), LinearBlend(_features, self.samples), LambdaRank(_features, self.samples, self.seed))
        self.learners = [learner for learner in made if learner.name in self.names]
        self.members = [baseline for baseline in (*SIMPLE, *made) if baseline.name in self.names]

    def candidates(self, query: Query) -> Bools:
        """(items,): which items may be in the list."""
        return query.known & ~query.owned if self.repeats == "exclude" else query.known

    def see(self, query: Query, order: Order) -> None:
        """Show an order to the baselines that learn."""
        candidates = self.candidates(query)
        relevant = np.unique(np.array(order.items, np.int64))
        relevant = relevant[candidates[relevant]]
        if not len(relevant):
            return
        for learner in self.learners:
            if isinstance(learner, Fusion):
                learner.see(query, candidates, relevant)
        if any(not isinstance(learner, Fusion) for learner in self.learners):
            self.samples.add(query, candidates, relevant, _features(query, candidates))


def _features(query: Query, candidates: Bools) -> Floats:
    made: Floats = np.hstack([behaviour(query, candidates), text(query, candidates, query.content)])
    return made


def rank(
    items: Sequence[Item],
    lines: Iterable[FileEvent],
    since: int,
    *,
    until: int | None = None,
    names: Collection[str] = NAMES,
    protocol: Protocol = "prequential",
    fit_days: int = FIT_DAYS,
    k: int = 100,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Ranked]:
    """The lists of every baseline, with and without repeats, for every order from `since` (ms) on, and before `until` (ms).

    Ties are broken at random. The baselines that learn are fitted once, when `since` is reached, to a random `FIT_ORDERS` of the orders of
    the `fit_days` before.

    Raises:
        InputError: a name is not known, or the catalogue is too large.
    """
    if unknown := sorted(set(names) - set(NAMES)):
        raise InputError(f"{', '.join(unknown)} is no baseline; name some of {', '.join(NAMES)}")
    lines = in_time_order(lines, until)
    market, content, ease = Market(items), Content.of_words(items, since), Ease()
    teams = [Rivals(names, repeats, seed) for repeats in REPEATS]
    rng = np.random.default_rng(seed)
    fit_from = since - fit_days * DAY_MS if any(team.learners for team in teams) else since
    learned = False
    shown = 0.0
    if since > fit_from:
        begun = {_key(line, line.event) for line in lines if isinstance(line.event, Purchase) and fit_from <= line.event.ts < since}
        # Chosen by chance as they come: how many there are is known beforehand, and no order has to be kept.
        shown = FIT_ORDERS / max(len(begun), 1)
    for order in orders(lines, market, fit_from, since if protocol == "static" else None):
        progress(order.at)
        query = Query(market, content, ease, order.purchase.user_id, order.asked)
        if order.purchase.ts < since:
            if rng.random() < shown:
                for team in teams:
                    team.see(query, order)
            continue
        if not learned:
            learned = True
            for team in teams:
                for learner in team.learners:
                    learner.learn()
        for team in teams:
            candidates = team.candidates(query)
            for baseline in team.members:
                best, scores = top(baseline.scores(query, candidates), candidates, k, rng)
                yield Ranked(baseline.name, team.repeats, order.trigger, [market.names[at] for at in best], scores)


def top(scores: Floats, candidates: Bools, k: int, rng: np.random.Generator) -> tuple[list[int], list[float]]:
    """The k best candidates and their scores; ties are broken at random."""
    (numbers,) = np.nonzero(candidates)
    # Shuffled, then sorted stably: ties fall at random.
    numbers = rng.permutation(numbers)
    best = numbers[np.argsort(-scores[numbers], kind="stable")[:k]]
    return best.tolist(), scores[best].tolist()
