"""Hot model swap: a published model is loaded beside the one that serves, encodes all items, and takes over between two batches."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from streamrec.bert.folder import revision_of
from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.encoded import Encoded
from streamrec.catalogue.text import TextModel, how_it_runs
from streamrec.contract.records import Inbound
from streamrec.errors import BadEvent, DigestMismatch, StreamrecError
from streamrec.events.models import SLOT, PublishedModel, decode_model, rolled_back
from streamrec.settings import Settings

logger = logging.getLogger(__name__)
TOPIC = "models"
STRAGGLERS = 256
"""Items that changed while the others were encoded. So many are encoded between two batches, while everything waits; more take another
round on the loader's thread, of which each is shorter than the last unless items change faster than they can be encoded."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that is ready to serve, with the texts of all items as it encodes them."""

    model: TextModel
    items: Encoded
    take: Callable[[], None]
    """What else is to be done when it takes over."""


class ModelSwap:
    """Follows the topic `models`; implements `follower.Feed`.

    Whatever is wrong with a published model, the one that serves goes on, and the refusal is logged and counted.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        load: Callable[[Settings], TextModel | None],
        prepare: Callable[[Settings], Callable[[], None]] = lambda _: lambda: None,
    ) -> None:
        """`prepare` reads what else belongs to a model, and returns a function to call when the model takes over."""
        self._prepare_more = prepare
        self._settings = settings
        self._catalogue = catalogue
        self._load = load
        # One thread: two models at a time would take the memory of three, and closing the former one waits its turn.
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="model-swap")
        self._serving: PublishedModel | None = None
        self._wanted: PublishedModel | None = None
        self._under_way: Future[Prepared] | None = None
        self._aim: PublishedModel | None = None
        self.counts: Counter[str] = Counter()
        """Published models by what became of them: `taken` over or `refused`."""

    def topics(self) -> list[str]:
        """The full name of the topic that this feed follows; none if no model serves."""
        return [self._settings.topic(TOPIC)] if self._catalogue.model is not None else []

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Note which model is to serve; the last record counts."""
        for record in records:
            if record.key != SLOT:
                logger.warning("a record of %s is not for the place %s and is passed over", topic, SLOT.decode())
                continue
            try:
                self._wanted = decode_model(record.value) if record.value is not None else None
            except BadEvent as error:
                logger.warning("a record of %s cannot be used: %s", topic, error)
                self.counts["refused"] += 1

    def settle(self) -> None:
        """Wait until the wanted model serves or is refused; before the first list."""
        self.between()
        while self._under_way is not None:
            self._under_way.exception()
            self.between()

    def between(self) -> None:
        """Start preparing the wanted model, or let it take over if it is ready; return at once."""
        if self._under_way is not None and self._under_way.done():
            done, self._under_way = self._under_way, None
            if self._aim == self._wanted:
                self._finish(done)
            elif done.exception() is None:
                self._loader.submit(done.result().model.close)
        if self._wanted is not None and self._under_way is None and self._wanted.revision == _revision(self._catalogue.model):
            self._serving = self._wanted
        if self._under_way is None and self._wanted != self._serving:
            self._aim = self._wanted
            self._under_way = self._loader.submit(self._prepare, self._aim, self._catalogue.items.texts.copy())

    def _finish(self, done: Future[Prepared]) -> None:
        try:
            prepared = done.result()
        except Exception as fault:
            foreseen = isinstance(fault, StreamrecError)
            logger.error("a published model is refused, the one before goes on: %s", fault, exc_info=None if foreseen else fault)
            self._refuse()
            return
        items = self._catalogue.items
        stale = items.stale(prepared.items)
        if len(stale) > STRAGGLERS:
            self._under_way = self._loader.submit(_catch_up, prepared, items.texts.copy(), stale)
            return
        former = self._catalogue.model
        self._catalogue.take_model(prepared.model, prepared.items)
        prepared.take()
        self._serving = self._aim
        self.counts["taken"] += 1
        level = logging.WARNING if prepared.model.precision_advice else logging.INFO
        model = prepared.model
        logger.log(level, "the model %s %s serves from here on, on %s", model.name, model.revision, how_it_runs(model))
        if former is not None:
            self._loader.submit(former.close)

    def _refuse(self) -> None:
        self.counts["refused"] += 1
        # A worker that has just started serves what the others serve: the last published model that can be loaded.
        former = rolled_back(self._aim) if self._serving is None and self._aim is not None else None
        self._wanted = former or self._serving

    def _prepare(self, wanted: PublishedModel | None, texts: list[str]) -> Prepared:
        settings = self._settings
        if wanted is not None:
            settings = settings.model_copy(update={"model": Path(wanted.path)})
            # Every worker reads the folder for itself, and later than it was published: all must serve the same bytes.
            if revision_of(Path(wanted.path)) != wanted.revision:
                raise DigestMismatch(
                    f"the folder {wanted.path} is not the revision {wanted.revision} that was published; "
                    "publish it as it is now, or put the former files back"
                )
        take = self._prepare_more(settings)
        model = self._load(settings)
        assert model is not None
        encoded = Encoded(model)
        encoded.update(texts, range(len(texts)))
        return Prepared(model, encoded, take)


def _revision(model: TextModel | None) -> str | None:
    return model.revision if model is not None else None


def _catch_up(prepared: Prepared, texts: list[str], stale: Sequence[int]) -> Prepared:
    prepared.items.update(texts, stale)
    return prepared
