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
