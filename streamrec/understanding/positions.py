"""Shelf positions that a text names: "number 3", "#3", "3号", "第十五款", "链接 12", "the third one", "número 3", "số 3"."""

from __future__ import annotations

from typing import NamedTuple

import regex

from streamrec.understanding.numerals import CHARACTERS, whole

# A fraction, a part of a longer number or of a name (B3号), or the day of a date (3月12号) is no position.
_ALONE = rf"(?<![a-z\d/\u2044]|\d[.,]|[{CHARACTERS}月])"
_END = r"(?![a-z\d%]|[.,:]\d)"
_CHINESE = rf"{CHARACTERS}+"
_NUMBER = rf"(?:\d{{1,4}}|{_CHINESE})"
_LINK = "链接|鏈接|連結|連接"
# A day of the month: of today, of a birthday, before something, at a time of the day.
_NOT_DATED = (
    r"(?<!(?:今天|明天|昨天|后天|前天|大后天|生日|[这下上本]个?月|农历|周[一二三四五六日天]|星期[一二三四五六日天])"
    r"(?:是|就是|都|就)?\s{0,2}(?:\d{1,2}|[一二三十]{1,3}))"
)
_NO_HOUSE = (
    r"(?!色|线|線|楼|樓|院|门|桌|房|机位|车|选手|球衣|电池|電池|字|針|针"
    r"|\s?(?:早上|上午|中午|下午|晚上|凌晨|之?[前后]|以[前后]|左右|生日|过生日|结婚|考试|发工资|回家|放假|截止|那天|当天|凌晨|开学))"
)
_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "one first uno primero primera một",
            "two second dos segundo segunda hai",
            "three third tres tercero tercera tercer ba",
            "four fourth cuatro cuarto cuarta bốn",
            "five fifth cinco quinto quinta năm",
            "six sixth seis sexto sexta sáu",
            "seven seventh siete séptimo séptima bảy",
            "eight eighth ocho octavo octava tám",
            "nine ninth nueve noveno novena chín",
            "ten tenth diez décimo décima mười",
            "eleven eleventh once",
            "twelve twelfth doce",
            "thirteen thirteenth trece",
            "fourteen fourteenth catorce",
            "fifteen fifteenth quince",
            "sixteen sixteenth",
            "seventeen seventeenth",
            "eighteen eighteenth",
            "nineteen nineteenth",
            "twenty twentieth veinte",
        ),
        1,
    )
    for word in words.split()
}
_ORDINALS = "|".join(word for word in _WORDS if word.endswith(("st", "nd", "rd", "th")))
_SPELLED = "|".join(sorted(_WORDS, key=len, reverse=True))
# Letters with and without their accents: the texts of `fold` have lost them.
_SAY = (
    r"no\.?|number|num\.?|nr\.?|link|item|n[uú]mero|n[º°]\.?|enlace|art[ií]culo|s[oố]|m[aã]|nomor|nomer|num[eé]ro|nummer|lien"
    r"|номер|товар|ссылка|หมายเลข|เบอร์|ลิงก์|ชิ้นที่|อันที่|ตัวที่|नंबर|नम्बर|लिंक|आइटम|رقم|رابط|منتج"
)
_NOT_OF = r"(?<!(?:order|phone|tracking|house|room|door|flat|apt|apartment|bus|flight|my|channel|teléfono|pedido|điện thoại)\s)"
_POSITION = regex.compile(
    rf"(?V1)#\s*(?P<sharp>\d{{1,4}}){_END}"
    rf"|(?<![[\p{{L}}\p{{M}}]--\p{{Han}}]){_NOT_OF}(?:{_SAY})(?:\s*[:：#]?\s*(?P<said>\d{{1,4}}){_END}|\s+(?P<word>{_SPELLED})(?![\p{{L}}]))"
    rf"|(?<![\p{{L}}])(?:the|el|la)\s+(?P<ordinal>{_ORDINALS}|\d{{1,2}}(?:st|nd|rd|th))\s+(?:one|item|link|product)s?(?![\p{{L}}])"
    rf"|{_ALONE}(?P<hao>{_NUMBER}(?:\s*(?:[、和跟与及&+]|,(?!\d{{3}}))\s*{_NUMBER})*)\s*[号號]{_NO_HOUSE}"
    rf"|(?<!我是?)第\s*(?P<nth>{_NUMBER})\s*[款件个個样樣条双支台号號]"
    rf"|{_ALONE}(?P<before>\d{{1,4}})\s*(?:{_LINK})"
    rf"|(?:{_LINK}|号码|號碼|编号|編號)\s*:?\s*(?:(?P<after>\d{{1,4}}){_END}|(?P<chinese>{_CHINESE})(?!\p{{Han}}))"
    rf"|(?<![\d.,])(?P<numbered>\d{{1,4}})\s*(?:番|번|นंबर|नंबर|नम्बर)(?![\p{{Hangul}}\d])"
)
_DATED = regex.compile(rf"(?V1){_NOT_DATED}")
_IN_LIST = regex.compile(rf"(?V1){_NUMBER}")
_MOST = 10_000


class Position(NamedTuple):
    """A shelf position and where the text names it."""

    number: int
    start: int
    end: int


def positions(folded: str) -> list[int]:
    """The shelf positions that a folded text names, from 1."""
    return [position.number for position in placed(folded)]


def placed(folded: str) -> list[Position]:
    """The shelf positions that a folded text names, from 1, each with its place in the text."""
    found: list[Position] = []
    for match in _POSITION.finditer(folded):
        kind = str(match.lastgroup)
        if kind == "hao" and not _DATED.match(folded, match.end("hao")):
            continue
        start = match.start(kind)
        if kind in ("word", "ordinal"):
            number = _WORDS.get(match[kind]) or int(match[kind][:-2])
            found.append(Position(number, match.start(), match.end()))
            continue
        for each in _IN_LIST.finditer(match[kind]):
            number = whole(each[0]) or 0
            if 0 < number < _MOST:
                found.append(Position(number, match.start() if kind != "hao" else start + each.start(), match.end()))
    return found
