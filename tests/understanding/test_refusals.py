"""What a comment refuses is told from what it wants, on either side of the refusal."""

from __future__ import annotations

import pytest

from streamrec.understanding.refusals import Span, refused, refuses_all

# What stands in brackets is an item; with an exclamation mark it is refused.
CASES = [
    "不要[!一号] 要[二号]",
    "要[一号] 不要[!二号]",
    "[!龙井]不要 我喝了胃疼",
    "[!坚果]pass",
    "不想要[!羽绒服]了",
    "不要[!一号]和[!二号]",
    "不要错过[一号]",
    "要不要[一号]",
    "不要[!裙子]要[裤子]",
    "[一号]还是[二号]",
    "not the [!vacuum], i meant the [fan]",
    "i don't want the [!mat]",
    "pass on the [!pan]",
    "no quiero el [!vaso]",
    "quiero el [vaso], no quiero el [!plato]",
    "không lấy [!áo]",
    "ไม่เอา[!กระเป๋า]",
    "[!बैग] नहीं चाहिए",
    "[बैग] चाहिए",
    "لا أريد [!الحقيبة]",
    "[!炸锅]我有俩了 不需要了",
]


@pytest.mark.parametrize("case", CASES)
def test_refusals_are_told_from_wishes(case: str) -> None:
    text, spans, gold = "", [], []
    for part in case.replace("]", "[").split("["):
        if (text and case.find(f"[{part}]") >= 0) or (not text and case.startswith(f"[{part}]")):
            gold.append(part.startswith("!"))
            part = part.removeprefix("!")
            spans.append(Span(len(text), len(text) + len(part)))
        text += part
    assert refused(text, spans) == gold


@pytest.mark.parametrize("text", ["那算了 不要了", "i'll pass", "no thanks", "not for me", "no me interesa", "ไม่เอา"])
def test_a_comment_may_refuse_what_the_talk_is_about(text: str) -> None:
    assert refuses_all(text)


@pytest.mark.parametrize("text", ["不要了 要二号", "不要太好看", "要不要", "pass me the link", "it doesn't leak"])
def test_other_comments_refuse_nothing(text: str) -> None:
    assert not refuses_all(text)
