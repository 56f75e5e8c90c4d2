"""Figures of labelled rooms: comments, answers, the item on air, and what attacks take away."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.scores import Row, on_air, scores
from benchmarks.understanding.attacks import ATTACKS, has_han, misheard
from streamrec.evaluation.room_files import FileComment, FileSegment, Recording, read_recording
from streamrec.evaluation.rooms import BATCH, OnAirBy, Rooms, event_of
from streamrec.settings import Settings
from streamrec.state.user import UserRow
from streamrec.worker.comments import Comments
from streamrec.worker.understanding import load_reader

FILES = ("items", "rooms", "transcripts", "danmaku")
DRAWS = 5
"""How often errors of a recogniser are drawn."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Recorded rooms with their labels."""

    recording: Recording
    labels: Sequence[Row]
    """The comments as they are in the file."""

    @classmethod
    def read(cls, folder: Path) -> Labelled:
        """The rooms of a folder in the form of benchmarks/rooms."""
        items, rooms, transcripts, danmaku = (folder / f"{name}.jsonl" for name in FILES)
        labels = [json.loads(line) for line in danmaku.read_text("utf-8").splitlines() if line.strip()]
        return cls(read_recording(items, rooms, transcripts, danmaku), labels)

    def rewritten(self, change: Callable[[str], str]) -> Recording:
        """The recording with each comment written in another way."""
        return replace(self.recording, comments=[msgspec.structs.replace(row, text=change(row.text)) for row in self.recording.comments])

    def heard_as(self, change: Callable[[str], str]) -> Recording:
        """The recording with each segment of speech recognised in another way."""
        return replace(self.recording, segments=[msgspec.structs.replace(row, text=change(row.text)) for row in self.recording.segments])


def understood(settings: Settings, recording: Recording, by: OnAirBy = "speech") -> tuple[dict[str, Row], list[str | None]]:
    """The predictions by id, and what was on air after each segment, in the order of the recording's segments."""
    player = Rooms(settings, recording, by)
    found = {made.id: msgspec.to_builtins(made) for made in player.play()}
    order = sorted(range(len(recording.segments)), key=lambda at: recording.segments[at].at_s)
    heard: list[str | None] = [None] * len(order)
    for at, item in zip(order, player.heard, strict=True):
        heard[at] = item
    return found, heard


def comments(settings: Settings, rooms: Labelled) -> Row:
    """What is understood of the comments, with the item on air told from speech and, beside it, given."""
    found, _ = understood(settings, rooms.recording)
    report = scores(rooms.labels, found)
    report["lang_right"] = round(sum(found[row["id"]]["lang"] == row["lang"] for row in rooms.labels) / len(rooms.labels), 4)
    report["by_room"] = {
        hall.room_id: scores([row for row in rooms.labels if row["room_id"] == hall.room_id], found)["items_f1"]
        for hall in rooms.recording.rooms
    }
    report["on_air_given"] = scores(rooms.labels, understood(settings, rooms.recording, "given")[0])
    return report


def speech(settings: Settings, rooms: Labelled) -> Row:
    """How well the item on air is told from speech: as recognised, and with further errors in Chinese speech."""
    gold = [msgspec.to_builtins(row) for row in rooms.recording.segments]
    chinese = {row["room_id"] for row in gold if has_han(row["text"])} - {row["room_id"] for row in gold if not has_han(row["text"])}
    _, heard = understood(settings, rooms.recording)
    noisy, segments, right = [], [row for row in gold if row["room_id"] in chinese], 0.0
    for seed in range(DRAWS if segments else 0):
        dice = random.Random(seed)
        _, drawn = understood(settings, rooms.heard_as(lambda text, dice=dice: misheard(text, dice)))  # type: ignore[misc]
        noisy.append(on_air(segments, [item for row, item in zip(gold, drawn, strict=True) if row["room_id"] in chinese]))
    right = sum(draw["accuracy"] for draw in noisy) / DRAWS if noisy else 0.0
    clean = on_air(segments, [item for row, item in zip(gold, heard, strict=True) if row["room_id"] in chinese])
    return on_air(gold, heard) | {
        "chinese_accuracy": clean["accuracy"],
        "misheard_accuracy": round(right, 4) if noisy else None,
        "misheard_delay_p50": median(draw["delay_p50"] for draw in noisy) if noisy else None,
    }


def attacked(settings: Settings, rooms: Labelled) -> list[Row]:
    """Figures of the Chinese comments as they were written, and by attack."""
    chinese = [row for row in rooms.labels if has_han(row["text"])]
    rows = [_attacked("none", chinese, understood(settings, rooms.recording)[0])] if chinese else []
    for name, attack in ATTACKS.items() if chinese else ():
        dice = random.Random(name)
        changed = rooms.rewritten(lambda text, attack=attack, dice=dice: attack(text, dice)[:500])  # type: ignore[misc]
        rows.append(_attacked(name, chinese, understood(settings, changed)[0]))
    return rows


def _attacked(name: str, labels: Sequence[Row], found: dict[str, Row]) -> Row:
    report = scores(labels, found)
    return {"attack": name} | {key: report[key] for key in ("comments", "items_f1", "intent_macro_f1", "sentiment_macro_f1")}


def cost(settings: Settings, rooms: Labelled) -> Row:
    """CPU time (µs) of a comment: judged in batches, and then read in its scene; the medians of all batches but the first.

    Every comment is read once, so that nothing which is kept of a text makes the next round cheap. What rooms and viewers remember is not
    in it.
    """
    player = Rooms(settings, rooms.recording)
    timeline = rooms.recording.timeline()
    for _ in player.play([row for row in timeline if isinstance(row, FileSegment)]):
        pass
    reader = Comments(player.catalogue, load_reader(settings))
    written = [event_of(row) for row in timeline if isinstance(row, FileComment)]
    judging, reading = [], []
    for start in range(0, len(written), BATCH):
        batch = written[start : start + BATCH]
        begin = time.process_time()
        judged = reader.judge(batch)
        middle = time.process_time()
        for event, one in zip(batch, judged, strict=True):
            reader.read(event, one, UserRow())
        if start and len(batch) == BATCH:
            judging.append(1e6 * (middle - begin) / BATCH)
            reading.append(1e6 * (time.process_time() - middle) / BATCH)
    if not judging:
        return {"batch": BATCH, "batches": 0}
    judged_us, read_us = median(judging), median(reading)
    found = {"batch": BATCH, "batches": len(judging), "us_judged": round(judged_us, 1), "us_read": round(read_us, 1)}
    return found | {"us_a_comment": round(judged_us + read_us, 1)}
