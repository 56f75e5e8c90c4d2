"""How far the workers have come, by the marks in the changelogs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.faults.past import Positions
from benchmarks.faults.reader import Reader
from streamrec.engine.store.mark import MARK, decode_mark
from streamrec.kafka.topics import ITEM_SOURCES, USER_SOURCES


def marks(outputs: Reader) -> dict[tuple[str, int], int]:
    """How far the last mark of every partition is, by source."""
    found: dict[tuple[str, int], int] = {}
    for family in ("user", "item"):
        last: dict[int, Any] = {record.partition: record for record in outputs.records[f"{family}-changelog"] if record.key == MARK}
        for partition, record in last.items():
            found |= {(topic.rpartition(".")[2], partition): at for topic, at in decode_mark(record.value).next.items()}
    return found


def count_marks(outputs: Reader) -> Counter[tuple[str, int]]:
    """How many marks every partition has, by state family and number."""
    families = ("user", "item")
    return Counter((one, record.partition) for one in families for record in outputs.records[f"{one}-changelog"] if record.key == MARK)


def behind(at: Mapping[tuple[str, int], int], ends: Positions) -> set[tuple[str, int]]:
    """The sources that are not read to their ends."""
    followed = {one: end for one, end in ends.items() if one[0] in (*USER_SOURCES, *ITEM_SOURCES)}
    return {one for one, end in followed.items() if max(0, at.get(one, 0)) < end}
