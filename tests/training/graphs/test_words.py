"""One file of word vectors for all graphs of a folder, bit for bit what each of them had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import onnx
import torch
from onnx import numpy_helper

from streamrec.bert.folder import CROSS_ENCODER, ENCODER, SHIPPED, ModelFolder
from streamrec.bert.pairs import pair_inputs, text_inputs
from streamrec.bert.session import OnnxSession
from streamrec.training.graphs.exporting import VectorHead, export_graph
from streamrec.training.graphs.halving import halve_words
from streamrec.training.graphs.quantise import word_table
from streamrec.training.graphs.words import WORDS, bytes_of, keep_unlearned, share_words, unlearned, unread
from streamrec.training.networks.bert import encoder_config
from streamrec.training.networks.cross_encoder import cross_encoder_from

TOKENS, LEARNED = 300, slice(5, 60)
NARROW = CROSS_ENCODER.replace(".onnx", ".int8.onnx")
GRAPHS = (ENCODER, CROSS_ENCODER, NARROW)

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


def texts(rows: int, width: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    ids = rng.integers(5, TOKENS, (rows, width)).astype(np.int32)
    ids[np.arange(width)[None, :] >= rng.integers(1, width + 1, (rows, 1))] = 0
    return ids


def feeds(name: str) -> Any:
    return text_inputs(texts(32, 9, 1)) if name == ENCODER else pair_inputs(texts(32, 14, 2), texts(32, 9, 3))


def outputs(folder: Path) -> dict[str, Any]:
    return {name: OnnxSession(folder / name, "cpu").run(feeds(name)) for name in GRAPHS}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], dict[str, int]]:
    """A folder whose graphs share their words, and what they said and how large they were before."""
    from transformers import BertModel

    torch.manual_seed(0)
    config = encoder_config(TOKENS, 2)
    config._attn_implementation = "eager"
    encoder = BertModel(config, add_pooling_layer=False).eval()
    cross = cross_encoder_from(encoder, 2).eval()
    cross.network.config._attn_implementation = "eager"
    with torch.no_grad():
        table = cross.network.get_input_embeddings().weight
        table *= 0.9992  # weight decay
        table[LEARNED] += 0.01 * torch.randn(table[LEARNED].shape)
    keep_unlearned(cross.network, encoder)
    halve_words(encoder)
    halve_words(cross.network)
    folder = tmp_path_factory.mktemp("folder")
    real = [pair_inputs(texts(16, 14, seed), texts(16, 9, seed + 50)) for seed in range(4)]
    export_graph(VectorHead(encoder), folder / ENCODER, [text_inputs(texts(4, 9, 7))])
    export_graph(cross, folder / CROSS_ENCODER, real[:1], real)
    before = outputs(folder), {name: (folder / name).stat().st_size for name in GRAPHS}
    share_words(folder / ENCODER, folder / CROSS_ENCODER)
    return folder, *before


def test_every_graph_says_bit_for_bit_what_it_said_before(shared: tuple[Path, dict[str, Any], dict[str, int]]) -> None:
    folder, said, _ = shared
    for name, output in outputs(folder).items():
        np.testing.assert_array_equal(output, said[name], err_msg=name)


def test_the_file_holds_the_words_of_the_encoder_and_those_that_the_other_learned(
    shared: tuple[Path, dict[str, Any], dict[str, int]],
) -> None:
    folder, _, sizes = shared
    learned = len(range(*LEARNED.indices(TOKENS)))
    assert (folder / "onnx" / WORDS).stat().st_size == 2 * 128 * (TOKENS + learned)
    for name in GRAPHS:
        assert (folder / name).stat().st_size < sizes[name] - 128 * (TOKENS - learned) + 4 * TOKENS


def test_any_other_runtime_can_read_the_words_too(shared: tuple[Path, dict[str, Any], dict[str, int]]) -> None:
    for name in GRAPHS:
        model = onnx.load(str(shared[0] / name))
        rows = TOKENS if name == ENCODER else TOKENS + len(range(*LEARNED.indices(TOKENS)))
        assert numpy_helper.to_array(word_table(model.graph)).shape == (rows, 128)


def test_a_graph_is_as_large_as_what_it_reads(shared: tuple[Path, dict[str, Any], dict[str, int]]) -> None:
    folder, _, sizes = shared
    for name in (ENCODER, CROSS_ENCODER):
        assert abs(bytes_of(folder / name) - sizes[name]) < 4 * TOKENS + 1000
    assert unread(folder / ENCODER) == 0
    assert unread(folder / CROSS_ENCODER) == 128 * len(range(*LEARNED.indices(TOKENS)))


def test_rows_that_were_only_decayed_count_as_not_learned_and_others_do() -> None:
    start = np.random.default_rng(0).normal(size=(6, 128)).astype(np.float32)
    words = 0.9992 * start
    words[2] += 0.02
    words[3, 5] += 0.1
    words[4] = 0.5 * start[4]
    assert unlearned(words.astype(np.float16), start.astype(np.float16)).tolist() == [True, True, False, False, False, True]


def test_a_network_of_another_vocabulary_keeps_its_words() -> None:
    from transformers import BertModel

    small, large = (BertModel(encoder_config(tokens, 1), add_pooling_layer=False) for tokens in (20, 30))
    before = small.get_input_embeddings().weight.clone()
    keep_unlearned(small, large)
    assert torch.equal(small.get_input_embeddings().weight, before)


def test_the_shipped_graphs_share_their_words_and_ship_none_that_nobody_loads() -> None:
    folder = ModelFolder.load().path
    assert folder == SHIPPED
    words = (folder / "onnx" / WORDS).stat().st_size
    assert words == 2 * 128 * 44_842
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 20 << 20
    assert not (folder / "onnx" / "encoder.int8.onnx").exists()
