"""The table of features in the docs is what the declarations say."""

from __future__ import annotations

from pathlib import Path

from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.schema import DECLARED

PAGE = Path(__file__).parents[3] / "docs/reading-lists.md"


def row(feature: Feature) -> str:
    reason = f"`{feature.reason}`" if feature.reason else ""
    return f"| `{feature.name}` | {feature.scope} | {feature.unit} | {feature.weight or ''} | {reason} |"


def test_the_table_of_features_is_the_declarations_table() -> None:
    expected = "\n".join(map(row, DECLARED))
    assert expected in PAGE.read_text(encoding="utf-8"), f"paste this into docs/reading-lists.md:\n{expected}"
