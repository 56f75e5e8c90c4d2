"""One WordPiece vocabulary for English and Chinese: trained Latin pieces, and every ideograph as a token of its own."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from streamrec.catalogue.prefix import CLS, SEP, SPECIAL, UNK

IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF))
"""CJK Unified Ideographs and Extension A."""
ALPHABET_LEAST = 10
"""Other characters that occur so often become tokens too."""
KANA = ((0x3041, 0x3096), (0x30A1, 0x30FA))
SYMBOLS = string.punctuation + "£€¥¢°·…—–‘’“”「」『』【】《》〈〉、。，！？：；（）～％＋＃＠￥←→★☆♥●×"
_IDEOGRAPH = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in IDEOGRAPHS) + "]")


def train_vocabulary(texts: Iterable[str], pieces: int) -> Tokenizer:
    """A tokeniser whose `pieces` trained pieces come from `texts` without ideographs; no ideograph is ever [UNK]."""
    latin = [_IDEOGRAPH.sub(" ", text) for text in texts]
    blank = _tokenizer({token: number for number, token in enumerate(SPECIAL)})
    singles = sorted(_singles())
    counts = Counter(char for text in latin for char in blank.normalizer.normalize_str(text))
    # The trainer breaks ties at its own alphabet limit by chance, so the alphabet is settled here.
    alphabet = sorted({*singles, *(char for char, count in counts.items() if count >= ALPHABET_LEAST and not char.isspace())})
    trainer = trainers.WordPieceTrainer(
        vocab_size=pieces,
        min_frequency=2,
        limit_alphabet=len(alphabet),
        special_tokens=list(SPECIAL),
        show_progress=False,
        initial_alphabet=alphabet,
    )
    blank.train_from_iterator(latin, trainer)
    trained = sorted(blank.get_vocab())
    vocabulary: dict[str, int] = {}
    for token in [*SPECIAL, *singles, *(f"##{char}" for char in singles), *trained, *_ideographs()]:
        vocabulary.setdefault(token, len(vocabulary))
    return _tokenizer(vocabulary)


def save_vocabulary(tokenizer: Tokenizer, folder: Path, max_tokens: int) -> None:
    """Write tokenizer.json, tokenizer_config.json and vocab.txt as Hugging Face names them."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    ordered = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in ordered), encoding="utf-8")
    config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "tokenize_chinese_chars": True,
        "model_max_length": max_tokens,
        **{f"{token.strip('[]').lower()}_token": token for token in SPECIAL},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def _tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL[UNK], max_input_chars_per_word=64))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing((SPECIAL[SEP], SEP), (SPECIAL[CLS], CLS))
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def _ideographs() -> list[str]:
    return [chr(code) for first, last in IDEOGRAPHS for code in range(first, last + 1)]


def _singles() -> set[str]:
    kana = {chr(code) for first, last in KANA for code in range(first, last + 1)}
    return kana | set(string.ascii_lowercase + string.digits + SYMBOLS)
