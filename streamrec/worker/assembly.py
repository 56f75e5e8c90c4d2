"""Builds from the settings what ranks: model, catalogue, and a ranker for each arm. Workers and replays share it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from streamrec.catalogue.catalogue import Catalogue, Keeping
from streamrec.catalogue.text import TextModel
from streamrec.ranking.arms import DEFAULT, Arms, load_arms
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings
from streamrec.system.clock import DAY_MS


@dataclass(slots=True)
class Ranking:
    """A catalogue, and the rankers over it: one for everybody, or one for each arm of an experiment."""

    catalogue: Catalogue
    arms: Arms
    rankers: dict[str, Ranker]

    @property
    def ranker(self) -> Ranker:
        """The ranker for everybody who is in no arm."""
        return self.rankers[DEFAULT]

    def ranker_of(self, user_id: str) -> Ranker:
        """The ranker that makes this user's lists."""
        return self.rankers.get(self.arms.of(user_id), self.ranker)

    def follow(self, chosen: Settings) -> Callable[[], None]:
        """Read the blends that go with a chosen model; calling what is returned makes the rankers use them.

        There are two steps because reading files may take long and happens beside the core, while the switch happens on it.
        """
        _, varied = load_arms(chosen)
        blends = {name: own_blend(settings) for name, settings in varied.items()}

        def take() -> None:
            for name, ranker in self.rankers.items():
                ranker.rebase(blends[name])

        return take


def load_model(settings: Settings) -> TextModel | None:
    """The text model that the settings name, or None when scoring is off.

    Raises:
        ModelError: see `streamrec.bert.model.TextModel.load`.
    """
    if settings.scoring == "off":
        return None
    # Only here: whoever ranks without a model needs no ONNX Runtime.
    from streamrec.bert.model import TextModel as BertModel

    late = settings.late_pairs > 0
    return BertModel.load(settings.model, settings.device, settings.threads, settings.precision, settings.score_cache_mb, late)


def build_ranking(settings: Settings, model: TextModel | None = None) -> Ranking:
    """Rankers over an empty catalogue, each with the blend that its settings name or that the model folder has for its way of ranking.

    If no `model` is given, the one that the settings name is loaded.

    Raises:
        SettingsError: the arms make no sense.
        ModelError: the model folder or a blend in it cannot be used.
    """
    arms, varied = load_arms(settings)
    catalogue = Catalogue(load_model(settings) if model is None else model, keeping(settings))
    return Ranking(catalogue, arms, {name: Ranker(catalogue, own, own_blend(own)) for name, own in varied.items()})


def keeping(settings: Settings) -> Keeping:
    """What the settings say on how much the catalogue keeps of items that no record lists, and for how long."""
    return Keeping(
        # The setting is for the whole shop; this bound holds for each partition of the item side, on whichever worker it is.
        strangers=max(1, settings.unlisted_items // settings.partitions),
        stranger_ms=settings.unlisted_days * DAY_MS,
        removed_ms=settings.removed_days * DAY_MS,
        room_silence_ms=int(1000 * settings.room_silence_s),
    )


def own_blend(settings: Settings) -> Blend:
    """Load the blend that the settings name, or else the one that their model folder has for their way of ranking."""
    from streamrec.bert.blends import load_blend, read_blend
    from streamrec.bert.folder import ModelFolder

    if settings.blend is not None:
        return read_blend(settings.blend)[0]
    return load_blend(ModelFolder.load(settings.model), settings.repeats, settings.scoring)
