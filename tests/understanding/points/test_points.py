from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from streamrec.errors import InputError
from streamrec.understanding.points.claims import read_claims
from streamrec.understanding.points.points import Interest, interest, points
from tests.understanding.answers.asking import KETTLE, LAMP

CLAIMS = read_claims()


def test_what_a_viewer_asked_about_comes_first_in_the_words_of_the_item() -> None:
    first = points(KETTLE, CLAIMS, "zh", interest(["保修几年啊"]))[0]
    assert (first.text, first.field, first.quote, first.offset) == ("保修：两年", "保修", "两年", 0)
    assert points(LAMP, CLAIMS, "en", interest(["how long does the battery last"]))[0].field == "battery life"


def test_what_all_of_a_category_have_is_told_after_what_is_rare() -> None:
    peers = [msgspec.structs.replace(KETTLE, item_id=f"p{at}", attributes={**KETTLE.attributes, "功率": f"{at}00W"}) for at in range(1, 9)]
    fields = [point.field for point in points(KETTLE, CLAIMS, "zh", peers=peers, most=9)]
    assert fields.index("功率") < fields.index("容量")


def test_what_viewers_ask_counts() -> None:
    assert points(LAMP, CLAIMS, "en", asked=Interest({"color": 1.0}))[0].field == "color"


def test_each_kind_of_fact_is_told_once() -> None:
    item = msgspec.structs.replace(LAMP, attributes={"material": "aluminum", "Material": "aluminium"}, description=None)
    assert len(points(item, CLAIMS, "en")) == 1


def test_banned_claims_and_what_speaks_against_an_item_are_not_told() -> None:
    item = msgspec.structs.replace(
        KETTLE,
        description="全网最低价。可以治疗失眠。不建议煮牛奶。",
        attributes={"适用": "不适合电磁炉", "工艺": "世界第一工艺", "容量": "1.7L"},
    )
    assert [point.field for point in points(item, CLAIMS, "zh", most=9)] == ["容量"]


def test_an_owners_file_adds_banned_claims(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[zh]\nbanned = ["断电"]\n')
    assert read_claims(tmp_path / "own.toml").banned("水开自动断电") == ["断电"]
    assert CLAIMS.banned("水开自动断电") == []
    assert read_claims(tmp_path / "own.toml").banned("The BEST kettle") == ["best"]


@pytest.mark.parametrize("text", ["[zh", "[zh]\nbaned = []\n", "zh = 3\n"])
def test_a_file_that_holds_no_claims_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(InputError, match="holds no claims"):
        read_claims(tmp_path / "own.toml")
