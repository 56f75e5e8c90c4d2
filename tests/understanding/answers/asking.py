"""A made-up shop, and questions to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamrec.events.speech import Intent
from streamrec.events.types import Item
from streamrec.understanding.answers.asked import Asked, Said
from streamrec.understanding.answers.policies import Policy
from streamrec.understanding.normalise import normalise

KETTLE = Item(
    item_id="k1",
    title="山泉牌电热水壶家用1.7L不锈钢烧水壶",
    price=89,
    currency="CNY",
    stock=36,
    description="内胆304不锈钢，水开自动断电。底座360度可转，线长80厘米。",
    attributes={"容量": "1.7L", "功率": "1800W", "颜色": "白、墨绿", "保修": "两年"},
    lang="zh",
)
LAMP = Item(
    item_id="l1",
    title="GlowLeaf Desk Lamp Dimmable LED Reading Light",
    price=34.5,
    currency="USD",
    stock=12,
    description="Folds flat for travel. Charges over USB-C in two hours.",
    attributes={"material": "aluminum", "battery life": "20 hours", "color": "sage, black", "warranty": "1 year"},
    lang="en",
)


def ask(
    text: str,
    intent: Intent,
    item: Item | None,
    said: Sequence[str | Said] = (),
    lang: str = "zh",
    policies: Mapping[str, Policy] | None = None,
) -> Asked:
    """A question; `said` are words of the host on this item, the last ones said last."""
    segments = [
        one if isinstance(one, Said) else Said(f"s{at}", at * 20_000, one, item.item_id if item else None) for at, one in enumerate(said)
    ]
    return Asked(normalise(text), lang, [intent], item, segments[::-1], policies or {})
