"""The loop of training: a run that was cut off, early stopping, several processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from typer.testing import CliRunner

from streamrec.cli.train import app
from streamrec.training.loop import CHECKPOINT, CURVE, Loop, Plan
from tests.patience import PATIENCE_S
from tests.training.shared_run import gradients

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore::UserWarning")]
STEPS = 8
ROOT = Path(__file__).parents[2]


class Regression:
    """A small network with dropout that learns a line from drawn points."""

    def __init__(self, out: Path, plan: Plan, stop_at: int | None = None) -> None:
        torch.manual_seed(3)
        self.rng = np.random.default_rng(3)
        self.network = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 1))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.stop_at = stop_at
        self.draws = 0
        self.loop = Loop("line", plan, self.network, out, self.rng, [self.scale])

    def losses(self) -> tuple[Any, dict[str, Any]]:
        if self.draws == self.stop_at:
            raise KeyboardInterrupt
        self.draws += 1
        points = torch.from_numpy(self.rng.normal(size=(16, 4)).astype(np.float32))
        loss = (self.network(points) * self.scale - points.sum(1, keepdim=True)).square().mean()
        return loss, {"square": loss}


def curve(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / CURVE).read_text().splitlines()]


def test_a_run_that_was_cut_off_goes_on_as_if_it_never_stopped(tmp_path: Path) -> None:
    whole = Regression(tmp_path / "whole", Plan(STEPS, 0.01, every=2))
    whole.loop.train(whole.losses)
    cut = Regression(tmp_path / "cut", Plan(STEPS, 0.01, every=2), stop_at=5)
    with pytest.raises(KeyboardInterrupt):
        cut.loop.train(cut.losses)
    rest = Regression(tmp_path / "cut", Plan(STEPS, 0.01, every=2, resume=True))
    facts = rest.loop.train(rest.losses)
    assert rest.draws == STEPS - 4
    assert curve(tmp_path / "cut") == curve(tmp_path / "whole")
    assert facts["steps"] == STEPS
    assert rest.scale.item() == whole.scale.item() != 1.0
    for ours, theirs in zip(rest.network.parameters(), whole.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert not (tmp_path / "cut" / CHECKPOINT).exists()


def test_training_ends_when_nothing_gets_better_and_keeps_the_best(tmp_path: Path) -> None:
    told = iter([3.0, 2.0, 2.5, 2.2, 1.0])
    weights: list[Any] = []
    run = Regression(tmp_path, Plan(100, 0.01, every=2, patience=2))

    def validate() -> float:
        assert not run.network.training
        weights.append(run.network[0].weight.clone())
        return next(told)

    facts = run.loop.train(run.losses, validate)
    assert facts["steps"] == 8
    assert facts["validation"] == 2.0
    assert torch.equal(run.network[0].weight, weights[1])
    assert not torch.equal(weights[1], weights[3])


def test_two_processes_have_the_losses_of_one(tiny: Path, shop: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for work in (one, two):
        shutil.copytree(tiny, work)
    texts = ["--products", str(shop / "products.yaml"), "--captions", str(shop / "captions.csv")]
    data = ["--data", str(shop), "--until", "1970-01-08", *texts]
    options = ["--layers", "1", "--steps", "6", "--rate", "0.005", "--validate-from", "1970-01-07"]
    result = CliRunner().invoke(app, ["ranker", str(one), *data, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    launch = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    script = str(Path(__file__).parent / "shared_run.py")
    run = [*launch, script, "train", "ranker", str(two), *data, *options]
    done = subprocess.run(run, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    ours, theirs = curve(two / "ranker"), curve(one / "ranker")
    assert len(ours) == 6
    assert abs(theirs[0]["baskets"] - theirs[-1]["baskets"]) > 0.05
    for mine, wanted in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(wanted, rel=1e-4)
    assert json.loads((two / "gradients.json").read_text()) == pytest.approx(gradients(one), rel=1e-4, abs=1e-6)
