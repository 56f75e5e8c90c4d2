"""Puts the parts together: model, catalogue, ranker and the two processors of a worker or of a replay."""

from __future__ import annotations

from dataclasses import dataclass

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.text import TextModel
from streamrec.ranking import Ranker
from streamrec.settings import Settings


@dataclass(slots=True)
class Ranking:
    """A catalogue, and the ranker over it."""

    catalogue: Catalogue
    ranker: Ranker


def load_model(settings: Settings) -> TextModel | None:
    """The text model that the settings name, or None when scoring is off.

    Raises:
        ModelError: see `streamrec.bert.model.TextModel.load`.
    """
    if settings.scoring == "off":
        return None
    from streamrec.bert.model import TextModel as BertModel

    return BertModel.load(settings.model, settings.device, settings.threads)


def build_ranking(settings: Settings) -> Ranking:
    """A ranker over an empty catalogue."""
    catalogue = Catalogue(load_model(settings))
    return Ranking(catalogue, Ranker(catalogue, settings))
