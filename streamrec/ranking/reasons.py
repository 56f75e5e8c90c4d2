"""Why an item is in a list: the strongest contributions to its score, as stable codes and as sentences in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrec.events.types import RankedItem
from streamrec.ranking.features.schema import FEATURES, RELATIVE, USER

Language = Literal["en", "zh"]


class Reason(NamedTuple):
    """A code and its sentence in both languages; where the facts {because} or {bought} are known, the longer sentence is said."""

    code: str
    en: str
    zh: str
    longer_en: str = ""
    longer_zh: str = ""


REASONS: dict[str, Reason] = {
    "popularity_1d": Reason("popular_today", "Many people buy or look at it today.", "今天很多人在买、在看。"),
    "popularity_7d": Reason(
        "popular_this_week",
        "Many people buy or look at it this week.",
        "这周很多人在买、在看。",
        "About {bought} people bought it this week.",
        "这周约有{bought}人买了它。",
    ),
    "popularity_30d": Reason("popular_this_month", "Many people bought it within a month.", "近一个月很多人买过。"),
    "popularity_90d": Reason("popular", "Many people bought it within a season.", "近三个月很多人买过。"),
    "trend_7d": Reason("rising", "It sells better than before.", "它比以前卖得更好。"),
    "trend_30d": Reason("rising", "It sells better than before.", "它比以前卖得更好。"),
    "country": Reason("popular_in_country", "Many people in your country bought it within a month.", "近一个月您所在国家很多人买过。"),
    "idle": Reason("still_sold", "Somebody bought it not long ago.", "不久前有人买过它。"),
    "rebought": Reason("often_rebought", "People who bought it buy it again.", "买过它的人还会再买。"),
    "covisits_last": Reason(
        "bought_with_last",
        "People who took what you took last took it too.",
        "买过您上次那些商品的人也买了它。",
        "People who took {because} took it too.",
        "买过“{because}”的人也买了它。",
    ),
    "follows": Reason(
        "bought_next",
        "People who took what you took last took it the next time.",
        "买过您上次那些商品的人下次买了它。",
        "People who took {because} took it too.",
        "买过“{because}”的人也买了它。",
    ),
    "similarity_last": Reason(
        "similar_to_last",
        "It resembles what you took last.",
        "它和您上次买的商品相似。",
        "It resembles {because}, which you chose.",
        "它和您选过的“{because}”相似。",
    ),
    "category": Reason("favourite_category", "It is of a kind that you like.", "它属于您喜欢的品类。"),
    "brand": Reason("favourite_brand", "It is of a brand that you like.", "它是您喜欢的品牌。"),
    "seen": Reason("looked_at", "You looked at it.", "您看过它。"),
    "owned": Reason("bought_before", "You bought it before.", "您以前买过它。"),
    "owned_count": Reason("bought_before", "You bought it before.", "您以前买过它。"),
    "owned_age": Reason("bought_recently", "You bought it not long ago.", "您不久前买过它。"),
    "age": Reason("new", "It is new in the shop.", "它是新品。"),
    "popular": Reason("popular_this_month", "Many people bought it within a month.", "近一个月很多人买过。"),
    "price": Reason("usual_price", "It costs about what you usually pay.", "价格与您平时的花费相近。"),
    "covisits": Reason(
        "bought_together",
        "People who took your recent items took it too.",
        "买过您最近那些商品的人也买了它。",
        "People who took {because} took it too.",
        "买过“{because}”的人也买了它。",
    ),
    "similarity": Reason(
        "similar_to_recent",
        "It resembles what you bought, looked at or wrote about.",
        "它和您买过、看过或提到的商品相似。",
        "It resembles {because}, which you chose.",
        "它和您选过的“{because}”相似。",
    ),
    "repeat": Reason("bought_before", "You bought it before.", "您以前买过它。"),
    "repeat_recency": Reason("bought_recently", "You bought it not long ago.", "您不久前买过它。"),
    "freshness": Reason("new", "It is new in the shop.", "它是新品。"),
    "price_gap": Reason("usual_price", "It costs about what you usually pay.", "价格与您平时的花费相近。"),
    "cross": Reason(
        "fits_your_history",
        "BERT, reading it beside your history, finds that it fits.",
        "BERT对照您的历史记录，认为它适合您。",
    ),
    "shelf": Reason("in_this_room", "It is on the shelf of the room you are in.", "它就在您所在直播间的货架上。"),
    "on_air": Reason("on_air", "The host shows it right now.", "主播正在介绍它。"),
    "mention": Reason("you_mentioned", "You wrote about it.", "您在弹幕里提到了它。"),
    "fatigue": Reason("rarely_shown", "You have rarely been shown it.", "您还很少看到它。"),
}
"""Per feature."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "popular": ("popularity_1d", "popularity_7d", "popularity_30d", "popularity_90d", "popular", "country", "idle"),
    "rising": ("trend_7d", "trend_30d"),
    "together": ("covisits", "covisits_last", "follows"),
    "alike": ("similarity", "similarity_last"),
    "owned": ("repeat", "repeat_recency", "owned", "owned_count", "owned_age", "rebought"),
    "new": ("freshness", "age"),
    "price": ("price", "price_gap"),
}
"""Features that say much the same: they count together, and the strongest of them speaks. Every other feature counts alone."""

