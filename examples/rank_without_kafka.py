"""Ranking in a program of your own, without Kafka: items and events in, a list with its reasons out.

python examples/rank_without_kafka.py
"""

from __future__ import annotations

import time

from streamrec import Danmaku, EventTime, Item, Purchase, Recommender, View


def main() -> None:
    """Rank three things for a viewer who looked at one, bought another and wrote about the third."""
    now = EventTime(time.time() * 1000)
    with Recommender() as shop:
        shop.put(
            Item(item_id="mug-1", title="Red enamel mug", price=8.5, currency="EUR"),
            Item(item_id="mug-2", title="Blue enamel mug", price=8.5, currency="EUR"),
            Item(item_id="lamp-1", title="Paper lantern, warm white", price=19.0, currency="EUR"),
        )
        shop.observe(
            View(user_id="anna", item_id="mug-1", ts=now),
            Purchase(user_id="ben", item_id="mug-2", ts=now, price=8.5, currency="EUR"),
            Danmaku(user_id="anna", room_id="kitchen", ts=now, text="how big is that paper lantern?"),
        )
        for item in shop.recommend("anna").items:
            print(f"{item.rank}. {item.item_id} {item.score:.3f}: {' '.join(shop.explain(item))}")


if __name__ == "__main__":
    main()
