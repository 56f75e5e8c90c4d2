"""Words that tell of no item, since hosts say them of every one."""

from __future__ import annotations

_PAIRS = """
一个 这个 那个 可以 就是 我们 你们 他们 自己 今天 直播 大家 宝宝 家人 现在 的话 没有 不是 不要 不用 什么 怎么 还有
都是 都有 的是 是的 给你 一下 一点 起来 出来 进来 时候 的时 非常 特别 真的 的人 东西 喜欢 需要 如果 因为 所以 但是
然后 或者 已经 这样 一样 这种 一种 里面 上面 一定 很多 好的 来看 看一 用的 要的 这款 那款 款的 两个 三个 的啊 了啊
链接 号链 送一 一包 开始 有点
"""
_WORDS = """
a an and any are as at back be been big but by can come do does doing don't down easy even every feel fit fits for free from get
give go good got great guy had has have her here high him his home hot how i i'm if in into is it it's item its just know last let
like link little long look lot love low make many me mini more most much my need new nice no not now number of off oh okay on one
only or other our out over people please put really right same say see she size so some still such super take thank than that
that's the them then there these they thing think this those to today too two up us use used very wait want was watch way we well
were what when which who will with work would yeah you your
"""
PAIRS = frozenset(_PAIRS.split())
"""Pairs of Chinese characters."""
WORDS = frozenset(_WORDS.split())
