"""Other spellings of a comment sound like it, and are the same for a seed."""

from __future__ import annotations

import numpy as np

from streamrec.training.data.disguises import Disguises
from streamrec.understanding.normalise import normalise

TEXTS = [normalise(text) for text in ("多少钱一件", "前面多少人", "主播试一下", "how much is it", "已拍 坐等收货", "🌹🌹", "")]


def test_spellings_are_the_same_for_a_seed() -> None:
    def drawn() -> list[str]:
        disguise = Disguises(TEXTS, np.random.default_rng(7))
        return [disguise(text).raw for text in TEXTS * 5]

    assert drawn() == drawn()


def test_homophones_sound_alike_and_are_written_otherwise() -> None:
    texts = [*TEXTS, normalise("烧前捎千")]
    disguise = Disguises(texts, np.random.default_rng(1))
    spellings = {normalise(disguise._homophones(TEXTS[0])) for _ in range(50)}
    assert len({one.text for one in spellings}) > 1
    assert {one.pinyin for one in spellings} == {TEXTS[0].pinyin}


def test_nearly_every_text_gets_another_spelling() -> None:
    disguise = Disguises(TEXTS, np.random.default_rng(1))
    others = [disguise(TEXTS[number % 5]).raw != TEXTS[number % 5].raw for number in range(100)]
    assert sum(others) > 50
