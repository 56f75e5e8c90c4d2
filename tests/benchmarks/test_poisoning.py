"""The poisoning benchmark on a toy shop: it finds how large an attack has to be, and one account is never enough."""

from __future__ import annotations

import json
import random

import pytest

from benchmarks.poisoning import ATTACKS, World, needed, sizes
from tests.evaluation.shop import DAY, START, bought, item, write

ITEMS, CUSTOMERS, DAYS = 60, 60, 40


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Sixty customers who buy six things every eight days, of the first fifty items, for forty days and a little more."""
    folder, dice = tmp_path_factory.mktemp("poisoning"), random.Random(0)
    write(folder / "items.jsonl", [item(f"i{number}", f"thing {number}", created_ts=START - DAY) for number in range(ITEMS)])
    events = []
    for day in range(DAYS + 8):
        for customer in range(day % 8, CUSTOMERS, 8):
            for line in range(6):
                chosen = min(dice.randrange(50), dice.randrange(50))
                events.append(bought(f"u{customer}", f"i{chosen}", day * DAY + customer * 60_000 + line, f"{day}-{customer}"))
    write(folder / "events.jsonl", events)
    return World.of(folder, START + DAYS * DAY, 40)


def test_sizes_grow_and_end_with_the_most() -> None:
    found = sizes(500)
    assert (found[:4], found[-1]) == ([1, 2, 3, 4], 500)
    assert found == sorted(set(found))


def test_one_account_cannot_bring_a_cold_item_into_lists(world: World) -> None:
    (target,) = world.cold(1)
    for attack in ATTACKS:
        if "one account" in attack.name:
            size, share, _ = needed(world, attack, target, 40)
            assert (size, share) == (None, 0.0), attack.name


def test_customers_bring_what_they_buy_into_lists_and_an_attack_begins_from_a_clean_shop(world: World) -> None:
    (target,) = world.cold(1)
    prepared = next(attack for attack in ATTACKS if "over a week" in attack.name)
    found = [needed(world, prepared, target, 100) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0][0] is not None
    assert not world.side().ranks(world.viewers, world.at, target)


def test_what_accounts_do_is_made_of_events_that_a_worker_takes(world: World) -> None:
    for attack in ATTACKS:
        for number in (0, 7):
            events = list(attack.events(world, "i55", number))
            assert any(fields["item_id"] == "i55" for _, fields in events)
            assert all(fields["ts"] < world.at for _, fields in events), attack.name
            assert json.dumps([fields for _, fields in events])
