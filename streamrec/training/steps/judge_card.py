"""The card of a judge of comments: what it reads, what it learned from, and how good it was on what it had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamrec.understanding.judge import INTENTS, SENTIMENTS

HEADER = """---
license: apache-2.0
library_name: streamrec
pipeline_tag: text-classification
tags: [live-commerce, intent, sentiment]
---

# room

Judges comments of live rooms: twelve intents, of which several may hold, and a sentiment towards item, shop or host.

`linear.npz` has the weights of a linear model: 2^17 rows of hashed traits, a column of eight bits for each label.
The traits of a comment are spans of 1 to 3 characters and syllables, spans of 3 to 5 letters of its sound, words and
pairs of words, marks (what it counts, how it asks, kinds of emoji), and kinds of expressions in the languages of
`streamrec/understanding/cues`. `config.json` has the calibration: probabilities and thresholds were fitted to texts
whose domain the weights had not seen. `digests.json` has the SHA-256 of each file.
"""


def card(report: dict[str, Any], seed: int) -> str:
    """The card of a folder that `streamrec train understanding` makes, out of its report."""
    parts, own = report["parts"], report["own"]
    packaged = next(iter(parts.values()))["comments"] - (own["comments"] if own else 0)
    lines = [HEADER, "## What it learned from", ""]
    lines += [
        f"{packaged} comments of `streamrec/training/data/room_comments`, which a language model wrote and labelled; no viewer wrote any."
    ]
    if own:
        lines += ["", f"{own['comments']} comments of the owner's own rooms, each of the weight of three."]
    columns = {**parts, **({"own rooms": own} if own else {})}
    lines += [
        "",
        "## How good it is",
        "",
        "F1 of each label on texts whose domain or room was held out; each was once. Thresholds are those of the others.",
    ]
    lines += ["", f"| label | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for label in (*INTENTS, *SENTIMENTS):
        lines.append(_row(label, [one["f1"][label] for one in columns.values()]))
    for name in ("intents", "sentiment"):
        lines.append(_row(f"{name}, mean", [one[name] for one in columns.values()]))
    lines += ["", "| language | comments | intents | sentiment |", "| --- | ---: | ---: | ---: |"]
    for name, one in report["languages"].items():
        lines.append(f"| {name} | {one['comments']} | {one['intents']:.3f} | {one['sentiment']:.3f} |")
    lines += ["", "A language of few comments has few of each label: its means say little.", ""]
    lines += [f"Made by `streamrec train understanding --seed {seed}`.", ""]
    return "\n".join(lines)


def _row(name: str, values: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |"
