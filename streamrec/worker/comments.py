"""Reads the comments of a batch: what they mean for their viewer, for items, and for whoever reads `danmaku-insights`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.speech import Insight, Mention, Place
from streamrec.events.types import Danmaku
from streamrec.state.meant import Meant
from streamrec.state.user import UserRow
from streamrec.understanding.aspects import aspects
from streamrec.understanding.bursts import simhash
from streamrec.understanding.reader import Judged, Read, Reader

logger = logging.getLogger(__name__)
LAST = 3
"""Items that the viewer meant before, among which "it" may mean one."""


class Comments:
    """Reads texts by one model, and each comment in the scene of its room."""

    def __init__(self, catalogue: Catalogue, reader: Reader) -> None:
        self._catalogue, self._reader, self._rules = catalogue, reader, Reader()
        self._failed = False
        self.counts: Counter[str] = Counter()
        """Comments so far, read `by_model` or `by_rules` alone."""

    def judge(self, events: Sequence[Danmaku]) -> list[Judged]:
        """What the texts say by themselves, in order. A model that fails costs intents and sentiment, never a list."""
        if not events:
            return []
        texts, told = [event.text for event in events], [event.lang for event in events]
        try:
            judged = self._reader.judge(texts, told)
        except Exception:
            if not self._failed:
                logger.exception("the model that reads comments failed; they are read by rules until it does not")
            self._failed, judged = True, self._rules.judge(texts, told)
            self.counts["by_rules"] += len(events)
        else:
            self.counts["by_model" if self._reader.model else "by_rules"] += len(events)
        return judged

    def read(self, event: Danmaku, judged: Judged, row: UserRow) -> Read:
        """What a comment means in its room; `row` is its viewer's, as it was before."""
        last = sorted(row.named, key=lambda item_id: (-row.named[item_id].ts, item_id))[:LAST] if row.named else []
        scene = self._catalogue.scenes.of(event.room_id, int(event.ts), last)
        read = self._reader.read(judged, scene, event.item_id)
        if scene.names is None and not read.items and "spam" not in read.intents:
            # Of a room that was never announced no shelf is known: words of titles tell, those of the whole shop.
            titled = [Mention(item_id=item_id, weight=weight, ref="title") for item_id, weight in self._catalogue.titled(event.text)]
            return read._replace(items=sorted(titled, key=lambda one: (-one.weight, one.item_id)))
        return read

    def meant(self, read: Read) -> Meant:
        """What a comment does to rows."""
        items = [(one.item_id, one.weight) for one in read.items]
        judges = "praise" in read.intents or "complaint" in read.intents
        about = aspects(read.normal.text) if judges else []
        return Meant(read.lang, read.intents, read.sentiment, items, read.unwanted, about, simhash(read.normal))

    def insight(self, event: Danmaku, read: Read, source: Place, event_id: str) -> Insight:
        """What goes to `danmaku-insights`; `source` are the coordinates of the comment."""
        return Insight(
            room_id=event.room_id,
            user_id=event.user_id,
            ts=int(event.ts),
            event_id=event_id,
            source=source,
            text=event.text,
            lang=read.lang,
            intents=read.intents,
            sentiment=read.sentiment,
            items=read.items,
            unwanted=read.unwanted,
            model=self._reader.model,
        )
