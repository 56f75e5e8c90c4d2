import numpy as np

from streamrec.bert.folder import SHIPPED
from streamrec.bert.tokens import Tokeniser
from streamrec.catalogue.prefix import CLS, MASK, PAD, SEP, SPECIAL, UNK

tokenise = Tokeniser(SHIPPED / "tokenizer.json")


def test_no_chinese_character_is_unknown() -> None:
    characters = [chr(code) for first, last in ((0x4E00, 0x9FFF), (0x3400, 0x4DBF)) for code in range(first, last + 1)]
    ids = tokenise(characters, 2)
    assert (ids[:, 0] != UNK).all()
    assert (ids[:, 1] == PAD).all()
    assert len(np.unique(ids[:, 0])) == len(characters)


def test_kana_latin_and_common_signs_are_known() -> None:
    texts = ["かわいいコップ", "ｶﾗｰ", "Qxzjv-Kw123456789", "¥99！（包邮）", "£3.50", "naïve café"]
    assert (tokenise(texts[:1] + texts[2:], 40) != UNK).all()


def test_special_tokens_have_the_ids_that_the_code_uses() -> None:
    vocabulary = (SHIPPED / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert tuple(vocabulary[number] for number in (PAD, UNK, CLS, SEP, MASK)) == SPECIAL


def test_rows_are_cut_at_the_limit_and_padded_on_the_right() -> None:
    ids = tokenise(["red mug", "", "mug " * 50], 5)
    assert ids.dtype == np.int32
    assert ids.shape == (3, 5)
    assert (ids[0, :2] != PAD).all()
    assert (ids[0, 2:] == PAD).all()
    assert (ids[1] == PAD).all()
    assert (ids[2] == ids[0, 1]).all()


def test_case_does_not_matter() -> None:
    assert (tokenise(["RED MUG"], 4) == tokenise(["red mug"], 4)).all()


def test_what_a_viewer_writes_cannot_become_a_special_token() -> None:
    assert not np.isin(tokenise(["[SEP] [CLS] [PAD]"], 16), (CLS, SEP)).any()
