from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import onnx  # noqa: E402
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, BertModel, BertTokenizer  # noqa: E402

from streamrec.bert import agreement  # noqa: E402
from streamrec.bert.folder import CROSS_ENCODER, ModelFolder, verify  # noqa: E402
from streamrec.bert.model import TextModel  # noqa: E402
from streamrec.bert.reference import reference  # noqa: E402
from streamrec.bert.session import OnnxSession  # noqa: E402
from streamrec.bert.tokens import Tokeniser  # noqa: E402
from streamrec.errors import InputError, ModelError  # noqa: E402
from streamrec.training.graphs import parity  # noqa: E402
from streamrec.training.steps.adopt import adopt, read_pairs  # noqa: E402

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]

WORDS = ["red", "blue", "mug", "lamp", "large", "##s", "garden", "hose", "tin", "of", "tea"]
VOCABULARY = ["[PAD]", "un", "used", *WORDS, "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAIRS = [(" ".join(WORDS[n % 5 : n % 5 + n % 3]), " ".join(WORDS[n % 7 : n % 7 + 1 + n % 4])) for n in range(96)]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small cross-encoder whose special tokens do not come first."""
    folder = tmp_path_factory.mktemp("hf")
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 128, "max_position_embeddings": 69}
    network = BertForSequenceClassification(BertConfig(vocab_size=len(VOCABULARY), num_labels=1, initializer_range=0.3, **sizes))
    network.save_pretrained(folder)
    return folder


def test_the_folder_scores_as_the_source_does(source: Path, tmp_path: Path) -> None:
    adopt(source, tmp_path / "model", "small", PAIRS)
    model = TextModel.load(tmp_path / "model", "cpu", precision="fp32")
    users = model.tokenize([user for user, _ in PAIRS], model.max_user_tokens)
    items = model.tokenize([item for _, item in PAIRS], model.max_item_tokens)
    tokeniser = AutoTokenizer.from_pretrained(source)
    network = BertForSequenceClassification.from_pretrained(source).eval()
    with torch.no_grad():
        inputs = tokeniser([user for user, _ in PAIRS], [item for _, item in PAIRS], return_tensors="pt", padding=True)
        expected = network(**inputs).logits[:, 0].numpy()
    np.testing.assert_allclose(model.score(users, items, np.arange(len(PAIRS))), expected, atol=1e-4)
    narrow = TextModel.load(tmp_path / "model", "cpu")
    assert narrow.precision == "int8"
    assert np.corrcoef(narrow.score(users, items, np.arange(len(PAIRS))), expected)[0, 1] > 0.98


def test_where_narrow_graphs_are_unlike_the_folder_keeps_fp32_and_says_so(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "LEAST_LIKENESS", 1.1)
    folder = tmp_path / "model"
    found = adopt(source, folder, "small", PAIRS)
    assert not list(folder.rglob("*.int8.onnx"))
    assert set(verify(folder).values()) == {"ok"}
    alike = parity.narrow_of(found)["cross_encoder.int8.onnx"].alike
    assert json.loads((folder / "config.json").read_text())["streamrec"]["dropped"]["onnx/cross_encoder.int8.onnx"] == alike
    assert (folder / "README.md").read_text().count("not kept, fp32 serves") == 2
    model = TextModel.load(folder, "cpu")
    assert (model.precision, model.precision_advice) == ("fp32", "")
    assert f"it was {alike:.4f} like fp32 where it was made" in model.precision_why


def test_the_folder_keeps_judged_pairs_for_the_check_where_it_serves(source: Path, tmp_path: Path) -> None:
    adopt(source, tmp_path / "model", "small", PAIRS)
    folder = ModelFolder.load(tmp_path / "model")
    kept = reference(folder, Tokeniser(folder.path / "tokenizer.json"), OnnxSession)
    assert len(kept.scores) == len(PAIRS) // 2
    assert folder.limits.dropped == {}
    again = OnnxSession(folder.path / CROSS_ENCODER, "cpu").run(kept.feeds).reshape(-1)
    np.testing.assert_allclose(kept.scores, again, atol=1e-5)


def test_the_graph_for_cuda_is_fused_and_computes_one_token_of_the_last_layer(source: Path, tmp_path: Path) -> None:
    found = parity.narrow_of(adopt(source, tmp_path / "model", "small", PAIRS))["cross_encoder.fp16.onnx"]
    assert found.alike > 0.9999
    graph = onnx.load(str(tmp_path / "model" / "onnx" / "cross_encoder.fp16.onnx")).graph
    kinds = Counter(node.op_type for node in graph.node)
    fused = {"EmbedLayerNormalization": 1, "Attention": 3, "SkipLayerNormalization": 6, "BiasGelu": 3}
    assert {kind: kinds[kind] for kind in fused} == fused
    (after,) = [node for node in graph.node if node.op_type == "Attention" and node.name.endswith("2")]
    (cut,) = [node for node in graph.node if after.output[0] in node.input]
    assert cut.op_type == "Slice"


def test_too_few_pairs_are_refused_before_anything_is_written(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give 32 or more"):
        adopt(source, tmp_path / "model", "small", PAIRS[:31])
    assert not (tmp_path / "model").exists()


def test_a_network_without_a_trained_logit_is_refused(source: Path, tmp_path: Path) -> None:
    BertModel.from_pretrained(source).save_pretrained(tmp_path / "headless")
    with pytest.raises(ModelError, match=r"classifier\.weight"):
        adopt(tmp_path / "headless", tmp_path / "model", "small", PAIRS)


def test_a_line_that_is_no_pair_is_named(tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text('{"user": "a", "item": "b"}\n{"user": "a"}\n')
    with pytest.raises(InputError, match=r"pairs\.jsonl:2"):
        read_pairs(tmp_path / "pairs.jsonl")
