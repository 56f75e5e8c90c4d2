"""The benchmark of live rooms: attacks that people can still read, and figures counted by hand."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest

from benchmarks.understanding.attacks import ATTACKS, homophones, marks, misheard, spelled, traditional
from benchmarks.understanding.questions import Ranked, figures, risk_coverage
from benchmarks.understanding.table import in_words
from benchmarks.understanding.texts import waves
from streamrec.understanding.characters import syllables

TEXT = "这件长款羽绒服多少钱 我要L码"


def test_homophones_sound_as_what_they_stand_for() -> None:
    changed = homophones(TEXT, random.Random(1))
    assert changed != TEXT
    assert syllables(changed) == syllables(TEXT)


def test_few_characters_are_misheard() -> None:
    text = TEXT * 50
    other = sum(one != two for one, two in zip(text, misheard(text, random.Random(1)), strict=True))
    assert 0.05 < other / len(text) < 0.15


def test_marks_are_put_between_chinese_characters_only() -> None:
    changed = marks(TEXT, random.Random(1))
    assert len(changed) > len(TEXT)
    assert "".join(sign for sign in changed if sign.isalnum() or sign == " ") == TEXT
    assert changed.endswith("L码") or changed.split("L")[1].replace("\u200b", "").startswith("码")
    assert marks("size L?", random.Random(1)) == "size L?"


def test_traditional_and_spelled_comments_are_what_people_write() -> None:
    assert traditional("鞋码偏大吗 发货", random.Random(1)) == "鞋碼偏大嗎 發貨"
    assert any(sign.isascii() and sign.isalpha() for sign in spelled("羽绒服多少钱", random.Random(3)))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_leaves_other_scripts_alone_and_is_repeatable(name: str) -> None:
    plain = "how much? ¿cuánto? 123"
    assert ATTACKS[name](plain, random.Random(1)) == plain
    assert ATTACKS[name](TEXT, random.Random(1)) == ATTACKS[name](TEXT, random.Random(1))
    assert unicodedata.is_normalized("NFC", ATTACKS[name](TEXT, random.Random(1)))


def test_questions_counted_by_hand() -> None:
    asked = [
        Ranked([True, False], 0.9),
        Ranked([False, True, True], 0.6),
        Ranked([False, False], 0.3),
    ]
    report = figures(asked)
    assert (report["questions"], report["unanswerable"]) == (3, 1)
    # One of the two that can be answered; average precisions 1 and (1/2 + 2/3) / 2.
    assert report["p_at_1"] == 0.5
    assert report["map"] == round((1 + (1 / 2 + 2 / 3) / 2) / 2, 4)
    assert report["answered_at_90"] == round(1 / 3, 4)
    assert risk_coverage(asked, 0.5) == {"answered": round(2 / 3, 4), "precision": 0.5}


def test_questions_that_are_equally_sure_are_answered_together_or_not_at_all() -> None:
    assert figures([Ranked([True], 0.5), Ranked([False, True], 0.5)])["answered_at_90"] == 0.0


def test_a_wave_of_viewers_is_no_burst_and_copies_of_a_sentence_are(tmp_path: Path) -> None:
    head = "videotime,content,user\n"
    crowd = "".join(f"{at * at / 80},{'哈' * (2 + at % 5)},u{at}\n" for at in range(60))
    copies = "".join(f"{at},加我微信领取全场优惠券不要错过今天,u{at % 2}\n" for at in range(30))
    (tmp_path / "a.csv").write_text(head + crowd, "utf-8")
    (tmp_path / "b.csv").write_text(head + copies, "utf-8")
    (tmp_path / "other.csv").write_text("time,text\n1,x\n", "utf-8")
    found = {row["file"]: row for row in waves(tmp_path)}
    assert set(found) == {"a.csv", "b.csv"}
    assert (found["a.csv"]["comments"], found["a.csv"]["alarms"]) == (60, 0)
    assert found["b.csv"]["alarms"] == 1


def test_a_figure_stands_beside_its_goal_and_missing_data_is_named() -> None:
    assert in_words({"waves": "a.csv", "an_hour": 2.5}) == "waves, a.csv: an_hour 2.5 (not <= 1.0)"
    assert in_words({"left_out": "reviews", "needs": "--reviews"}) == "reviews: left out, since --reviews names no folder of them"
