"""Numbers as hosts say them: 一百二十九, 一二九, 四十五块九, nineteen ninety nine, 129块, $19.99, with what they count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import regex

from streamrec.understanding.numerals import ENGLISH, SCALES, whole

MONEY = "money"
COUNT = "count"
CENT = 0.01
LONGEST = 14
"""Characters of a numeral at most: 九千九百九十九万九千九百九十九 has 15, and nobody sells for that."""

_KINDS: tuple[tuple[str, float, str], ...] = (
    (MONEY, 1.0, "块钱|块|元|圆|塊|rmb|yuan|dollars|dollar|bucks|buck|usd|euros|euro"),
    (MONEY, CENT, "cents|cent"),
    ("mm", 1.0, "毫米|mm|millimeters|millimetres|millimeter"),
    ("mm", 10.0, "厘米|公分|cm|centimeters|centimetres|centimeter"),
    ("mm", 1000.0, "米|m|meters|metres|meter"),
    ("inch", 1.0, "英寸|inches|inch|in"),
    ("g", 1000.0, "公斤|千克|kg|kilos|kilo|kilograms"),
    ("g", 500.0, "斤"),
    ("g", 50.0, "两"),
    ("g", 1.0, "克|g|grams|gram"),
    ("lb", 1.0, "lb|lbs|pounds|pound"),
    ("oz", 1.0, "oz|ounces|ounce|盎司"),
    ("ml", 1.0, "毫升|ml|mil|milliliters|millilitres"),
    ("ml", 1000.0, "升|l|liters|litres|liter|litre"),
    ("mah", 1.0, "毫安时|毫安|mah|mil amp|milliamp|milliamps"),
    ("wh", 1.0, "瓦时|wh|watt hours"),
    ("w", 1.0, "瓦|w|watts|watt"),
    ("w", 1000.0, "千瓦|kw"),
    ("v", 1.0, "伏|v|volts|volt"),
    ("db", 1.0, "分贝|db|decibels"),
    ("pa", 1.0, "pa|p a|帕"),
    ("rpm", 1.0, "转|rpm"),
    ("degree", 1.0, "度|℃|°c|°f|f|degrees|degree"),
    ("min", 1.0, "分钟|min|mins|minutes|minute"),
    ("min", 60.0, "小时|个小时|钟头|hours|hour|hrs"),
    ("min", 1 / 60, "秒|seconds|second|s"),
    ("day", 1.0, "天|days|day"),
    ("month", 1.0, "个月|months|month"),
    ("month", 12.0, "年|years|year"),
    ("percent", 1.0, "%|percent"),
    ("size", 1.0, "码"),
    ("momme", 1.0, "momme|姆米"),
    (COUNT, 1.0, "个|只|件|片|包|台|单|盒|瓶|套|双|条|张|份|支|袋|箱|罐|抽|组|样|色|键|档|把|枚|颗|粒|层"),
    (COUNT, 1.0, "pieces|piece|pcs|pack|packs|left|units|pairs|pair|sets"),
)
_UNITS = {word: (kind, factor) for kind, factor, names in _KINDS for word in names.split("|")}
"""What words of units measure, and how much of it, so that 1.6公分 is 16 mm as 16毫米 is."""

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}

_UNIT = "|".join(regex.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_WORD = "|".join(sorted({*ENGLISH, *SCALES}, key=len, reverse=True))
# Latin letters of a unit end there: "5 lovely cups" are no litres.
_NUMBER = regex.compile(
    r"(?P<sign>[$¥€£]\s*)?"
    rf"(?:(?P<digits>\d+(?:,\d{{3}})*(?:\.\d+)?)(?P<scale>[万千百k](?![a-z]))?|(?P<chinese>[零〇一二两兩三四五六七八九十百千万点]+(?<![零〇一二三四五六七八九十百千万点]两))"
    rf"|(?<![a-z])(?P<words>(?:(?:{_WORD})(?![a-z])(?:[\s-]+(?:and\s+(?=\w)|point\s+)?(?={_WORD})|[\s-]*))+))"
    # 二百六十八两罐: a price and two tins.
    rf"\s*(?P<unit>(?!两[个只件片包台单盒瓶套双条张份支袋箱罐组样])(?:{_UNIT})(?:(?<=[a-z])(?![a-z])|(?<![a-z])))?"
    r"(?:(?<=[块塊元米])\s*(?P<tenths>[一二三四五六七八九\d])(?:毛|角)?(?![\d十百千个只件号年月]))?"
)

_BETWEEN = regex.compile(r"\s*(?:and)?\s*")


class Spoken(NamedTuple):
    """A number in a text from `start` to `end`, its unit included."""

    start: int
    end: int
    values: tuple[float, ...]
    """How it may be read, the likeliest first: nineteen ninety nine is 19.99 or 1999."""
    kind: str
    """What it measures ("money", "mm", "g", …); empty where no unit is said."""
    factor: float = 1.0
    """What the unit is worth in the unit of its kind."""

    def amounts(self) -> tuple[float, ...]:
        """The readings in the unit of the kind."""
        return tuple(round(value * self.factor, 4) for value in self.values)


def spoken(text: str) -> list[Spoken]:
    """The numbers that a folded text says, in its order."""
    found: list[Spoken] = []
    for match in _NUMBER.finditer(text):
        for number in _read(match):
            before = found[-1] if found else None
            if before and number.factor == CENT and before.kind == MONEY and _BETWEEN.fullmatch(text, before.end, number.start):
                together = tuple(round(value + number.values[0] * CENT, 2) for value in before.values)
                found[-1] = before._replace(end=number.end, values=together)
            else:
                found.append(number)
    return found


def _read(match: regex.Match[str]) -> Iterator[Spoken]:
    unit = match["unit"]
    kind, factor = (MONEY, 1.0) if match["sign"] else _UNITS.get(unit or "", ("", 1.0))
    start, end = match.start(), match.start() + len(match[0].rstrip())
    if match["digits"]:
        value = float(match["digits"].replace(",", "")) * {"万": 1e4, "千": 1e3, "百": 1e2, "k": 1e3}.get(match["scale"] or "", 1.0)
        readings: list[tuple[int, int, tuple[float, ...]]] = [(start, end, (value,))]
    elif match["chinese"]:
        readings = [(start + at, start + to, values) for at, to, values in _chinese(match["chinese"])]
    else:
        readings = [(match.start("words") + at, match.start("words") + to, values) for at, to, values in _english(match["words"])]
    for place, (at, to, values) in enumerate(readings):
        if place < len(readings) - 1:
            yield Spoken(at, to, values, "")
            continue
        if match["tenths"]:
            tenth = _DIGITS.get(match["tenths"], 0) if not match["tenths"].isdecimal() else int(match["tenths"])
            values = tuple(value + tenth / 10 for value in values)
        yield Spoken(at, end, values, kind, factor)


def _chinese(run: str) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """The numbers of a run of Chinese numerals, which may stand side by side: 九十九九十九 is 99 twice."""
    at = 0
    while at < len(run):
        to, values = _digit_by_digit(run, at) if not _has_unit(run, at) else _compound(run, at)
        if values:
            yield at, to, values
        at = max(to, at + 1)


def _has_unit(run: str, at: int) -> bool:
    """Whether the number that starts at `at` is spelt with tens and hundreds. 三五百 is read digit by digit, and its rest left."""
    return run[at] in "十百千" or (at + 1 < len(run) and run[at + 1] in "十百千万")


def _digit_by_digit(run: str, at: int) -> tuple[int, tuple[float, ...]]:
    to = at
    while to < len(run) and run[to] in _DIGITS and not (to > at and _has_unit(run, to)):
        to += 1
    digits = [_DIGITS[sign] for sign in run[at:to]]
    if not digits:
        return at + 1, ()
    number = int("".join(map(str, digits)))
    end, decimals = _decimals(run, to)
    if decimals:
        return end, (float(f"{number}{decimals}"),)
    if len(digits) == 2 and digits[1] == digits[0] + 1 and digits[0]:
        return to, ()  # 七八 is seven or eight
    return to, (float(number), number / 10) if len(digits) == 2 and digits[0] else (float(number),)


def _compound(run: str, at: int) -> tuple[int, tuple[float, ...]]:
    """The longest number that digits and units spell from `at` on: 一百二十九, 两万, 一百二 (120), 二十二点五."""
    longest = regex.compile(r"[^点]*").match(run, at)
    assert longest
    for to in range(min(longest.end(), at + LONGEST), at, -1):
        number = whole(run[at:to])
        if number is not None:
            end, decimals = _decimals(run, to)
            return end, (float(f"{number}{decimals}"),)
    return at, ()


def _decimals(run: str, at: int) -> tuple[int, str]:
    """Where the decimals end that follow a whole number, and what they are: 点五 is .5."""
    end = at + 1
    while at < len(run) and run[at] == "点" and end < len(run) and run[end] in _DIGITS:
        end += 1
    return (end, "." + "".join(str(_DIGITS[sign]) for sign in run[at + 1 : end])) if end > at + 1 else (at, "")


def _english(run: str) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """The numbers of a run of number words, which may stand side by side."""
    groups = _groups(run)
    while groups:
        values = [value for _, _, value, _ in groups]
        if len(groups) > 1 and groups[1][3]:  # two point five
            yield groups[0][0], groups[1][1], (float(f"{values[0]:.0f}.{values[1]:.0f}"),)
            groups = groups[2:]
        elif len(groups) > 1 and all(value < 10 for value in values):
            yield groups[0][0], groups[-1][1], (float("".join(f"{value:.0f}" for value in values)),)
            return
        elif len(groups) == 2 and values[0] != values[1] and 10 <= values[1] < 100 and values[0] < 100:
            # Nineteen ninety nine: a price more often than a year. One twenty nine: 129 more often than 1.29.
            joined, price = values[0] * 100 + values[1], values[0] + values[1] / 100
            yield groups[0][0], groups[1][1], (joined, price) if values[0] < 10 else (price, joined)
            return
        else:
            yield groups[0][0], groups[0][1], (values[0],)
            groups = groups[1:]


def _groups(run: str) -> list[tuple[int, int, float, bool]]:
    """Start, end and value of the single numbers of a run: twenty four | ninety nine; and whether "point" stands before it."""
    found: list[tuple[int, int, float, bool]] = []
    total, part, start, end, open_ended, point = 0.0, 0.0, -1, 0, 10_000.0, False

    def close() -> None:
        nonlocal total, part, start, open_ended, point
        if start >= 0:
            found.append((start, end, total + part, point))
        total, part, start, open_ended, point = 0.0, 0.0, -1, 10_000.0, False

    for match in regex.finditer(r"[a-z]+", run):
        word = match[0]
        if word == "and":
            continue
        if word == "point":
            close()
            point = True
            continue
        if word in SCALES:
            scale = SCALES[word]
            if start < 0:
                start, part = match.start(), 1.0
            if scale == 1000:
                total, part, open_ended = (total + part) * 1000, 0.0, 1000.0
            else:
                part, open_ended = part * 100, 100.0
        else:
            value = ENGLISH[word]
            # After twenty one to nine may follow, after a hundred all below it.
            if start >= 0 and not value < open_ended:
                was = point and not found
                close()
                point = was
            if start < 0:
                start = match.start()
            part += value
            open_ended = 10.0 if value >= 20 and value % 10 == 0 else 0.0
        end = match.end()
    close()
    return found
