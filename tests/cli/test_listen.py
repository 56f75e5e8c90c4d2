"""`streamrec listen` turns sound into records of the topic `transcripts`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from streamrec.events.codec import decode
from streamrec.events.partitioner import partition_of
from streamrec.events.speech import Transcript
from streamrec.settings import Settings
from streamrec.speech.audio import RATE, Samples
from streamrec.speech.recogniser import Phrase, Recogniser
from tests.cli.conftest import Cli
from tests.cli.test_simulate import read
from tests.patience import PATIENCE_S
from tests.speech.sounds import pcm, tone
from tests.speech.test_audio import wav

pytest.importorskip("av", reason="needs the extra `speech`")
pytest.importorskip("faster_whisper", reason="needs the extra `speech`")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").touch()
    return tmp_path / "model"


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten seconds of sound, of which each window is heard as one phrase that says how long the window is."""

    def hear(self: Recogniser, window: Samples) -> list[Phrase]:
        length_s = len(window) / RATE
        return [Phrase(0.0, length_s, f"{length_s:.0f}秒", 0.8, "zh")]

    monkeypatch.setattr(Recogniser, "hear", hear)
    return wav(tmp_path / "tone.wav", pcm(tone(10)))


def test_a_file_is_printed_as_records_that_are_valid(cli: Cli, sound: Path, model: Path) -> None:
    done = cli("listen", sound, "--room", "r1", "--model", model, "--print", "--start", "2026-01-31T12:00:00Z")
    assert done.code == 0, done.err
    (line,) = done.out.splitlines()
    record = decode("transcripts", line.encode())
    assert isinstance(record, Transcript)
    assert (record.room_id, record.text, record.lang, record.revision) == ("r1", "10秒", "zh", 0)
    assert int(record.ts) == 1_769_860_800_000
    assert record.end_ts is not None
    assert int(record.end_ts) - int(record.ts) == pytest.approx(10_000, abs=10)
    assert "10 s heard, 1 segments" in done.err


@pytest.mark.parametrize(("arguments", "told"), [([], "--room"), (["--room", "r", "--start", "soon"], "--start")])
def test_a_wrong_call_says_what_is_wrong(cli: Cli, sound: Path, model: Path, arguments: list[str], told: str) -> None:
    done = cli("listen", sound, "--model", model, "--print", *arguments)
    assert done.code == 2
    assert told in done.err


def test_a_file_that_is_no_sound_is_told(cli: Cli, tmp_path: Path, model: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 10)
    done = cli("listen", tmp_path / "a.bin", "--room", "r", "--model", model, "--print")
    assert done.code == 1
    assert "cannot be read as sound" in done.err


def test_it_stops_when_it_is_asked_to_while_a_pipe_is_silent(model: Path) -> None:
    command = [sys.executable, "-m", "streamrec", "listen", "--raw", "--room", "r", "--model", str(model), "--print"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert "listening to standard input" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert "0 s heard, 0 segments" in process.stderr.read()


@pytest.mark.kafka
def test_records_go_to_the_partition_of_their_room(cli: Cli, kafka: Settings, sound: Path, model: Path) -> None:
    arguments = ["--broker", kafka.broker, "--prefix", kafka.prefix, "--model", model, "--room", "room 7"]
    done = cli("listen", sound, *arguments)
    assert done.code == 0, done.err
    (record,) = read(kafka, "transcripts")
    assert record.key == b"room 7"
    assert record.partition == partition_of(record.key, kafka.partitions)
    assert msgspec.json.decode(record.value)["text"] == "10秒"
