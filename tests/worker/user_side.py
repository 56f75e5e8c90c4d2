"""A user processor on the bench, for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from streamrec.contract.processor import Outcome, Part
from streamrec.contract.records import Outbound
from streamrec.events.types import Recommendation
from streamrec.ranking.ranker import Ranker
from streamrec.state.memory import UserMemory, UserShard
from streamrec.worker.list_maker import ListMaker
from streamrec.worker.users import UserProcessor
from tests.shop import DAY, NOW, Record, WordModel, catalogue, item, record, rows, settings

ITEMS = [item(f"i{number}", f"thing{number}", created_ts=NOW - DAY) for number in range(5)]


class Side:
    """A user processor with its rows, its memory and a clock that stands still."""

    def __init__(self, stale: bool = False, model: WordModel | None = None, **changes: Any) -> None:
        self.settings = settings(**changes)
        self.catalogue = catalogue(*ITEMS, model=model)
        self.now = NOW
        ranker, visible = Ranker(self.catalogue, self.settings), self.settings.visible_places
        maker = ListMaker(self.catalogue, ranker, clock_ms=lambda: self.now, stale=lambda: stale, visible=visible)
        self.users = UserProcessor(self.settings, self.catalogue, maker, clock_ms=lambda: self.now)
        self.rows, self.memory = rows(), UserMemory()
        self.partition = 0

    @property
    def shard(self) -> UserShard:
        return UserShard(self.partition, self.rows, self.memory)

    def send(self, *records: Record, lag: int = 0) -> Outcome:
        return self.users.process([Part(self.shard, records, lag)])[0]


def out(outcome: Outcome, topic: str) -> list[Outbound]:
    return [each for each in outcome.records if each.topic == f"streamrec.{topic}"]


def lists(outcome: Outcome) -> list[Recommendation]:
    return [msgspec.json.decode(each.value or b"", type=Recommendation) for each in out(outcome, "recommendations")]


def header(sent: Outbound, name: str) -> str:
    return dict(sent.headers)[f"streamrec.errors.{name}"].decode()


def view(offset: int, user: str = "u", item_id: str = "i1", **fields: Any) -> Record:
    return record("views", offset, user_id=user, item_id=item_id, ts=NOW + offset, **fields)
