"""General marks of a comment: what it asks with, counts with, shouts with and hides behind, in any language."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from streamrec.understanding.normalise import Normal

_QUESTION = regex.compile(r"[?？¿؟]")
_SHOUT = regex.compile(r"[!！]{2,}")
_MONEY = regex.compile(r"\p{Sc}|元|块钱")
_NUMBER = regex.compile(r"\d+(?:[.,]\d+)?")
_HANDLE = regex.compile(r"@\w+|(?<![a-z])[a-z]{1,8}[_-]?\d{3,}|(?<!\d)\d{7,}(?!\d)|[a-z]+_[a-z]+|https?:|www\.|\.com")
_SPELLED = regex.compile(r"(?<!\w)\w(?: \w(?!\w)){3,}")
_MIXED = regex.compile(r"\p{Han}[a-z]{1,3}\p{Han}")
_RUN = regex.compile(r"(.)\1{2,}")
# Forms of Chinese that ask, measure, count and tell, whatever the word in them is.
_FORMS = {
    "is or is not": regex.compile(r"(\p{Han}{1,2}?)[不没](?:\1)|有没有?|可不可以"),
    "asks at the end": regex.compile(r"[吗么嘛不没否](?:[啊呀呢哦诶]?(?:\P{L}|$))|(?:没有|[吧呢])[?？]"),
    "how much of it": regex.compile(
        r"多(?:[大高长宽厚重深粗远沉]|少[斤克升寸个只片包瓶毫千公厘g])|几(?:[斤克升寸只片包瓶颗粒页层米双盒码号]|公斤|毫升)"
    ),
    "how long": regex.compile(r"多久|几天|多长时间|几个?(?:小时|月|年)|啥时|何时|什么时候|几点|几号"),
    "which": regex.compile(r"哪[个款种只双件条瓶]|选哪|还是"),
    "measure": regex.compile(r"\d ?(?:cm|mm|kg|g|ml|l|oz|lb|lbs|inch|in|斤|克|公斤|千克|毫升|升|寸|厘米|公分|米|码|英寸|平)(?![a-z])"),
    "a little": regex.compile(r"\p{Han}(?:一下|下看|给[我大咱]|一\p{Han})|(\p{Han})一?\1(?:$|\P{Han}|看|呗|吧|嘛)"),
    "once before": regex.compile(
        r"上次|上回|上个?月|上周|去年|前年|昨天|之前|以前|[一二两三四五六七八九十半几\d]+(?:天|个?月|年|周|次|回)[就了都还]|买的|用了|穿了|吃了"
    ),
    "pieces": regex.compile(r"(?:[一二两三四五六七八九十俩仨]|(?<!\d)\d{1,2})(?:[个件条双只箱盒份瓶包袋套单斤对支](?!多少))"),
    "dear seller": regex.compile(r"主播|老板|掌柜|店家|客服|小二|宝子|家人|姐妹|老铁"),
    "nothing at all": regex.compile(r"又|都没|根本|压根|从来没|一点都?不|竟然|居然|什么玩意|还没"),
    "so very": regex.compile(r"太|真|好(?=\p{Han})|超|巨|贼|绝|极|老好|特别|非常|蛮|挺|够"),
}
_EMOJI = {
    "love": "❤♥💕💖💗💓💘💙💚💛💜🖤🤍🧡😍🥰😘😻💝💞🫶",
    "joy": "😀😁😂🤣😃😄😆😊😋😹🤩🥳😎😸",
    "sad": "😢😭😞😔😟🙁☹😩😫🥺💔😿",
    "anger": "😡😠🤬😤🖕👿💢",
    "doubt": "😒🙄😑😐😅🤔😏🤨🙃🙂😬",
    "disgust": "🤮🤢👎💩🚮",
    "praise": "👍👏💯🔥👑🏆🌟⭐✨💪🙌👌🌹💐🎉",
    "hello": "👋🙋🤝🤗",
    "please": "🙏",
    "money": "💰💵💸🤑🎁🧧💲",
    "contact": "💬📱☎📞✉📧➕📲💌",
    "buy": "🛒🛍",
}
_KIND_OF = {sign: kind for kind, signs in _EMOJI.items() for sign in signs}


def marks(normal: Normal) -> Iterator[str]:
    """The marks of a comment, by name."""
    raw, text = normal.raw.casefold(), normal.text
    numbers = _NUMBER.findall(text)
    letters = sum(char.isalnum() for char in text)
    yield f"length {min(letters.bit_length(), 6)}"
    yield f"numbers {min(len(numbers), 3)}"
    if not letters:
        yield "no letters"
    elif numbers and letters == sum(char.isdecimal() for char in text):
        yield "only digits"
    for kind in {_KIND_OF[char] for char in raw if char in _KIND_OF}:
        yield f"emoji {kind}"
    for name, pattern, read in (
        ("question", _QUESTION, raw),
        ("shout", _SHOUT, raw),
        ("money", _MONEY, text),
        ("handle", _HANDLE, text),
        ("spelled", _SPELLED, raw),
        ("mixed", _MIXED, text),
        ("run", _RUN, raw),
    ):
        if pattern.search(read):
            yield name
    if normal.text.isascii():
        return
    for name, pattern in _FORMS.items():
        if pattern.search(normal.text):
            yield name
