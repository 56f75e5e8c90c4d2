from pathlib import Path

from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import SPECIAL, UNK
from streamrec.training.data.vocabulary import IDEOGRAPHS, save_vocabulary, train_vocabulary

TEXTS = ["red mug with hearts", "blue mug with stars", "喜欢红色的杯子", "mugs and hearts 😂"] * 10


def test_words_of_the_texts_become_pieces_and_ideographs_stay_single(tmp_path: Path) -> None:
    tokenizer = train_vocabulary(TEXTS, 600)
    assert tokenizer.encode("mug", add_special_tokens=False).tokens == ["mug"]
    assert tokenizer.encode("红色的杯子", add_special_tokens=False).tokens == list("红色的杯子")
    assert [tokenizer.token_to_id(token) for token in SPECIAL] == list(range(len(SPECIAL)))


def test_no_ideograph_of_either_block_is_unknown(tmp_path: Path) -> None:
    save_vocabulary(train_vocabulary(TEXTS, 600), tmp_path, 96)
    tokenise = Tokeniser(tmp_path / "tokenizer.json")
    for first, last in IDEOGRAPHS:
        assert (tokenise([chr(code) for code in range(first, last + 1)], 1) != UNK).all()
    assert tokenise(["😂"], 1) != UNK


def test_vocab_txt_lists_the_tokens_by_id(tmp_path: Path) -> None:
    tokenizer = train_vocabulary(TEXTS, 600)
    save_vocabulary(tokenizer, tmp_path, 96)
    lines = (tmp_path / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert {token: number for number, token in enumerate(lines)} == tokenizer.get_vocab()
