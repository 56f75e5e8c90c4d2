from pathlib import Path

import pytest

from streamrec.errors import InputError
from streamrec.training.data.corpus import groups_of, read_corpus

pytest.importorskip("yaml")


def test_catalogue_and_captions_come_with_their_groups(shop: Path) -> None:
    corpus = read_corpus(shop / "products.yaml", shop / "captions.csv")
    assert corpus.products[0] == ("red bag", "red/bag")
    assert corpus.captions[0] == ("喜欢一色的杯子", "美食")
    assert len(corpus.texts()) == len(corpus.products) + len(corpus.descriptions) + len(corpus.captions)


def test_small_groups_are_left_out() -> None:
    assert groups_of([("a", "x"), ("b", "x"), ("c", "y")], least=2) == [["a", "b"]]


def test_the_wrong_file_is_refused(shop: Path) -> None:
    with pytest.raises(InputError, match="right files"):
        read_corpus(shop / "captions.csv", shop / "captions.csv")
