"""A vocabulary of SentencePiece becomes a tokeniser whose special tokens nobody can write."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import UNK
from streamrec.errors import ModelError
from streamrec.training.data.unigram import unigram
from tests.training.small_sentences import PIECES, SPECIAL, vocabulary

NUMBER = {piece: number + len(SPECIAL) + 1 for number, piece in enumerate(PIECES)}


@pytest.fixture
def tokenise(tmp_path: Path) -> Tokeniser:
    unigram(vocabulary()).save(str(tmp_path / "tokenizer.json"))
    return Tokeniser(tmp_path / "tokenizer.json")


def ids(tokenise: Tokeniser, text: str) -> list[int]:
    return [number for number in tokenise([text], 32)[0].tolist() if number]


def test_a_piece_has_the_number_of_the_file_and_one_more(tokenise: Tokeniser) -> None:
    assert ids(tokenise, "red mug") == [NUMBER["▁red"], NUMBER["▁mug"]]


def test_the_likeliest_pieces_are_taken(tokenise: Tokeniser) -> None:
    assert ids(tokenise, "红杯 blue red") == [NUMBER[piece] for piece in ("▁", "红", "杯", "▁blue", "▁red")]


def test_spaces_around_and_between_words_do_not_count(tokenise: Tokeniser) -> None:
    assert ids(tokenise, "  red   mug ") == ids(tokenise, "red mug")


def test_letters_that_no_piece_has_are_unknown_together(tokenise: Tokeniser) -> None:
    assert ids(tokenise, "ขวด red") == [NUMBER["▁"], UNK, NUMBER["▁red"]]


@pytest.mark.parametrize("written", ["[SEP]", " [SEP]", "</s>", "<s>", " [CLS] ", "[PAD]", "<unk>", "extra_1"])
def test_nobody_can_write_a_special_token(tokenise: Tokeniser, written: str) -> None:
    assert [number for number in ids(tokenise, written) if number <= 4 and number != UNK] == []


@pytest.mark.parametrize(
    "content",
    [b"", b"not a vocabulary", vocabulary()[:-3], vocabulary(["<s>", "<unk>", "</s>", "a", "b"]), vocabulary(["<unk>"])],
    ids=["empty", "text", "cut", "other order", "too few"],
)
def test_what_is_no_such_vocabulary_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="vocabulary"):
        unigram(content)
