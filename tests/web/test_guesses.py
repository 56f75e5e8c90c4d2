"""How long a token waits to be looked at."""

from __future__ import annotations

from streamrec.web import guesses
from streamrec.web.guesses import FREE, FREE_IN_ALL, LONGEST_S, REMEMBERED, Guesses


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def wrong(found: Guesses, client: str, times: int) -> list[float]:
    return [found.begin(client) for _ in range(times)]


def test_the_first_wrong_tokens_are_free_and_then_the_pause_grows_to_its_bound() -> None:
    pauses = wrong(Guesses(Clock()), "a", FREE + 20)
    assert pauses[:FREE] == [0] * FREE
    grown = pauses[FREE:]
    assert grown == sorted(grown)
    assert grown[0] > 0
    assert grown[-1] == LONGEST_S


def test_many_at_once_gain_nothing() -> None:
    """Each counts as wrong from the moment that it waits."""
    found = Guesses(Clock())
    assert wrong(found, "a", 1000)[-1] == LONGEST_S


def test_right_tokens_never_slow_anyone_down() -> None:
    found = Guesses(Clock())
    for _ in range(10 * FREE_IN_ALL):
        assert found.begin("a") == 0
        found.right("a")
    assert found.begin("b") == 0


def test_a_client_pays_for_its_own_wrong_tokens_only() -> None:
    found = Guesses(Clock())
    wrong(found, "a", FREE + 5)
    assert found.begin("b") == 0


def test_guesses_from_many_addresses_slow_down_strangers_but_nobody_who_gave_the_token() -> None:
    found = Guesses(Clock())
    found.begin("holder")
    found.right("holder")
    for number in range(FREE_IN_ALL + 10):
        found.begin(f"bot {number}")
    assert found.begin("holder") == 0
    assert 0 < found.begin("stranger") <= LONGEST_S


def test_the_holder_of_the_token_is_never_kept_waiting_longer_than_the_bound() -> None:
    found = Guesses(Clock())
    wrong(found, "shared", 100_000)
    assert found.begin("shared") == LONGEST_S


def test_wrong_tokens_are_forgotten_within_minutes_however_many_there_were() -> None:
    clock = Clock()
    found = Guesses(clock)
    wrong(found, "a", 100_000)
    clock.now += 600
    assert found.begin("a") == 0
    assert found.begin("b") == 0


def test_a_client_that_is_right_now_and_then_pays_for_what_it_guesses_between() -> None:
    found = Guesses(Clock())
    for _ in range(FREE + 10):
        found.begin("shared")
        found.begin("shared")
        found.right("shared")
    assert found.begin("shared") > 1


def test_no_more_clients_are_remembered_than_the_bound_says() -> None:
    found = Guesses(Clock())
    for number in range(3 * REMEMBERED):
        found.begin(str(number))
        found.right(str(number))
    assert len(found._clients) == len(found._known) == REMEMBERED
    assert guesses.FORGIVEN_S > guesses.FORGIVEN_IN_ALL_S
