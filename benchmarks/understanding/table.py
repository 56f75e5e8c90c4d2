"""What was measured, in words, and as the tables of docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Row = dict[str, Any]
GOALS: dict[str, tuple[str, float]] = {
    "items_f1": (">=", 0.80),
    "false_mention": ("<=", 0.03),
    "intent_macro_f1": (">=", 0.75),
    "sentiment_macro_f1": (">=", 0.75),
    "answer_precision": (">=", 0.80),
    "answer_coverage": (">=", 0.60),
    "wrong_on_unanswerable": ("<=", 0.15),
    "accuracy": (">=", 0.90),
    "misheard_accuracy": (">=", 0.80),
    "delay_p50": ("<=", 1.0),
    "p_at_1": (">=", 0.78),
    "answered_at_90": (">=", 0.45),
    "an_hour": ("<=", 1.0),
    "us_a_comment": ("<=", 300.0),
}
"""What was aimed at, by figure. There is none for comments under attack, nor for reviews."""
GOALLESS = ("attacked", "reviews")
COMMENTS = {
    "items_precision": "items, precision",
    "items_recall": "items, recall",
    "items_f1": "items, F1",
    "false_mention": "comments about nothing in which an item is found",
    "unwanted_f1": "refused items, F1",
    "intent_macro_f1": "intents, macro F1",
    "intent_micro_f1": "intents, micro F1",
    "sentiment_macro_f1": "sentiment, macro F1",
    "lang_right": "language",
    "answer_coverage": "questions that can be answered, answered",
    "answer_precision": "answers, right",
    "wrong_on_unanswerable": "questions that cannot be answered, answered",
}
ON_AIR = {
    "accuracy": "segments with the right item on air",
    "misheard_accuracy": "the same, Chinese with 10 % more homophones",
    "delay_p50": "segments until a change is told, median",
}
_HEADS = ("rooms", "on_air", "attacked", "cost", "product_questions", "reviews", "waves")


def in_words(row: Row) -> str:
    """A row of the report as lines."""
    if "left_out" in row:
        return f"{row['left_out']}: left out, since {row['needs']} names no folder of them"
    if "model" in row:
        return f"model {row['model']} ({row['revision']})"
    kind = next(head for head in _HEADS if head in row)
    if kind != "rooms":
        goals = {} if kind in GOALLESS else GOALS
        figures = "  ".join(_figure(name, value, goals) for name, value in row.items() if name != kind)
        return f"{kind.replace('_', ' ')}, {row[kind]}: {figures}"
    given = row["on_air_given"]
    lines = [f"{row['rooms']} rooms, {row['comments']} comments"]
    names = [name for name in COMMENTS if name in row]
    lines += ["  " + "  ".join(_figure(name, row[name], GOALS) for name in some) for some in (names[:5], names[5:9], names[9:])]
    lines.append("  best item right: " + ", ".join(f"{ref} {right}/{count}" for ref, (right, count) in row["best_item_right"].items()))
    lines.append("  intents: " + ", ".join(f"{name} {value}" for name, value in row["intent_f1"].items()))
    lines.append("  sentiment: " + ", ".join(f"{name} {value}" for name, value in row["sentiment_f1"].items()))
    lines.append("  items F1 by room: " + ", ".join(f"{name} {value}" for name, value in row["by_room"].items()))
    lines.append(f"  with the item on air given: items_f1 {given['items_f1']}, answer_precision {given['answer_precision']}")
    return "\n".join(lines)


def in_markdown(rows: Sequence[Row]) -> str:
    """The tables of docs/benchmarks.md."""
    return "\n\n".join("\n".join(table) for table in (_of_rooms(rows), _of_attacks(rows), _of_others(rows)) if len(table) > 2)


def _of_rooms(rows: Sequence[Row]) -> list[str]:
    found = {row[kind]: {} for kind in ("rooms", "on_air") for row in rows if kind in row}
    for row in rows:
        found.get(row.get("rooms") or row.get("on_air") or "", {}).update(row)
    lines = ["| | goal | " + " | ".join(f"{name} rooms" for name in found) + " |", "| --- " * (len(found) + 2) + "|"]
    for name, words in (COMMENTS | ON_AIR).items():
        lines.append(f"| {words} | {_goal(name)} | " + " | ".join(_cell(one.get(name)) for one in found.values()) + " |")
    refs = sorted({ref for one in found.values() for ref in one.get("best_item_right", {})})
    for ref in refs:
        cells = (one["best_item_right"].get(ref, [0, 0]) for one in found.values())
        lines.append(f"| best item right: {ref} | | " + " | ".join(f"{right} of {count}" for right, count in cells) + " |")
    return lines


def _of_attacks(rows: Sequence[Row]) -> list[str]:
    attacked = [row for row in rows if "attacked" in row]
    lines = ["| Chinese comments | rooms | items, F1 | intents, macro F1 | sentiment, macro F1 |", "| --- " * 5 + "|"]
    for row in attacked:
        cells = (_cell(row[name]) for name in ("items_f1", "intent_macro_f1", "sentiment_macro_f1"))
        lines.append(f"| {'as written' if row['attack'] == 'none' else row['attack']} | {row['attacked']} | " + " | ".join(cells) + " |")
    return lines


def _of_others(rows: Sequence[Row]) -> list[str]:
    return ["| | goal | |", "| --- | --- | --- |", *_others(rows)]


def _others(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if name := row.get("product_questions"):
            yield f"| {name}: best candidate right (P@1) | {_goal('p_at_1')} | {_cell(row['p_at_1'])} |"
            yield f"| {name}: MAP | | {_cell(row['map'])} |"
            yield f"| {name}: answered at 90 % precision | {_goal('answered_at_90')} | {_cell(row['answered_at_90'])} |"
        elif name := row.get("reviews"):
            yield f"| reviews, {name}: praise told from complaint | | {_cell(row['forced'])} |"
        elif name := row.get("waves"):
            yield f"| waves of viewers, {name}: false alarms an hour | {_goal('an_hour')} | {row['an_hour']} |"
        elif (name := row.get("cost")) and row["batches"]:
            yield f"| CPU µs a comment in batches of {row['batch']}, {name} rooms | {_goal('us_a_comment')} | {row['us_a_comment']} |"
            yield f"| of these for judging the text, and for reading it in its scene | | {row['us_judged']} and {row['us_read']} |"


def _goal(name: str) -> str:
    if name not in GOALS:
        return ""
    sign, value = GOALS[name]
    return f"{'≥' if sign == '>=' else '≤'} {value:g}"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".removeprefix("0") if isinstance(value, float) and value < 1 else f"{value:g}"


def _figure(name: str, value: Any, goals: dict[str, tuple[str, float]]) -> str:
    goal = goals.get(name)
    if goal is None or value is None:
        return f"{name} {value}"
    sign, wanted = goal
    reached = value >= wanted if sign == ">=" else value <= wanted
    return f"{name} {value} ({'' if reached else 'not '}{sign} {wanted})"
