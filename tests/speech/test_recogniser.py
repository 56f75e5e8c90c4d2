"""Speech becomes text, and what is no speech becomes none."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from streamrec.errors import MissingExtra, ModelMissing
from streamrec.speech import require
from streamrec.speech.audio import Samples, chunks
from streamrec.speech.recogniser import Recogniser, believable, written
from tests.speech.sounds import noise, silence, tone

MODEL = os.environ.get("STREAMREC_TEST_WHISPER")
SAMPLES = os.environ.get("STREAMREC_TEST_SPEECH")
"""A folder with a model, and one with recordings of speech: neither is shipped."""


@pytest.mark.parametrize("sound", [silence(10), tone(10), noise(10)], ids=["silence", "tone", "noise"])
def test_nobody_speaks_in_silence_tones_and_noise(sound: Samples, tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper", reason="needs the extra `speech`")
    (tmp_path / "model.bin").touch()
    assert Recogniser(tmp_path).hear(sound) == []


@pytest.mark.parametrize(
    ("compression", "log_probability", "no_speech", "believed"),
    [(1.2, -0.3, 0.05, True), (3.5, -0.3, 0.05, False), (1.2, -1.4, 0.05, False), (1.2, -0.8, 0.9, False), (1.2, -0.1, 0.8, True)],
)
def test_loops_guesses_and_words_in_silence_are_not_believed(
    compression: float, log_probability: float, no_speech: float, believed: bool
) -> None:
    segment = SimpleNamespace(compression_ratio=compression, avg_logprob=log_probability, no_speech_prob=no_speech)
    assert believable(segment) is believed


def test_chinese_is_written_in_simplified_characters() -> None:
    assert written(" 這個鏈接\n 電飯鍋 ", "zh") == "这个链接 电饭锅"
    assert written(" two\n words ", "en") == "two words"


def test_a_folder_without_a_model_is_told_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="streamrec listen --make-model"):
        Recogniser(tmp_path)


def test_without_the_extra_the_message_holds_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(require, "MODULES", ("whisper_that_is_not_there",))
    with pytest.raises(MissingExtra, match=r"pip install 'streamrec\[speech\]'"):
        require.require_speech()


@pytest.mark.skipif(not (MODEL and SAMPLES), reason="needs STREAMREC_TEST_WHISPER and STREAMREC_TEST_SPEECH, folders that are not shipped")
def test_recorded_speech_is_written_down() -> None:
    assert MODEL
    assert SAMPLES
    said = {"aishell-BAC009S0724W0121.wav": ("zh", "广州"), "librispeech-1995-1837-0001.wav": ("en", "sorrow")}
    for name, (lang, word) in said.items():
        found = Recogniser(Path(MODEL)).hear(np.concatenate(list(chunks(str(Path(SAMPLES) / name)))))
        assert word in " ".join(phrase.text for phrase in found)
        assert {phrase.lang for phrase in found} == {lang}
        assert all(0.5 < phrase.confidence <= 1 for phrase in found)
