"""The texts that may be trained on, each with the group of things that it belongs to."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamrec.datasets.tables import open_text
from streamrec.errors import InputError

UNKNOWN = {None, "", "UNKNOWN", "[]"}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Short texts with their groups (category and style, or caption category), and longer descriptions."""

    products: list[tuple[str, str]]
    descriptions: list[str]
    captions: list[tuple[str, str]]

    def texts(self) -> list[str]:
        """Every text."""
        return [text for text, _ in self.products] + self.descriptions + [text for text, _ in self.captions]


def read_corpus(products: Path, captions: Path) -> Corpus:
    """The AWS retail demo catalogue (`products.yaml[.gz]`) and the KuaiRec captions (`kuairec_caption_category.csv[.gz]`).

    Raises:
        InputError: a file is not there or not of its kind.
    """
    try:
        catalogue = _read_yaml(products)
        names = [(row["name"].strip(), f"{row['category']}/{row['style']}") for row in catalogue]
        descriptions = [" ".join(row["description"].split()) for row in catalogue if row.get("description")]
        with open_text(captions) as lines:
            rows = list(csv.DictReader(lines))
        captioned = [(" ".join(row["caption"].split()), _category(row)) for row in rows if row["caption"] not in UNKNOWN]
        captioned += [(row["manual_cover_text"].strip(), _category(row)) for row in rows if row["manual_cover_text"] not in UNKNOWN]
    except (OSError, EOFError, zlib.error, KeyError, TypeError, AttributeError, ValueError, csv.Error) as exc:
        raise InputError(f"{products} or {captions} cannot be read as catalogue and captions ({exc!r}); name the right files") from exc
    return Corpus(names, descriptions, [(text, group) for text, group in captioned if text])


# A list has a right item and something touched before; of three things they are not always the same two.
def groups_of(texts: list[tuple[str, str]], least: int = 3) -> list[list[str]]:
    """The texts of every group that has at least `least` of them."""
    groups: dict[str, list[str]] = defaultdict(list)
    for text, group in texts:
        groups[group].append(text)
    return [members for _, members in sorted(groups.items()) if len(members) >= least]


def _read_yaml(path: Path) -> Any:
    import yaml

    raw = path.read_bytes()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(gzip.decompress(raw) if path.suffix == ".gz" else raw, Loader=loader)  # noqa: S506  (both are safe loaders)


def _category(row: dict[str, str]) -> str:
    levels = (row["second_level_category_name"], row["first_level_category_name"])
    return next((name for name in levels if name not in UNKNOWN), "UNKNOWN")
