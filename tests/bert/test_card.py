"""What a worker may take of a card, and what the driver says is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamrec.bert import card
from streamrec.bert.card import Memory, Share


def test_a_share_grows_by_what_is_asked_for_and_has_a_limit() -> None:
    assert Share().options() == {"arena_extend_strategy": "kSameAsRequested", "gpu_mem_limit": str(4096 << 20)}


def test_no_limit_and_graphs_are_said_to_onnx_runtime() -> None:
    options = Share(0, graphs=True).options()
    assert "gpu_mem_limit" not in options
    assert options["enable_cuda_graph"] == "1"


def driver(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a `nvidia-smi` in the way."""
    command = folder / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_the_driver_is_asked_for_the_memory_of_the_first_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(tmp_path, '[ "$1" = --id=0 ] && echo "NVIDIA H100 80GB, HBM3, 70123, 81559"', monkeypatch)
    assert card.memory() == Memory("NVIDIA H100 80GB, HBM3", 70123, 81559)


@pytest.mark.parametrize("script", ["exit 9", "echo no devices were found", "echo name, [N/A], 3", "read forever </dev/tty || sleep 9"])
def test_a_driver_that_does_not_answer_says_nothing(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "ASK_S", 1.0)
    driver(tmp_path, script, monkeypatch)
    assert card.memory() is None


def test_a_machine_without_the_driver_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert card.memory() is None
