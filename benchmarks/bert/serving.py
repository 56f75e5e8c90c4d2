"""What serving costs: candidates of one user, users at once, padding, and what the event loop feels of it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from numpy.typing import NDArray

from benchmarks.bert import texts
from streamrec.bert.model import CPU_TOKEN_BUDGET, TextModel
from streamrec.bert.pairs import length_batches
from streamrec.bert.runtime import Device
from streamrec.catalogue.text import ItemSides
from streamrec.worker.worker import SWITCH_S

CANDIDATES = (100, 200, 1000)
USERS = 32
PAIRS_OF_USER = 32
TICK_S = 0.001


class Work:
    """Token ids of users and items for one model, all of them different."""

    def __init__(self, model: TextModel) -> None:
        self._users = model.tokenize(texts.users(USERS), model.max_user_tokens)
        self._items = model.tokenize(texts.titles(), model.max_item_tokens)

    def some(self, users: int, pairs: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.intp]]:
        """Users, and `pairs` items for each."""
        rng = np.random.default_rng(users)
        items = np.concatenate([rng.choice(self._items, pairs, replace=False) for _ in range(users)])
        return self._users[:users], items, np.repeat(np.arange(users), pairs)


def costs(folder: Path | None, rounds: int, device: Device) -> dict[str, Any]:
    """Milliseconds by number of candidates, and pairs per second of 32 users alone and at once; best of all rounds."""
    model = TextModel.load(folder, device, cache_mb=0, late=True)
    work = Work(model)
    rows = []
    for candidates in CANDIDATES:
        users, items, user_of_pair = work.some(1, candidates)
        vectors = model.encode(items)
        row: dict[str, Any] = {"candidates": candidates}
        row["bi_ms"] = _best_ms(lambda users=users, vectors=vectors: vectors @ model.encode(users)[0], rounds)
        if model.late_dim:
            one = (users, sides_of(model, items), np.arange(len(items)), user_of_pair)
            row["late_ms"] = _best_ms(lambda one=one: model.late_score(*one), rounds)
        row["cross_ms"] = _best_ms(lambda one=(users, items, user_of_pair): model.score(*one), rounds)
        rows.append(row)
    users, items, user_of_pair = work.some(USERS, PAIRS_OF_USER)

    def one_by_one() -> None:
        for user in range(USERS):
            own = user_of_pair == user
            model.score(users[[user]], items[own], np.zeros(PAIRS_OF_USER, np.intp))

    together, alone = _best_ms(lambda: model.score(users, items, user_of_pair), rounds), _best_ms(one_by_one, rounds)
    per_s = 1000 * USERS * PAIRS_OF_USER
    found = {"model": model.name, "precision": model.precision, "costs": rows}
    return found | {"users_at_once_pairs_per_s": round(per_s / together), "users_alone_pairs_per_s": round(per_s / alone)}


def sides_of(model: TextModel, items: NDArray[np.int32]) -> ItemSides:
    """Items as a catalogue keeps them, an item for each row."""
    return ItemSides(items, model.item_states(items), np.arange(1, len(items) + 1))


def padding(model: TextModel, pairs: list[texts.Pair]) -> dict[str, float]:
    """Share of the tokens that are padding: all to the longest, batches of 32 as they come, and ours."""
    users, items = (model.tokenize([pair[side] for pair in pairs], model.max_user_tokens) for side in (0, 1))
    lengths = np.count_nonzero(users, axis=1) + np.count_nonzero(items, axis=1) + 3
    order = np.random.default_rng(0).permutation(len(lengths))
    as_they_come = [order[start : start + 32] for start in range(0, len(order), 32)]

    def wasted(batches: list[NDArray[np.intp]]) -> float:
        return round(1 - lengths.sum() / sum(len(batch) * lengths[batch].max() for batch in batches), 3)

    ours = list(length_batches(lengths, CPU_TOKEN_BUDGET))
    return {"to_the_longest": wasted([order]), "batches_of_32": wasted(as_they_come), "streamrec": wasted(ours)}


def loop_lag(folder: Path | None, seconds: float, device: Device) -> dict[str, float]:
    """How late (ms) an event loop runs what is due, idle and while another thread scores pairs without a pause, as in a worker."""
    model = TextModel.load(folder, device, cache_mb=0)
    batch = Work(model).some(USERS, PAIRS_OF_USER)
    model.score(*batch)
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        idle = _lags(_after(seconds), None)
        loaded = _lags(_after(seconds), lambda: model.score(*batch))
    finally:
        sys.setswitchinterval(before)
    return {
        "loop_lag_p99_ms": round(float(np.percentile(loaded, 99)), 3),
        "loop_lag_p50_ms": round(float(np.percentile(loaded, 50)), 3),
        "loop_lag_idle_p99_ms": round(float(np.percentile(idle, 99)), 3),
    }


def swap_lag() -> dict[str, float]:
    """How long the shipped model takes to load beside the loop, and how late (ms) the loop is at worst meanwhile."""
    seconds: list[float] = []

    def load() -> None:
        begin = time.perf_counter()
        TextModel.load(None, "cpu").close()
        seconds.append(time.perf_counter() - begin)

    lags = _lags(lambda: bool(seconds), load)
    return {"swap_load_s": round(seconds[0], 3), "swap_loop_lag_max_ms": round(max(lags), 3)}


def _lags(enough: Callable[[], bool], work: Callable[[], Any] | None) -> list[float]:
    stop = threading.Event()

    def keep_working() -> None:
        while work is not None and not stop.is_set():
            work()

    thread = threading.Thread(target=keep_working)
    thread.start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_watch(enough))
    finally:
        stop.set()
        thread.join()


async def _watch(enough: Callable[[], bool]) -> list[float]:
    lags = []
    while not enough():
        begin = time.perf_counter()
        await asyncio.sleep(TICK_S)
        lags.append(1000 * (time.perf_counter() - begin - TICK_S))
    return lags


def _after(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() > end


def _best_ms(run: Callable[[], Any], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begin)
    return round(1000 * best, 3)
