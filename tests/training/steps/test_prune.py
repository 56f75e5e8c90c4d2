"""Pruning takes what matters least; distillation reads the same lists in another vocabulary."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")

import torch

from streamrec.bert.pairs import pair_inputs
from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import SEP
from streamrec.cli.train import app
from streamrec.training.data.corpus import read_corpus
from streamrec.training.data.purchases import read_purchases
from streamrec.training.data.vocabulary import save_vocabulary, train_vocabulary
from streamrec.training.networks.bert import load_encoder
from streamrec.training.networks.cross_encoder import CrossEncoder, cross_encoder_from, load_cross_encoder
from streamrec.training.networks.vectors import tensors
from streamrec.training.steps.distil import Translator
from streamrec.training.steps.material import ListSource, Material
from streamrec.training.steps.prune import slimmed

pytestmark = pytest.mark.train


@pytest.fixture
def work(tiny: Path, tmp_path: Path) -> Path:
    work = tmp_path / "work"
    shutil.copytree(tiny, work)
    torch.manual_seed(1)
    cross_encoder_from(load_encoder(work / "encoder"), 1).save(work / "ranker")
    return work


@pytest.fixture
def source(work: Path, shop: Path) -> ListSource:
    purchases = read_purchases(shop, None, 7 * 86_400_000, split=True, seed=1)
    return Material(work, purchases, None, read_corpus(shop / "products.yaml", shop / "captions.csv")).sources(1)[0]


def scores(network: CrossEncoder, source: ListSource) -> torch.Tensor:
    with torch.no_grad():
        return network.eval()(**tensors(pair_inputs(source.titles[:6], source.titles[6:12])))


def test_what_has_no_weight_can_go_without_a_change(work: Path, source: ListSource) -> None:
    full = load_cross_encoder(work / "ranker")
    layer = full.network.encoder.layer[0]
    with torch.no_grad():
        layer.attention.output.dense.weight[:, 32:64] = 0
        layer.output.dense.weight[:, 100:] = 0
    attention, neurons = torch.ones(128), torch.ones(512)
    attention[32:64], neurons[100:] = 0, 0
    slim = slimmed(full, {"encoder.layer.0.attention": attention, "encoder.layer.0": neurons}, 3, 100, source)
    assert slim.network.get_input_embeddings().weight.shape[0] < full.network.get_input_embeddings().weight.shape[0]
    assert torch.allclose(scores(slim, source), scores(full, source), atol=1e-5)
    slim.save(work / "slim")
    assert torch.allclose(scores(load_cross_encoder(work / "slim"), source), scores(full, source), atol=1e-5)


def test_prune_and_distil_leave_rankers_that_load(work: Path, shop: Path, tmp_path: Path) -> None:
    texts = ["--products", str(shop / "products.yaml"), "--captions", str(shop / "captions.csv")]
    data = ["--data", str(shop), "--until", "1970-01-08", *texts, "--steps", "1"]
    for command, options in (
        ("prune", ["--heads", "2", "--neurons", "64"]),
        ("distil", ["--teacher", str(work), "--layers", "1"]),
    ):
        out = tmp_path / command
        result = CliRunner().invoke(app, [command, str(work), *data, "--out", str(out), *options], catch_exceptions=False)
        counted = json.loads(result.stdout)
        network = load_cross_encoder(out)
        assert sum(value.numel() for value in network.parameters()) == counted["parameters"]
        assert json.loads((out / "training.json").read_text())["losses"]["baskets_teacher"] >= 0
    assert network.network.encoder.layer[0].attention.self.query.out_features == 128
    assert load_cross_encoder(tmp_path / "prune").network.encoder.layer[0].attention.self.query.out_features == 64


def test_another_vocabulary_reads_the_same_words(tiny: Path, tmp_path: Path) -> None:
    save_vocabulary(train_vocabulary(["green tea mug", "red lamp", "lamp mug tea"] * 3, 500), tmp_path, 96)
    ours, theirs = Tokeniser(tiny / "vocabulary" / "tokenizer.json"), Tokeniser(tmp_path / "tokenizer.json")
    said, titles = ours(["red mug 喜"], 8), ours(["lamp heart", "tin"], 8)
    said, titles = said[said != 0], titles[:1][titles[:1] != 0]
    rows = np.zeros((2, 20), np.int32)
    rows[0, : len(said) + 1 + len(titles)] = [*said, SEP, *titles]
    rows[1, : len(titles)] = titles
    translated = Translator(tiny / "vocabulary", tmp_path)(rows, 20)
    wanted = [row[row != 0].tolist() for row in theirs(["red mug 喜", "lamp heart"], 20)]
    assert translated[0][translated[0] != 0].tolist() == [*wanted[0], SEP, *wanted[1]]
    assert translated[1][translated[1] != 0].tolist() == wanted[1]
