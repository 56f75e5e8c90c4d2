"""The README is short, its map is whole, and it says the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ((ROOT / name).read_text() for name in ("README.md", "README.zh.md"))
SCREENS, SCREEN = 2, 66
"""Lines of a tall terminal."""
PROSE = 120


def blocks(page: str) -> list[str]:
    return re.findall(r"^```.*?^```", page, re.MULTILINE | re.DOTALL)


def links(page: str) -> set[str]:
    return set(re.findall(r"\]\(([^)]+)\)", page))


def figures(page: str) -> list[str]:
    """The numbers of the page, sorted, without those in code and links and without months, which English writes in letters."""
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|\d+ 月", " ", page, flags=re.DOTALL)
    return sorted(re.findall(r"\d[\d,.]*\d|\d", prose))


def test_the_map_names_every_folder() -> None:
    folders = {path.name for path in (ROOT / "streamrec").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {link.removeprefix("streamrec/") for link in links(ENGLISH) if re.fullmatch(r"streamrec/\w+", link)} == folders


def test_it_is_one_to_two_screens_long() -> None:
    assert len(ENGLISH.splitlines()) <= SCREENS * SCREEN


def test_the_chinese_readme_has_the_same_blocks_links_and_figures() -> None:
    assert blocks(CHINESE) == blocks(ENGLISH)
    assert links(CHINESE) == links(ENGLISH)
    assert figures(CHINESE) == figures(ENGLISH)


def test_lines_of_prose_are_short_enough_to_read() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        long = [line for line in prose.splitlines() if len(line) > PROSE and not re.match(r"\||!\[|#", line)]
        assert not long, f"{page.name}: {long[0]}"
