"""A network that could not serve is refused by its shape, before it is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
from streamrec.errors import InputError, ModelError, ModelMissing
from streamrec.training.steps.adopt import adopt, read_pairs
from streamrec.training.steps.adoptable import load, require_adoptable, tokens_of

pytestmark = pytest.mark.train

GOOD: dict[str, Any] = {"model_type": "bert", "id2label": {"0": "fits"}, "type_vocab_size": 2, "max_position_embeddings": 69}


def written(folder: Path, **changes: Any) -> Path:
    (folder / "config.json").write_text(json.dumps({name: value for name, value in (GOOD | changes).items() if value is not None}))
    return folder


def test_a_bert_with_one_logit_and_room_for_a_pair_is_taken(tmp_path: Path) -> None:
    require_adoptable(written(tmp_path), 40, 24)
    require_adoptable(written(tmp_path, type_vocab_size=None, max_position_embeddings=None, id2label=None, num_labels=1), 40, 24)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id2label": {"0": "no", "1": "yes"}}, "gives 2 logits"),
        ({"id2label": None}, "gives 2 logits"),
        ({"type_vocab_size": 1}, "knows one token type"),
        ({"max_position_embeddings": 68}, "takes 68 positions.*need 69.*lower --user-tokens"),
        ({"model_type": "roberta"}, "is a roberta"),
        ({"max_position_embeddings": "many"}, "cannot be read"),
        ({"id2label": 5}, "cannot be read"),
    ],
)
def test_another_shape_is_refused_in_one_line(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        adopt(written(tmp_path, **changes), tmp_path / "out", "small", [("a", "b")] * 96)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_none_is_never_looked_for_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"has no config\.json"):
        adopt(tmp_path / "nobody" / "model", tmp_path / "out", "small", [("a", "b")] * 96)


@pytest.mark.parametrize("content", ["{", '"x"', "[]"])
def test_a_config_that_is_no_object_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"config\.json cannot be read"):
        require_adoptable(tmp_path, 40, 24)


def test_weights_that_cannot_be_loaded_are_named(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(ModelError, match=r"cannot be loaded.*fetch them again"):
        load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"cannot be loaded.*fetch them again"):
        load(tmp_path)


def test_the_longest_row_is_a_pair_with_its_special_tokens() -> None:
    assert tokens_of(40, 24) == 69


def test_pairs_may_hold_every_sign_that_json_may(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    line = json.dumps({"user": "blue\u2028mug\x0c", "item": "red\x85mug"}, ensure_ascii=False)
    path.write_text(f"\ufeff{line}\r\n\n{line}", encoding="utf-8")
    assert read_pairs(path) == [("blue\u2028mug\x0c", "red\x85mug")] * 2


@pytest.mark.parametrize("line", ['{"user": "a"}', '{"user": "a", "item": 5}', "[1, 2]", "nonsense", '{"user": "\udcff", "item": "b"}'])
def test_a_line_that_is_no_pair_is_named_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('\n{"user": "a", "item": "b"}\n' + line, errors="surrogateescape")
    with pytest.raises(InputError, match=r"pairs\.jsonl:3: not"):
        read_pairs(path)
