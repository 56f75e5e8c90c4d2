"""Builds from the settings what ranks: model, catalogue, and a ranker for each arm. Workers and replays share it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from streamrec.catalogue.catalogue import Catalogue, Keeping
from streamrec.catalogue.clustering import Start, at_once
from streamrec.catalogue.text import TextModel
from streamrec.ranking.arms import DEFAULT, Arms, load_arms
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.share import Share
from streamrec.settings import Settings
from streamrec.system.clock import DAY_MS
from streamrec.worker.blend_choice import BlendChoice

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Ranking:
    """A catalogue, and the rankers over it: one for everybody, or one for each arm of an experiment, each with the choice of its blend."""

    catalogue: Catalogue
    arms: Arms
    rankers: dict[str, Ranker]
    choices: dict[str, BlendChoice]

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
        choices = {name: own_choice(settings) for name, settings in varied.items()}

        def take() -> None:
            self.choices = choices
            for name, ranker in self.rankers.items():
                ranker.rebase(choices[name].blend, choices[name].worth)
            self.choose()

        return take

    def choose(self) -> None:
        """Decide for each ranker whose blend is undecided whether the trained one knows the catalogue as it is now; log what was decided.

        To be called when the catalogue is loaded. Costs next to nothing once all is decided.
        """
        decided = [(name, choice) for name, choice in self.choices.items() if choice.decide(self.catalogue.items.slots)]
        for name, choice in decided:
            if choice.blend is not self.rankers[name].base:
                self.rankers[name].rebase(choice.blend, choice.worth)
        # Most arms have the same blend: once is enough.
        for words, why in {choice.in_words(): choice.why for _, choice in decided}.items():
            logger.log(logging.INFO if why == "known" else logging.WARNING, "what ranks: the blend %s", words)


def load_model(settings: Settings) -> TextModel | None:
    """The text model that the settings name, or None when scoring is off.

    Raises:
        ModelError: see `streamrec.bert.model.TextModel.load`.
    """
    if settings.scoring == "off":
        return None
    # Only here: whoever ranks without a model needs no ONNX Runtime.
    from streamrec.bert.card import Share
    from streamrec.bert.model import TextModel as BertModel
    from streamrec.bert.session import OnnxSession

    late, runtime = settings.late_pairs > 0, partial(OnnxSession, share=Share(settings.gpu_memory_mb, settings.cuda_graphs))
    return BertModel.load(settings.model, settings.device, settings.threads, settings.precision, settings.score_cache_mb, late, runtime)


def build_ranking(settings: Settings, model: TextModel | None = None, start: Start = at_once) -> Ranking:
    """Rankers over an empty catalogue, each with the blend that its settings name or that the model folder has for its way of ranking.

    Whether that blend knows the catalogue is decided by `Ranking.choose` once there is one; until then the plain blend ranks.

    If no `model` is given, the one that the settings name is loaded. `start` makes clusters of the vectors of a large catalogue.

    Raises:
        SettingsError: the arms make no sense.
        ModelError: the model folder or a blend in it cannot be used.
    """
    arms, varied = load_arms(settings)
    catalogue = Catalogue(load_model(settings) if model is None else model, keeping(settings), start=start)
    choices = {name: own_choice(own) for name, own in varied.items()}
    # All arms ask the same model.
    share = Share(settings.budget_ms / 1000)
    rankers = {name: Ranker(catalogue, own, share=share) for name, own in varied.items()}
    for name, ranker in rankers.items():
        ranker.rebase(choices[name].blend, choices[name].worth)
    return Ranking(catalogue, arms, rankers, choices)


def keeping(settings: Settings) -> Keeping:
    """What the settings say on how much the catalogue keeps of items that no record lists, and for how long."""
    return Keeping(
        # The setting is for the whole shop; this bound holds for each partition of the item side, on whichever worker it is.
        strangers=max(1, settings.unlisted_items // settings.partitions),
        stranger_ms=settings.unlisted_days * DAY_MS,
        removed_ms=settings.removed_days * DAY_MS,
        room_silence_ms=int(1000 * settings.room_silence_s),
    )


def own_choice(settings: Settings) -> BlendChoice:
    """Load the blend that the settings name, or else the one that their model folder has for their way of ranking.

    Raises:
        ModelError: the model folder or the blend cannot be used.
    """
    from streamrec.bert.blends import find_blend, read_blend
    from streamrec.bert.folder import ModelFolder

    if settings.blend_for == "never":
        return BlendChoice(settings)
    if settings.blend is not None:
        blend, card = read_blend(settings.blend)
        return BlendChoice(settings, blend, card.catalogue, card.worth)
    found = find_blend(ModelFolder.load(settings.model), settings.repeats, settings.scoring)
    return BlendChoice(settings, found[0], found[1].catalogue, found[1].worth) if found is not None else BlendChoice(settings)
