from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from streamrec.errors import InputError, StreamrecError
from streamrec.training.data.product_questions import attribute, of_rooms, semi_structured
from streamrec.training.steps import answers
from streamrec.training.steps.answers import Answered, learn_bonds, measure, served, train_answers
from streamrec.understanding.answers.ranker import PACKAGED, packaged, read_ranker

SEMI = ("qid", "qa_pair_id", "question", "candidate", "label")
HET = ("qid", "ASIN", "qa_pair_id", "question", "candidate", "label", "source", "title")
WEIGHT, BATTERY = "item_weight:  { unit:pounds, normalized_value:{ unit:pounds, value:0.5 }, value:0.5 }", "battery:  { value:true }"


def table(path: Path, names: tuple[str, ...], rows: list[tuple[str, ...]], delimiter: str = "\t") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as lines:
        csv.writer(lines, delimiter=delimiter).writerows([names, *rows])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A product-qa of two kinds of questions."""
    ranking = [
        (f"{at}", f"{at}{one}", text, candidate, str(int(one == right)))
        for at in range(12)
        for text, right in [("how heavy is it", 0) if at % 2 else ("does it run on batteries", 1)]
        for one, candidate in enumerate((WEIGHT, BATTERY))
    ]
    for name in ("dev", "testseen"):
        table(tmp_path / f"semiPQA/attribute_ranking/{name}.csv.gz", SEMI, ranking)
    sentences = [
        ("1", "A", "1", "is it loud", "very quiet", "1", "review", ""),
        ("1", "A", "2", "is it loud", WEIGHT, "0", "attribute", ""),
    ]
    table(tmp_path / "hetPQA/evidence_ranking/dev.csv.gz", HET, sentences)
    table(tmp_path / "ePQA/dev.csv.gz", HET, sentences, ",")
    table(
        tmp_path / "hetPQA/answer_generation/train.csv.gz",
        ("ASIN", "question", "candidate", "answer", "source"),
        [("A", "how many ounces", WEIGHT, "", "attribute")] * 3,
    )
    table(tmp_path / "semiPQA/data-to-text/train.csv.gz", ("data", "text"), [(BATTERY, "It runs on batteries")])
    return tmp_path


def test_an_attribute_of_product_qa_is_read_as_a_field() -> None:
    read = attribute("outer:  { material:[ { value:\"wool\" }, { value:'polyester' } ] }")
    assert (read.field, read.quote, read.kinds) == ("outer", "wool polyester", {"material"})
    assert read.key is not None
    assert read.key.normal.text == "outer material"
    assert attribute(WEIGHT).quote == "pounds 0.5"


def test_words_that_go_together_are_bound(folder: Path) -> None:
    questions = list(semi_structured(folder / "semiPQA/attribute_ranking/dev.csv.gz"))
    told = [(one.reading, candidate) for one in questions for candidate, right in zip(one.candidates, one.right, strict=True) if right]
    others = [attribute(f'trait_{at}:  {{ value:"x" }}') for at in range(100)]
    bonds = learn_bonds(told, [*others, *(candidate for one in questions for candidate in one.candidates)])
    assert "weight" in bonds.get("heavy", {})
    assert "battery" not in bonds.get("heavy", {})


def test_training_writes_a_ranker_that_ranks(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_SEEDS", 1)
    monkeypatch.setattr(answers, "_EPOCHS", 3)
    monkeypatch.setattr(answers, "FOLDS", 2)
    told = train_answers(folder, tmp_path / "new" / "ranker.json")
    ranker = read_ranker(tmp_path / "new" / "ranker.json")
    assert ranker.threshold == told["threshold"]
    assert told["semi_test_seen"]["p_at_1"] == 1.0
    assert 0 < ranker.confidence(np.array([2.0, -1.0])) < 1
    assert ranker.confidence(np.array([2.0, -1.0])) > ranker.confidence(np.array([-2.0, -3.0]))


def test_a_folder_without_product_qa_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="product-qa"):
        train_answers(tmp_path, tmp_path / "ranker.json")


def test_a_ranker_of_other_features_is_refused(tmp_path: Path) -> None:
    told = json.loads(PACKAGED.read_text("utf-8"))
    (tmp_path / "other.json").write_text(json.dumps({**told, "columns": ["covered"]}))
    with pytest.raises(StreamrecError, match="train it anew"):
        read_ranker(tmp_path / "other.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(StreamrecError, match="no ranker"):
        read_ranker(tmp_path / "broken.json")


def test_every_answer_of_the_rooms_questions_is_among_its_candidates() -> None:
    questions = list(of_rooms())
    assert len({one.group for one in questions}) >= 30
    lone = [one for one in questions if not any(one.right)]
    assert len(lone) >= 0.2 * len(questions)


def test_what_is_served_is_counted() -> None:
    given = [
        Answered(0.9, True, True, True),
        Answered(0.8, True, False, False),
        Answered(0.1, True, False, True),
        Answered(0.0, False, False, False),
    ]
    assert served(given, 0.5) == {"precision": 0.5, "coverage": 0.5, "wrong_on_unanswerable": 0.5}
    assert measure([(np.array([1.0, 0.0]), np.array([True, False])), (np.array([0.5, 0.0]), np.array([False, False]))])["p_at_1"] == 1.0


def test_the_packaged_ranker_reads_its_features() -> None:
    assert 0.5 < packaged().threshold < 1
