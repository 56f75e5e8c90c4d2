"""What a segment of speech tells of the item on air: link numbers, words, prices and measures, and whether the host goes on to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import regex
from msgspec import Struct

from streamrec.understanding.host.clauses import Clause, clauses
from streamrec.understanding.host.shelf import CATEGORY, Hit, Shelf
from streamrec.understanding.normalise import Normal, normalise
from streamrec.understanding.spoken import COUNT, MONEY, spoken

# Logarithms of how many times likelier it is to be heard while the item is on air.
ANNOUNCED, NUMBERED = 5.0, 2.2
BY_SOUND, BY_LONG_SOUND, SAME_SPAN = 0.4, 0.7, 0.3
PRICED, BARE_PRICE, MEASURED, BARE_MEASURE, COUNTED = 0.8, 0.6, 0.6, 0.3, 0.1
MOST_WORDS, MOST_DETAILS, MOST = 6.5, 1.5, 9.0
SHOP_TALK, MOST_SHOP_TALK = 2.2, 5.0
# What is left of the evidence of a clause that compares, announces for later, or tells of others.
ASIDE, EARLIER = 0.2, 0.4
INTRODUCED = 1.6
"""How much more the words of a clause tell in which the host goes on to an item."""

_SYLLABLES = {
    "yi": "一",
    "er": "二",
    "liang": "两",
    "san": "三",
    "si": "四",
    "wu": "五",
    "liu": "六",
    "qi": "七",
    "ba": "八",
    "jiu": "九",
    "shi": "十",
    "bai": "百",
    "qian": "千",
    "ling": "零",
}
_NUMERALS = "零〇一二两三四五六七八九十百千"
_LATE_UNITS = "块元号"
_NUMBER_WORD = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-]?(?:one|two|three|four|five|six|seven|eight|nine))?"
)
_LINK = regex.compile(
    r"(?V1)(?<![\p{N}月第.])(?P<n>\d{1,3}|[零〇一二两三四五六七八九十百]{1,5})\s*(?P<hao>号|\p{Han})"
    r"(?P<chain>\s*(?:小?黄车|连接|链接|恋接|连结))?(?!色|线|楼|电池|店|到|发货|开始|之前|晚|早|凌晨|下午|上午|才|再|左右)"
    r"|(?:链接|连接|号码|编号)\s*(?P<n2>\d{1,3}|[零〇一二两三四五六七八九十百]{1,5})(?![\p{N}块元])"
    r"|第\s*(?P<n3>\d{1,3}|[零〇一二两三四五六七八九十百]{1,5})\s*(?:个链接|号|款链接|个宝贝)"
    rf"|(?<![a-z])(?:number|link|item|no\.?|lot)\s*#?\s*(?P<n4>\d{{1,3}}|{_NUMBER_WORD})(?![\w.%])|\#\s*(?P<n5>\d{{1,3}})(?![\w.%])"
)
_COMPARES = regex.compile(
    r"比|[跟和][^ ]{1,8}(?:一样|不一样|不同|路子|搭)|相比|不像|配(?=\s*[\d零一二两三四五六七八九十])|除了|要么"
    r"|\b(?:than|unlike|versus|vs|compared|instead of|goes with|pairs with|same as|similar to)\b"
)
_LATER = regex.compile(
    r"等下|待会|等会|一会儿?|稍后|后面(?:还|会|再|给|我)|晚点|晚一点|最后(?:给|再|压)|再给你们(?:上|放)|先(?!上|看|来)\p{Han}{0,4}后|穿插|点半?(?:再|准时|的时候)?上(?!了)"
    r"|\b(?:later|coming up|in a (?:bit|minute|second|few)|stay tuned|after (?:this|that)|towards? the end|tonight at)\b"
)
_ASKED = regex.compile(
    r"(?:宝宝|宝贝|姐妹|兄弟|朋友|家人|哥哥|姐姐|粉丝|好多人|很多人|有人|大家)们?(?:都|还|一直)?(?:在)?(?:问|催|想要|没抢)"
    r"|\b(?:someone|somebody|people|folks|you guys|y'all|everyone)(?:'s)?\s"
    r"(?:is\s|are\s|were\s|was\s|still\s|keep\s|kept\s|just\s)*(?:ask|want)"
)
_BEFORE = regex.compile(
    r"刚才|刚刚|上一[个款件]|之前(?:那|的|讲|说)|前面(?:那|的|讲|说)"
    r"|\b(?:earlier|the (?:last|previous) (?:one|item)|before that|I (?:just )?showed)\b"
)
_BACK = regex.compile(r"返场|返一|再返|回到|再(?:上|来|放|加)一|(?:again|back to|by request|bring(?:ing)? back|one more time)")
_NEXT = regex.compile(
    r"下一[款个件样组双条]|接下来|接着(?:来|看|上)|来看(?:一下)?(?:这|我们)|(?:再|继续)往下|换一[个款件]"
    r"|(?:先|再|开始|来)上|上(?:链接|车|新)|^来"
    r"|\b(?:next (?:one|up|item|we)|up next|moving on|move on|let's (?:start|go|move|jump|do|talk|get)|on to the|switch to|now for)\b"
)
_OF_SHOP = regex.compile(
    r"关注|欢迎|晚上好|下午好|早上好|大家好|进来的|新来的|点点赞|点赞|分享|灯牌|福袋|抽奖|下播|开播|明晚|明天(?:见|还在)|拜拜|再见|感谢|谢谢|喝口水|专场|粉丝团"
    r"|全场|所有(?:的)?(?:链接|宝贝)"
    r"|哪个链接|什么链接|想要(?:哪|什么)|(?:发货|快递|运费)(?:的话|问题)|(?:快递|发货)默认|都能发|现货|江浙沪|偏远|周[一二三四五六日天]见"
    r"|\b(?:welcome|hi|hello|hey|follow|subscribe|thank(?:s| you)|bye|see you|orders? ships?|shipping|tracking"
    r"|drink some water|business days|warehouse|everybody|hang(?:ing)? out|giveaway|"
    r"good (?:morning|evening|afternoon)|sign(?:ing)? off|tap the heart|share the (?:live|stream))\b"
)


class Clues(Struct, array_like=True):
    """What a segment tells of items, as logarithms of ratios of likelihoods (the empty id stands for nothing), and of a switch."""

    items: dict[str, float]
    switch: float = 0.0
    """The least probability that another item is on air from here on."""
    forth: bool = False
    """Whether the host says that the next one follows."""


def clues(text: str, shelf: Shelf, confidence: float | None = None) -> Clues:
    """What a segment tells. `confidence` is the recogniser's."""
    normal = _repaired(normalise(text))
    back, forth = bool(_BACK.search(normal.text)), False
    told: dict[int, float] = defaultdict(float)
    links: dict[int, float] = {}
    of_shop, later = 0, False
    for clause in clauses(normal.text):
        part = Normal(clause.text, clause.text, normal.pinyin[clause.start : clause.end])
        # What is announced for later is often named in the next breath.
        kept = min(_kept(clause.text, back), EARLIER if later else 1.0)
        later = bool(_LATER.search(clause.text))
        goes_on = kept == 1.0 and bool(_NEXT.search(clause.text))
        forth = forth or goes_on
        if goes_on or _BACK.search(clause.text):
            kept = INTRODUCED
        of_shop += len(_OF_SHOP.findall(clause.text))
        for place, weight in _numbered(part, clause, shelf):
            links[place] = max(links.get(place, 0.0), weight * kept)
        for weights in (_by_words(part, shelf), _by_numbers(part, shelf)):
            for place, weight in weights.items():
                told[place] += weight * kept
    found = {place: min(weight, MOST_WORDS) for place, weight in told.items()}
    for place, weight in links.items():
        # Who counts up the links shows none of them.
        found[place] = found.get(place, 0.0) + weight / max(1.0, len(links) - 1.0)
    sure = 1.0 if confidence is None else 0.5 + 0.5 * confidence
    items = {
        item_id: round(min(weight, MOST) * sure, 3) for place, weight in found.items() if (item_id := shelf.ids[place]) and weight >= 0.1
    }
    if of_shop:
        items[""] = min(MOST_SHOP_TALK, SHOP_TALK * of_shop) * sure
    return Clues(items, 0.6 if forth or (back and items.keys() - {""}) else 0.0, forth)


