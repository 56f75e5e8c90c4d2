"""The events of a simulated shop, one message after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from streamrec.simulator.messages import Message
from streamrec.simulator.shop import Shop
from streamrec.simulator.spoilt import spoilt

# Enough real purchases for co-purchases to mean something, and enough made-up views for rooms that live.
REAL_SHARE = 0.4


def live(
    shop: Shop,
    clock: Callable[[], int],
    *,
    purchases: Iterator[Message] | None = None,
    real_share: float = REAL_SHARE,
    bad_share: float = 0.0,
) -> Iterator[Message]:
    """The shop's moments without end; `real_share` of the messages are taken from `purchases` while there are any.

    `bad_share` of the messages are spoilt on purpose. `clock` gives the present time in ms.
    """
    # Dice of its own: what is mixed in must not change what the shop does.
    dice = Random(shop.dice.random())
    while True:
        if dice.random() < bad_share:
            viewer = dice.choice(shop.viewers)
            yield spoilt(dice, viewer.user_id, viewer.room.on_air.item_id, viewer.room.room_id, clock())
        elif purchases is not None and dice.random() < real_share:
            real = next(purchases, None)
            if real is None:
                purchases = None
            else:
                yield real
        else:
            yield shop.moment(clock(), buying=purchases is None)
