"""The listings of topics in docs and chart follow from the table of topics."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from streamrec.events.listings import LISTINGS, outdated
from streamrec.events.schemas import main
from streamrec.events.topics import ITEM_SOURCES, TOPICS, USER_SOURCES

ROOT = Path(__file__).parents[2]


def test_the_listings_of_the_repository_are_right() -> None:
    assert list(outdated(ROOT)) == [], "run `python -m streamrec.events.schemas`"
    page, template = ((ROOT / name).read_text() for name in LISTINGS)
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == list(TOPICS)
    (scaled,) = re.findall(r"topics := list (.*) }}", template)
    assert scaled.replace('"', "").split() == [*USER_SOURCES, *ITEM_SOURCES]


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_that_lacks_a_topic_is_complained_of_and_put_right(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    right = (ROOT / name).read_text()
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(re.sub(r'.*`views`.*\n|"views" ', "", right))
    assert main(["--check", "--folder", str(tmp_path / "schemas")]) == 1
    assert f"{name} does not list the topics as they are" in capsys.readouterr().err
    assert main(["--folder", str(tmp_path / "schemas")]) == 0
    assert (tmp_path / name).read_text() == right