CROWD = ("popularity_1d", "popularity_7d", "popularity_30d", "popularity_90d", "popular", "country")
"""Features whose sentences say that many people want an item."""

LITTLE = ("price_gap", "idle")
"""Features whose sentences say that there is little of them; those of all other relative ones, that there is much."""

RULE = "rule"
EXPLORED = Reason("explored", "Few have seen it yet; this place gives it a chance.", "看过它的人还不多，这个位置给它一次机会。")
RULED = Reason(RULE, "The shop decided so (rule {rule}).", "由商家规则“{rule}”决定。")
"""A rule's reason on a list is `rule:` and the rule's id."""

BY_CODE = {reason.code: reason for reason in (*REASONS.values(), EXPLORED, RULED)}
BECAUSE = {code for code, reason in BY_CODE.items() if "{because}" in reason.longer_en}
"""Codes whose sentence names an item of the user's own."""
BOUGHT = {code for code, reason in BY_CODE.items() if "{bought}" in reason.longer_en}
MOST = 3

_CODES = ["" if name in USER else REASONS[name].code for name in FEATURES]
_IN_FAMILIES = [name for names in FAMILIES.values() for name in names]
_GROUPS = [*FAMILIES.values(), *((name,) for name in FEATURES if name not in _IN_FAMILIES)]
_CROWD = np.array([name in CROWD for name in FEATURES])
_MUCH = np.array([name in RELATIVE and name not in (*LITTLE, "price") for name in FEATURES])
_LITTLE = np.array([name in LITTLE for name in FEATURES])
_MEMBERS = np.array([[name in group for name in FEATURES] for group in _GROUPS])


def strongest(contributions: NDArray[np.float64], features: NDArray[np.float64], few: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The features that speak for each place, by position, strongest first, of shape (…, MOST); -1 where nothing more speaks for it.

    Contributions (…, features) are summed by family, and of a family with a positive sum the strongest feature speaks. Where there are
    only `few` (…) who want the item, none speaks that tells of many; and none that tells of much or little where `features` (…,
    features) say that the item has no more or no less of it than others: a weight of the other sign rewards that, too.
    """
    untrue = (few[..., None] & _CROWD) | ((features <= 0) & _MUCH) | ((features >= 0) & _LITTLE)
    contributions = np.where(untrue, 0.0, contributions)
    sums = contributions @ _MEMBERS.T.astype(np.float64)
    families = np.argsort(-sums, axis=-1, kind="stable")[..., :MOST]
    speakers = np.argmax(np.where(_MEMBERS[families], contributions[..., None, :], -np.inf), axis=-1)
    return np.where(np.take_along_axis(sums, families, axis=-1) > 0, speakers, -1)


def codes(features: Sequence[int]) -> list[str]:
    """The reasons of features by position, without those of -1."""
    return [_CODES[feature] for feature in features if feature >= 0]


def in_words(item: RankedItem, titles: Mapping[str, str], language: Language = "en") -> list[str]:
    """The reasons of a ranked item as sentences; `titles` names items by id. An unknown code, of a newer worker, stands for itself."""
    facts = {"because": titles.get(item.because, item.because) if item.because else None, "bought": item.bought_7d}
    return [_sentence(code, facts, language) for code in item.reasons]


def _sentence(code: str, facts: Mapping[str, str | int | None], language: Language) -> str:
    kind, _, rule = code.partition(":")
    if kind not in BY_CODE:
        return code
    reason = BY_CODE[kind]
    short, longer = (reason.en, reason.longer_en) if language == "en" else (reason.zh, reason.longer_zh)
    told = longer and all(value is not None for name, value in facts.items() if f"{{{name}}}" in longer)
    # By replacement, not by format: braces in a title must stay braces.
    sentence = longer if told else short
    for name, value in {**facts, "rule": rule}.items():
        sentence = sentence.replace(f"{{{name}}}", str(value))
    return sentence
