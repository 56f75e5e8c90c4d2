"""Figures on texts that nobody wrote for a benchmark: reviews with their ratings, and waves of comments of real viewers."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path

from benchmarks.scores import MOODS, Row, Tally, share
from streamrec.understanding.bursts import WINDOW_MS, Clusters
from streamrec.understanding.judge import Judge
from streamrec.understanding.language import language
from streamrec.understanding.normalise import normalise

DRAWN, LONGEST, BATCH = 2000, 60, 64
"""Reviews that are drawn of each file, and the longest (characters) that is taken: comments are short."""
HOUR_MS = 3_600_000


def _rows(path: Path) -> list[dict[str, str]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def reviews(judge: Judge, folder: Path) -> list[Row]:
    """For each file of reviews (`label` 1 praises, 0 complains; `review`) how many the judge tells apart.

    `forced` is the share where the right one of positive and negative is the likelier, `macro_f1` counts what is served: a review that is
    taken for neutral is missed.
    """
    return [_reviews(judge, path) for path in sorted(folder.glob("*.csv*"))]


def _reviews(judge: Judge, path: Path) -> Row:
    usable = [row for row in _rows(path) if row.get("label") in ("0", "1") and 0 < len((row.get("review") or "").strip()) <= LONGEST]
    drawn = random.Random(0).sample(usable, min(DRAWN, len(usable)))
    tallies, forced = {mood: Tally() for mood in MOODS if mood != "neutral"}, 0
    for start in range(0, len(drawn), BATCH):
        some = drawn[start : start + BATCH]
        normals = [normalise(row["review"].strip()) for row in some]
        for row, found in zip(some, judge.judge(normals, [language(normal) for normal in normals]), strict=True):
            right = "positive" if row["label"] == "1" else "negative"
            forced += (found.sentiment["positive"] > found.sentiment["negative"]) == (right == "positive")
            for mood, tally in tallies.items():
                tally.add({mood} & {right}, {mood} & {found.mood})
    macro = sum(tally.f1 for tally in tallies.values()) / len(tallies)
    return {"file": path.name, "drawn": len(drawn), "forced": share(forced, len(drawn)), "macro_f1": round(macro, 4)}


def waves(folder: Path) -> list[Row]:
    """For each file of real comments (`videotime` in s, `content`, `user`) the bursts that are found, of which there are none."""
    return [_waves(path) for path in sorted(folder.glob("*.csv*")) if "videotime" in (_rows(path) or [{}])[0]]


def _waves(path: Path) -> Row:
    rows = sorted(_rows(path), key=lambda row: float(row["videotime"]))
    clusters, alarms, most = Clusters(), set[tuple[int, int]](), 0
    recent: list[int] = []
    for row in rows:
        ts = round(1000 * float(row["videotime"]))
        clusters.note(normalise(row["content"]), row["content"], row["user"], ts)
        alarms |= {(found.like, found.begun) for found in clusters.bursts(ts)}
        recent = [at for at in recent if at > ts - WINDOW_MS] + [ts]
        most = max(most, len(recent))
    hours = 1000 * float(rows[-1]["videotime"]) / HOUR_MS
    found = {"file": path.name, "comments": len(rows), "hours": round(hours, 2), "most_a_minute": most}
    return found | {"alarms": len(alarms), "an_hour": round(len(alarms) / hours, 2)}
