"""Which comments are alike, and which of the like ones no crowd of viewers wrote.

Comments are compared by how they sound: homophones, inserted signs and other numbers in the same text change nothing. The hash is a SimHash
(Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002) of syllables and pairs of these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Protocol

import numpy as np
from msgspec import Struct, field

BITS = 64
_MASK = (1 << BITS) - 1
NEAR = 10
"""Bits in which hashes of like comments may differ. Of 20,000 pairs of real comments (Bilibili, and live-rooms) drawn at random 0.04 % are
that near; of comments with one character changed 64 % (6 to 10 characters), 83 % (up to 20) and 94 % (up to 60). With 3 bits it would be
18, 21 and 37 %."""
WINDOW_MS = 60_000
MOST = 64
"""Clusters of a minute that a room keeps; beyond that the smallest leave."""
CROWD_BITS = 256
"""Accounts are told apart by so many bits of a hash, which names nobody. A count is off by some 5 % up to a few hundred people."""
LEAST = 8
"""Comments that make a burst."""
WORDY = 12
"""Syllables from which on like comments are copied: what crowds of Bilibili shout at once has eleven at most."""
LETTERS = 2
"""Letters of an alphabet that count as a syllable."""
PHRASE, EACH = 4, 3
"""Syllables of what single accounts repeat, and how often each: crowds sing along in two, and write twice."""
EVEN = 0.35
"""Standard deviation of the pauses over their mean below which they are a clock's; those of crowds had 0.55 and more."""
TEXT = 60


class Sounding(Protocol):
    """What is compared of a comment (`normalise.Normal`)."""

    @property
    def pinyin(self) -> Sequence[str]: ...


def simhash(normal: Sounding) -> int:
    """The SimHash of a comment: a signed number of 64 bits, as rows and records can hold it."""
    return simhash_of(sounds(normal.pinyin))


def simhash_of(heard: Sequence[str]) -> int:
    """The SimHash of what is heard, and of the pairs that stand side by side."""
    pieces = {*heard, *("|".join(pair) for pair in pairwise(heard))}
    if not pieces:
        return 0
    hashes = np.array([_hashed(piece) for piece in pieces], ">u8").view(np.uint8).reshape(len(pieces), 8)
    votes = np.unpackbits(hashes, axis=1).sum(axis=0, dtype=np.int64)
    return int(np.packbits(2 * votes > len(pieces)).view(">i8")[0])


def sounds(pinyin: Iterable[str]) -> list[str]:
    """The syllables and letters, one 0 for each number; of a comment without any of these its signs."""
    heard: list[str] = []
    for sound in pinyin:
        if sound.isdecimal():
            if heard[-1:] != ["0"]:
                heard.append("0")
        elif sound.isalnum():
            heard.append(sound)
    return heard or [sign for sign in pinyin if not sign.isspace()]


def distance(one: int, other: int) -> int:
    """In how many bits two hashes differ."""
    return ((one ^ other) & _MASK).bit_count()


def crowd_bit(user_id: str, bits: int) -> int:
    """The bit by which an account is told from others: many share one, so that it names nobody."""
    return int.from_bytes(blake2b(user_id.encode(), digest_size=8, person=b"crowd").digest()) % bits


class Cluster(Struct, array_like=True, gc=False):
    """Like comments of one room within WINDOW_MS. Fields are written by position: new ones go to the end, with a default."""

    like: int
    """The hash of the first one."""
    text: str
    syllables: int
    begun: int
    """Event time (ms) of the first one that arrived, and of the newest."""
    newest: int
    comments: int = 0
    writers: bytes = bytes(CROWD_BITS // 8)
    """Of each bit whether an account that has it wrote."""
    pauses: float = 0.0
    """The sum of the pauses (ms) between the comments as they arrived, and that of their squares."""
    squares: float = 0.0

    @property
    def users(self) -> int:
        """About how many accounts wrote (linear counting: Whang et al., ACM TODS 1990), never more than there are comments."""
        free = CROWD_BITS - int.from_bytes(self.writers).bit_count()
        return min(self.comments, round(-CROWD_BITS * math.log(max(free, 1) / CROWD_BITS)))

    @property
    def unevenness(self) -> float:
        """The standard deviation of the pauses over their mean; 0 where all came at once."""
        count = self.comments - 1
        mean = self.pauses / count if count > 0 else 0.0
        return math.sqrt(max(self.squares / count - mean * mean, 0.0)) / mean if mean > 0 else 0.0

    @property
    def burst(self) -> bool:
        """Whether no crowd writes so: many copies of a whole sentence, few accounts that repeat themselves, or pauses as by a clock."""
        if self.comments < LEAST:
            return False
        if self.syllables >= WORDY or (self.syllables >= PHRASE and self.comments >= EACH * self.users):
            return True
        return self.pauses > 0 and self.unevenness < EVEN

    def add(self, user_id: str, ts: int) -> None:
        """Count a comment."""
        if self.comments:
            pause = abs(ts - self.newest)
            self.pauses += pause
            self.squares += float(pause) ** 2
        self.newest = max(self.newest, ts)
        self.comments += 1
        bit = crowd_bit(user_id, CROWD_BITS)
        self.writers = (int.from_bytes(self.writers) | 1 << bit).to_bytes(CROWD_BITS // 8)


class Clusters(Struct, array_like=True):
    """The clusters of a room, of the last minute."""

    known: list[Cluster] = field(default_factory=list)

    def note(self, normal: Sounding, text: str, user_id: str, ts: int) -> Cluster:
        """Count a comment, `text` as people read it, and return the cluster that it belongs to."""
        heard = sounds(normal.pinyin)
        like = simhash_of(heard)
        for cluster in self.known:
            # Not by a function: a lively room has many clusters, and this runs for every comment.
            if -WINDOW_MS < ts - cluster.begun < WINDOW_MS and ((cluster.like ^ like) & _MASK).bit_count() <= NEAR:
                break
        else:
            cluster = Cluster(like, text[:TEXT], _syllables(heard), ts, ts)
            self.known = [known for known in self.known if ts - known.begun < 2 * WINDOW_MS]
            if len(self.known) >= MOST:
                self.known.remove(min(self.known, key=lambda known: (known.comments, known.begun)))
            self.known.append(cluster)
        cluster.add(user_id, ts)
        return cluster

    def bursts(self, now: int) -> list[Cluster]:
        """The bursts of the last minute, the largest first."""
        lately = [cluster for cluster in self.known if now - cluster.newest < WINDOW_MS and cluster.burst]
        return sorted(lately, key=lambda cluster: (-cluster.comments, cluster.begun, cluster.text))


def _syllables(heard: Sequence[str]) -> int:
    """How long a comment is to the ear."""
    letters = sum(len(sound) == 1 and sound != "0" for sound in heard)
    return len(heard) - letters + letters // LETTERS


@lru_cache(1 << 16)
def _hashed(piece: str) -> int:
    return int.from_bytes(blake2b(piece.encode(), digest_size=8).digest())
