"""Writes the lists of the baselines as files of recommendations, one for each baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import msgspec

from streamrec.evaluation.baselines.run import Ranked
from streamrec.events.types import ModelRef, Purchase, RankedItem, Recommendation, Trigger

VERSION = "1"


class ListFiles:
    """The files NAME-allow.jsonl and NAME-exclude.jsonl in a folder, which is made if it is missing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files: dict[str, Any] = {}
        self._encode = msgspec.json.Encoder().encode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    @staticmethod
    def name(ranked: Ranked) -> str:
        """The name of the file of a list."""
        return f"{ranked.name}-{ranked.repeats}.jsonl"

    def write(self, ranked: Ranked) -> None:
        """Append a list."""
        name = self.name(ranked)
        if name not in self._files:
            self._files[name] = (self._folder / name).open("wb")
        self._files[name].write(self._encode(recommendation(ranked)) + b"\n")


def recommendation(ranked: Ranked) -> Recommendation:
    """The list in the form that `streamrec replay` writes; its id is made of topic and line of the trigger."""
    line, topic, purchase, _ = ranked.trigger
    assert isinstance(purchase, Purchase)
    list_id = f"{topic}-0-{line}"
    places = enumerate(zip(ranked.items, ranked.scores, strict=True), 1)
    return Recommendation(
        list_id=list_id,
        user_id=purchase.user_id,
        trigger=Trigger(topic=topic, partition=0, offset=line, event_id=purchase.event_id or list_id, ts=int(purchase.ts)),
        generated_ts=int(purchase.ts),
        items=[RankedItem(item_id=item, rank=at, score=round(score, 6), scores={}, reasons=[]) for at, (item, score) in places],
        model=ModelRef(name=ranked.name, revision=VERSION, provider="baseline"),
        weights_version=VERSION,
        seq=line,
        covers=[(topic, 0, line)],
        arm="default",
    )
