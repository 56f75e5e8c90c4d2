"""The candidates of a micro-batch: what all sources propose, each item once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import numpy as np

from streamrec.ranking.batch.candidates import Candidates, merge
from streamrec.ranking.batch.context import Context
from streamrec.ranking.sources.source import Source

logger = logging.getLogger(__name__)


def fetch(sources: Sequence[Source], shop: Context) -> tuple[Candidates, Counter[str]]:
    """The union of what the sources propose, and how often each of them failed.

    A source that raises is left out: the lists of a micro-batch lack its items, and nobody is left without a list.
    """
    proposals, failed = [], Counter[str]()
    for source in sources:
        try:
            proposals.append(source.fetch(shop))
        except Exception:
            logger.exception("the source %s failed and is left out of a micro-batch", source.name)
            failed[source.name] += 1
            proposals.append(np.full((shop.queries.size, 0), -1, np.int32))
    return merge(proposals, shop.queries.size, shop.catalogue.items.size), failed