def _kept(clause: str, back: bool) -> float:
    """What is left of the evidence of a clause."""
    if _COMPARES.search(clause) or _LATER.search(clause):
        return ASIDE
    if _ASKED.search(clause) or (_BEFORE.search(clause) and not back):
        return EARLIER
    return 1.0


def _repaired(normal: Normal) -> Normal:
    """The text with numerals in place of characters that sound like them, where they stand between numerals or before 号 and 块."""
    text = list(normal.text)
    for at, sign in enumerate(text):
        numeral = _SYLLABLES.get(normal.pinyin[at])
        if numeral is None or sign in _NUMERALS or not "\u3400" <= sign <= "\u9fff":
            continue
        before = at > 0 and text[at - 1] in _NUMERALS
        after = at + 1 < len(text) and (text[at + 1] in _NUMERALS or text[at + 1] in _LATE_UNITS)
        if (before and after) or (after and text[at + 1] in _LATE_UNITS):
            text[at] = numeral
    return Normal(normal.raw, "".join(text), normal.pinyin)


def _numbered(part: Normal, clause: Clause, shelf: Shelf) -> Iterator[tuple[int, float]]:
    """The places on the shelf that a clause names by their number, with what that tells."""
    for match in _LINK.finditer(part.text):
        numeral = next(group for name in ("n", "n2", "n3", "n4", "n5") if (group := match[name]))
        values = [number.values[0] for number in spoken(numeral)]
        if len(values) != 1 or not 1 <= values[0] <= len(shelf):
            continue
        weight = ANNOUNCED if match.start() <= _lead(part.text) else NUMBERED
        if match["hao"] and match["hao"] != "号":
            # 好 and 浩 for 号, heard at the start of a clause or before "link"; 毫 begins a unit.
            if part.pinyin[match.start("hao")] != "hao" or match["hao"] == "毫" or not (match["chain"] or match.start() <= 1):
                continue
            weight *= 0.9 if match["chain"] else 0.6
        yield int(values[0]) - 1, weight


