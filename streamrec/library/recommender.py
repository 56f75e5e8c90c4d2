"""Ranking in a program of one's own: items and events in, lists with reasons out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from streamrec.catalogue.text import TextModel
from streamrec.events.speech import Transcript
from streamrec.events.types import Item, RankedItem, Recommendation, Room, Rule, Trigger, UserEvent
from streamrec.library.checks import OBSERVED, PUT, checked, require_id
from streamrec.library.in_memory import InMemoryWorker, repeatable
from streamrec.ranking.reasons.languages import Language, words
from streamrec.ranking.reasons.sentences import in_words
from streamrec.settings import Settings, load
from streamrec.system.clock import now_ms
from streamrec.worker.admission import row_of
from streamrec.worker.assembly import build_ranking
from streamrec.worker.list_maker import ListMaker, Request

ASKED = "asked"
"""Takes the place of the topic in list ids: these lists answer a call, not an event."""


class Recommender:
    """A shop in memory, ranked by the worker's own code; the same input gives the same lists.

    Use it from one thread. Nothing is written to disk: run a worker where state must outlive the process. As a context manager it stops
    the model's threads on exit.
    """

    def __init__(self, settings: Settings | None = None, model: TextModel | None = None, clock_ms: Callable[[], int] = now_ms) -> None:
        """Settings default to those of the environment, the model to the one that the settings name.

        `clock_ms` gives the time of a request in ms since the epoch; pass your own to ask for lists as of another time.

        Raises:
            SettingsError: a setting has no sense.
            ModelError: the model folder cannot be used.
        """
        settings = repeatable(load() if settings is None else settings)
        ranking = build_ranking(settings, model)
        self._ranking, self.catalogue = ranking, ranking.catalogue
        self.ranker = ranking.ranker
        self._clock_ms = clock_ms
        maker = ListMaker(
            ranking.catalogue,
            ranking.ranker,
            clock_ms=None,
            arms=ranking.arms,
            rankers=ranking.rankers,
            visible=settings.visible_places,
        )
        self._worker = InMemoryWorker(settings, ranking.catalogue, maker, clock_ms)
        self._events = self._lists = 0

    def put(self, *records: Item | Room | Rule) -> None:
        """Add or replace items, rooms and rules. Pass many items at once: the model encodes those of one call in batches.

        Raises:
            BadEvent: a field lies outside its limits; the message names the record, and nothing of the call is kept.
            TypeError: a record is of another kind; nothing of the call is kept.
        """
        kept = [checked("put", PUT, record, number)[1] for number, record in enumerate(records, 1)]
        self.catalogue.put_items(record for record in kept if isinstance(record, Item))
        for record in kept:
            if isinstance(record, Room):
                self.catalogue.put_room(record)
            elif isinstance(record, Rule):
                self.catalogue.rules.put(record)

    def observe(self, *events: UserEvent | Transcript) -> None:
        """Apply what viewers did and hosts said, in any order of time. An event whose `event_id` was seen before changes nothing.

        Raises:
            BadEvent: a field lies outside its limits; the message names the event's place in the call, and those before it are kept.
            TypeError: an event is of another kind; those before it are kept.
        """
        for number, event in enumerate(events, 1):
            topic, read, value = checked("observe", OBSERVED, event, number)
            self._worker.apply(topic, self._events, read, value)
            self._events += 1

    def recommend(self, user_id: str, room_id: str | None = None) -> Recommendation:
        """Make a list for a viewer, who may be in a live room, from all that is known so far.

        As long as no impressions were observed, the viewer's row notes the first places of the list as seen, at most every ten minutes.

        Raises:
            BadEvent: an id is none that an event could carry.
        """
        require_id("user_id", user_id)
        if room_id is not None:
            require_id("room_id", room_id)
        now = self._clock_ms()
        self.catalogue.expire(now)
        self._ranking.choose()
        self._worker.settle(now)
        trigger = Trigger(topic=ASKED, partition=0, offset=self._lists, event_id=f"{ASKED}-0-{self._lists}", ts=now)
        self._lists += 1
        return self._worker.answer(Request(user_id, row_of(self._worker.users, user_id, now), trigger, [], room_id))

    def explain(self, item: RankedItem, language: Language = "en") -> list[str]:
        """Say why an item is in its list, strongest reason first, in sentences; `language` is an ISO 639 code, such as "zh".

        Raises:
            StreamrecError: there are no sentences in that language; the message names those that there are.
            TypeError: `item` is no place of a list.
        """
        if not isinstance(item, RankedItem):
            raise TypeError(f"explain takes an item of a list (RankedItem), not {type(item).__name__}")
        words(language)
        titles, _ = self.catalogue.names([item.because] if item.because else [], [])
        return in_words(item, titles, language)

    def close(self) -> None:
        """Stop the model's threads."""
        if self.catalogue.model is not None:
            self.catalogue.model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
