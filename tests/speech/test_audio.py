"""Sound is read from files and pipes."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from streamrec.errors import InputError
from streamrec.speech.audio import RATE, chunks, duration_s
from tests.speech.sounds import pcm, tone

pytest.importorskip("av", reason="needs the extra `speech`")


def wav(path: Path, samples: bytes, rate: int = RATE, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return path


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8000, 1)])
def test_a_file_of_any_rate_becomes_16_khz_mono(tmp_path: Path, rate: int, channels: int) -> None:
    samples = np.repeat(tone(2.0, rate), channels)
    path = wav(tmp_path / "tone.wav", pcm(samples), rate, channels)
    read = np.concatenate(list(chunks(str(path))))
    assert read.dtype == np.float32
    assert len(read) == pytest.approx(2 * RATE, rel=0.01)
    assert np.abs(read).max() == pytest.approx(0.5, abs=0.05)
    assert duration_s(str(path)) == pytest.approx(2, abs=0.01)


def test_a_pipe_carries_a_wav_or_raw_samples(tmp_path: Path) -> None:
    samples = tone(1.0)
    raw = np.concatenate(list(chunks(io.BytesIO(pcm(samples)), raw=True)))
    piped = np.concatenate(list(chunks(io.BytesIO(wav(tmp_path / "a.wav", pcm(samples)).read_bytes()))))
    np.testing.assert_allclose(raw, samples, atol=1e-4)
    np.testing.assert_allclose(piped, samples, atol=1e-4)


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    other = tmp_path / "a.bin"
    other.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(InputError, match="cannot be read as sound"):
        list(chunks(str(other)))
    with pytest.raises(InputError, match="not-there"):
        list(chunks(str(tmp_path / "not-there.wav")))
    assert duration_s(str(other)) is None