def _lead(text: str) -> int:
    """Up to which character of a clause a number announces its item: behind 来 and 我们先上, "okay so link"."""
    return 5 if regex.search(r"\p{Han}", text) else 14


def _by_words(part: Normal, shelf: Shelf) -> dict[int, float]:
    """What the words of a clause tell of places: those of names up to `MOST_WORDS`, those of what is only told of an item far less."""
    runs: dict[int, list[Hit]] = defaultdict(list)
    found: dict[int, float] = defaultdict(float)
    details: dict[int, float] = defaultdict(float)

    def close(place: int) -> None:
        (found if max(hit.items[place] for hit in runs[place]) >= CATEGORY else details)[place] += _of_run(runs.pop(place), place)

    for hit in shelf.words(part):
        for place in hit.items:
            # Neighbouring pairs share a character; pairs that do not touch are another word.
            if place in runs and hit.start > runs[place][-1].end - 1:
                close(place)
            runs[place].append(hit)
    for place in [*runs]:
        close(place)
    for place, weight in details.items():
        found[place] += min(weight, MOST_DETAILS)
    return found


def _of_run(run: list[Hit], place: int) -> float:
    """What a run of matches tells: it is one word, so its strongest part counts in full and the others a little."""
    sounds = BY_LONG_SOUND if len(run) > 1 else BY_SOUND
    weights = sorted((hit.items[place] * hit.rarity * (sounds if hit.by_sound else 1.0) for hit in run), reverse=True)
    return weights[0] + SAME_SPAN * sum(weights[1:4])


def _by_numbers(part: Normal, shelf: Shelf) -> dict[int, float]:
    found: dict[int, float] = defaultdict(float)
    for number in spoken(part.text):
        by_price = PRICED if number.kind == MONEY else BARE_PRICE
        for place, weight in shelf.priced(number).items():
            found[place] += weight * by_price
        share = COUNTED if number.kind == COUNT or max(number.values) < 10 else MEASURED if number.kind else BARE_MEASURE
        for place, weight in shelf.measured(number).items():
            found[place] += weight * share
    return found
