"""Shelf positions that a text names: "number 3", "#3", "3号", "第十五款", "链接 12", "the third one", "número 3", "số 3"."""

from __future__ import annotations

from typing import NamedTuple

import regex

from streamrec.understanding.numerals import CHARACTERS, whole

# A fraction, a part of a longer number or of a name (B3号), or the day of a date (3月12号) is no position.
_ALONE = rf"(?<![a-z\d/\u2044]|\d[.,]|[{CHARACTERS}月]|住|住在|我家|排|排到|排在)"
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
    r"(?!色|线|線|楼|樓|院|门|桌|房|机位|车|选手|球衣|电池|電池|字|針|针|座(?![椅垫])|位|窗|厅|馆|路(?!由)|仓|出口|柜(?!子)|床(?![单品垫上笠])|铺|技师|考场"
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
_NOT_OF = (
    r"(?<!(?:order|phone|tracking|house|room|door|flat|apt|apartment|bus|flight|my|your|ur|channel|live at|lives at|stay at"
    r"|staying at|gate|seat|table"
    r"|row|floor|platform|exit|lane|locker|unit|street|ticket|queue|waitlist|player|student|teléfono|pedido|vivo en el"
    r"|điện thoại|i'm|im|i am|we're"
    r"|you're|u r|he's|she's)\s)"
)
_NO_PLACE = (
    r"(?!\s+(?:(?:on|in) (?:the |ur |your |my |this )?(?:wait\p{L}*(?: list)?|list|line|queue|row|world|family|class)"
    r"|fan|seller|store|rule|priority)(?!\p{L}))"
)
_POSITION = regex.compile(
    rf"(?V1)#\s*(?P<sharp>\d{{1,4}}){_END}"
    rf"|(?<![[\p{{L}}\p{{M}}]--\p{{Han}}]){_NOT_OF}(?:{_SAY})(?:\s*[:：#]?\s*(?P<said>\d{{1,4}}){_END}|\s+(?P<word>{_SPELLED})(?![\p{{L}}])){_NO_PLACE}"
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


# A number alone is a place beside a verb that takes an item and before what may follow one; up to three are as likely pieces.
_BEHIND = (
    r"(?=\s*(?:$|[!?~，。？！]|[.,](?!\d)|(?:please|pls|plz|and|or|not|but|too|again|also|instead|is|was|looks?|still|available|restock\p{L}*"
    r"|back|sold out"
    r"|true to size|runs|no|good(?! (?:price|deal))|nice|worth|waterproof|real|in stock"
    r"|in (?:the )?(?:black|white|red|blue|green|pink|gr[ae]y|beige|brown|navy)"
    r"|come|comes|have|has|por favor|y|o|nha|nhé|với|giá|còn|có)(?!\p{L})))"
)
_TAKEN = (
    r"(?:i'?ll|i will|i'?d|let me|can i|could i|may i|gonna|wanna)\s+(?:have|take|get|grab|buy|order|try)"
    r"|(?:i )?(?:want|need|ordered|bought)|^(?:just |i )?got"
    r"|quiero(?: el| la)?|dame(?: el| la)?|me llevo(?: el| la)?|lấy|chốt|mua"
)
_ABOUT = (
    r"^(?:and |but |so |ok |hey )?(?:is|does|did|was|has|how about|what about|and)|show(?: me| us)?|see|prefer|love|meant"
    r"|skip|not|no to|pass on|yes to|rather"
    r"|cómo es (?:el|la)|no (?:el|la)|muestra(?:me)? (?:el|la)|cho (?:em|mình|chị|anh) xem|xem"
)
_SWAPPED = (
    r"(?:swap|switch|exchange|trade|replace|change|cambia|cambiar|cambio|cámbiame)(?: out)?(?: my| the| el| la)?"
    r"(?:\s+(?P<out>\d{1,3})|\s[^,.!?\d]{1,25})\s+(?:for|to|with|into|por|a)(?: the| el| la)?\s+(?P<in>\d{1,3})"
) + _BEHIND
_CHINESE_BARE = (
    r"(?:^|[ ,，把])(?P<out>\d{1,3})(?:换成?|改成?)(?P<in>\d{1,3})(?=$|[ ,，。!~吧])"
    r"|(?:^|[ ,，。])(?P<judged>\d{1,3})(?=(?:的)?(?:质量|材质|多少钱|怎么样"
    r"|怎么卖|还有|有货|有没有|好看|好用|好不好|不要|算了|就?不拍|换成?\d))"
    r"|(?:想要|要|拍|看看?|讲讲?|讲一?下|换成?|给我来?|来)\s?(?P<chosen>\d{1,3})(?=$|[ ,，。!~]|[吧呢啊]|不要|还有)"
)
_BARE = regex.compile(
    rf"(?V1){_SWAPPED}|(?<![\p{{L}}'])(?:(?:{_TAKEN})\s+(?P<taken>\d{{1,3}}){_BEHIND}|(?:{_ABOUT})\s+(?P<about>\d{{1,3}})(?:\s+(?:or|and|vs|o|y)\s+(?P<other>\d{{1,3}})(?:\s+better)?)?{_BEHIND})|{_CHINESE_BARE}"
)
_DIGIT = regex.compile(r"\d")
_PIECES = 3


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


def bare(text: str, of_sizes: bool = False) -> list[Position]:
    """The numbers from 1 on that a normalised text may name shelf positions by without a word for them: I'll have 20, is 13 good.

    In a comment `of_sizes` they are sizes, but where one thing is to be had in place of another.
    """
    found: list[Position] = []
    for match in _BARE.finditer(text) if _DIGIT.search(text) else ():
        for kind, digits in match.groupdict().items():
            least = 0 if kind in ("out", "in") else _MOST if of_sizes else _PIECES if kind in ("taken", "chosen") else 0
            if digits and int(digits) > least:
                found.append(Position(int(digits), match.start(kind), match.end(kind)))
    return found
