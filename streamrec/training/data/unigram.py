"""Reads a vocabulary of SentencePiece into a tokeniser of a model folder: no library of its own is needed, here or where it serves."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from streamrec.catalogue.prefix import CLS, MASK, PAD, SEP, UNK
from streamrec.errors import ModelError

SPARE = 3
"""The first pieces of the file are `<unk>`, `<s>`, `</s>` and pieces without a text of their own, the first of which is no. 3."""
SPECIAL = {PAD: " [PAD]", UNK: " [UNK]", CLS: " [CLS]", SEP: " [SEP]", MASK: " [MASK]"}
"""Their names hold a space, which no text does once it is normalised: nobody can write them."""
PIECES, NORMALISER, CHARACTERS = 1, 3, 2
"""Fields of the file, and of its normaliser the table of characters."""


def unigram(content: bytes) -> Tokenizer:
    """The tokeniser of a SentencePiece file of unigrams.

    Each piece has the id of the file and one more, since 0 is the padding: so `[UNK]`, `[CLS]` and `[SEP]` have the ids that a model folder
    gives them, and the file's first spare piece has that of `[MASK]`.

    Raises:
        ModelError: the file holds no such vocabulary.
    """
    pieces, characters = _read(content)
    if len(pieces) <= SPARE or [piece for piece, _ in pieces[:SPARE]] != ["<unk>", "<s>", "</s>"] or not characters:
        raise ModelError("the vocabulary is not one of SentencePiece with <unk>, <s> and </s> first, and a table of characters")
    vocabulary = [(SPECIAL[PAD], 0.0), *pieces]
    for number, name in SPECIAL.items():
        vocabulary[number] = (name, 0.0)
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=UNK, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(characters), normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def _read(content: bytes) -> tuple[list[tuple[str, float]], bytes]:
    """The pieces with their scores (logarithms of chances), and the normaliser's table."""
    pieces, characters = [], b""
    try:
        for field, value in _fields(content):
            if field == PIECES:
                piece = dict(_fields(value))
                pieces.append((piece[1].decode(), struct.unpack("<f", piece.get(2, bytes(4)))[0]))
            elif field == NORMALISER:
                characters = dict(_fields(value)).get(CHARACTERS, b"")
    except (IndexError, KeyError, ValueError, struct.error) as exc:
        raise ModelError(f"the vocabulary is no file of SentencePiece ({exc!r})") from exc
    return pieces, characters


def _fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Fields of a message of Protocol Buffers by number, each as its bytes; of numbers that vary in length none."""
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        match tag & 7:
            case 0:
                _, place = _varint(content, place)
                continue
            case 1:
                length = 8
            case 2:
                length, place = _varint(content, place)
            case 5:
                length = 4
            case kind:
                raise ValueError(f"wire type {kind}")
        if place + length > len(content):
            raise ValueError("the file ends within a field")
        yield tag >> 3, content[place : place + length]
        place += length


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
