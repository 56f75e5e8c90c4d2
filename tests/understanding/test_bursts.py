"""Like comments are found whatever is changed in them, and what no crowd of viewers writes is a burst."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.bursts import LEAST, MOST, NEAR, WINDOW_MS, Cluster, Clusters, crowd_bit, distance, simhash, sounds

NOW = 1_700_000_000_000


class Heard(NamedTuple):
    """A comment by its sounds."""

    pinyin: tuple[str, ...]


def heard(text: str) -> Heard:
    return Heard(tuple(text.split(" ")) if " " in text else tuple(text))


ADVERT = "jia wo wei xin ling qu you hui quan xian dao xian de"


def told(texts: list[tuple[int, str, str]]) -> Clusters:
    clusters = Clusters()
    for ms, user, text in texts:
        clusters.note(heard(text), text, user, NOW + ms)
    return clusters


def test_signs_and_other_numbers_change_nothing() -> None:
    assert simhash(heard("call 12 34")) == simhash(heard("call 9"))
    assert simhash(heard("zhen hao kan !")) == simhash(heard("zhen . hao kan"))
    assert sounds(["1", "2", "hao", "1"]) == ["0", "hao", "0"]
    assert simhash(heard("!!!")) != simhash(heard("???"))


def test_comments_that_differ_in_a_syllable_are_near_and_others_far() -> None:
    assert distance(simhash(heard(ADVERT)), simhash(heard(ADVERT + " a"))) <= NEAR
    assert distance(simhash(heard(ADVERT)), simhash(heard("zhe ge duo shao qian you mei you da ma"))) > NEAR


@given(st.lists(st.text(max_size=4), max_size=20))
def test_a_hash_is_a_signed_number_of_64_bits(pinyin: list[str]) -> None:
    assert -(2**63) <= simhash(Heard(tuple(pinyin))) < 2**63


def test_copies_of_a_sentence_are_a_burst_from_eight_on() -> None:
    for count in (LEAST - 1, LEAST):
        clusters = told([(137 * number**2, f"u{number}", ADVERT) for number in range(count)])
        assert bool(clusters.bursts(NOW + 10_000)) == (count == LEAST)


def test_a_crowd_that_shouts_the_same_word_is_none() -> None:
    dice = Random(5)
    times = sorted(dice.randrange(20_000) for _ in range(300))
    clusters = told([(ms, f"u{number}", "hao ye") for number, ms in enumerate(times)])
    (cluster,) = clusters.known
    assert (cluster.comments, cluster.burst) == (300, False)
    assert cluster.users == pytest.approx(300, rel=0.15)


def test_few_accounts_that_repeat_themselves_are_one() -> None:
    dice = Random(5)
    times = sorted(dice.randrange(50_000) for _ in range(12))
    assert told([(ms, f"u{number % 3}", "kuai lai pai xia") for number, ms in enumerate(times)]).known[0].burst


def test_comments_by_a_clock_are_one() -> None:
    assert told([(3000 * number, f"u{number}", "hao kan") for number in range(LEAST)]).known[0].burst


def test_a_burst_is_told_for_a_minute_and_the_largest_comes_first() -> None:
    copies = [(100 * number**2, f"u{number}", ADVERT) for number in range(12)]
    fewer = [(ms, user, " ".join(reversed(text.split()))) for ms, user, text in copies[:9]]
    clusters = told(copies + fewer)
    assert [cluster.comments for cluster in clusters.bursts(NOW + 20_000)] == [12, 9]
    assert clusters.bursts(NOW + 20_000 + WINDOW_MS) == []


def test_the_same_words_a_minute_later_are_another_cluster() -> None:
    clusters = told([(0, "a", ADVERT), (WINDOW_MS, "a", ADVERT)])
    assert [cluster.comments for cluster in clusters.known] == [1, 1]


def test_a_room_keeps_few_clusters_and_the_largest() -> None:
    dice = Random(5)
    often = [(0, f"u{number}", ADVERT) for number in range(5)]
    others = [(number, "u", "".join(chr(97 + dice.randrange(26)) for _ in range(12))) for number in range(300)]
    clusters = told(often + others)
    assert len(clusters.known) == MOST
    assert clusters.known[0].comments == 5


def test_clusters_are_read_as_they_were_written() -> None:
    clusters = told([(100 * number, f"u{number % 5}", ADVERT) for number in range(9)])
    raw = msgspec.msgpack.encode(clusters)
    assert msgspec.msgpack.decode(raw, type=Clusters) == clusters
    assert Cluster(0, "", 0, 0, 0).users == 0


@given(st.text(min_size=1))
def test_an_account_has_one_of_few_bits(user_id: str) -> None:
    assert 0 <= crowd_bit(user_id, 64) < 64
