"""Words that are nearly the same: syllables that many speakers do not tell apart, and words with one letter wrong."""

from __future__ import annotations

from functools import lru_cache


def alike(sounds: tuple[str, ...]) -> tuple[str, ...]:
    """Syllables without the differences that many speakers and typists do not make: zh and z, ang and an."""
    return tuple([_plain(sound) for sound in sounds])


@lru_cache(4096)
def _plain(sound: str) -> str:
    if len(sound) > 1 and sound[1] == "h":
        sound = sound[0] + sound[2:]
    return sound[:-1] if len(sound) > 2 and sound.endswith("ng") else sound


def one_off(left: str, right: str) -> bool:
    """Whether two words differ by one letter left out, changed or swapped with its neighbour."""
    if left == right:
        return True
    at = next((place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    if len(left) == len(right):
        return left[at + 1 :] == right[at + 1 :] or (left[at : at + 2] == right[at : at + 2][::-1] and left[at + 2 :] == right[at + 2 :])
    longer, shorter = (left, right) if len(left) > len(right) else (right, left)
    return longer[at + 1 :] == shorter[at:]
