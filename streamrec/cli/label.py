"""`streamrec label`: an owner's gold set, by two keys a comment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamrec.cli.support.keys import keys
from streamrec.cli.support.output import emit, note

if TYPE_CHECKING:
    from streamrec.events.speech import Intent, Sentiment
    from streamrec.training.data.labelling import Agreement, GoldSet, Record

KEYS: dict[str, Intent] = {
    "p": "ask_price",
    "s": "ask_size",
    "k": "ask_stock",
    "d": "ask_delivery",
    "q": "ask_quality",
    "h": "ask_show",
    "w": "want",
    "l": "praise",
    "c": "complaint",
    "g": "greeting",
    "x": "spam",
    "o": "other",
}
MOODS: dict[str, Sentiment] = {"+": "positive", "=": "positive", "0": "neutral", "-": "negative"}
UNDO, HELP = "u", "?"
HELP_TEXT = (
    f"intent: {'  '.join(f'{key} {intent}' for key, intent in KEYS.items())}\n"
    "a capital letter gives an intent and asks for one more; then + positive, 0 neutral, - negative\n"
    "u takes the last comment back, ? shows this, Ctrl-D ends; everything is kept"
)


def label(
    file: Annotated[Path | None, typer.Argument(help="Comments, JSON lines with `text`, and with `room_id` for their context.")] = None,
    out: Annotated[Path | None, typer.Option(help="File that gets the labels; by default FILE.gold.jsonl beside it.")] = None,
    transcripts: Annotated[
        Path | None, typer.Option(help="What hosts said, JSON lines; their last words are shown beside a comment.")
    ] = None,
    second: Annotated[bool, typer.Option("--second", help="Label for a second time, by another person, into FILE.second.jsonl.")] = False,
    agree: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Two files of labels: Cohen's kappa of each label, and where they differ.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
) -> None:
    """Label comments of your own rooms for `streamrec train understanding`, with two keys each: an intent and a sentiment.

    What is labelled is on disk at once; the same command goes on where it was left. Without a terminal keys are read from stdin.
    """
    from streamrec.training.data.labelling import GoldSet, agreement

    if agree is not None:
        _show(agreement(*agree), as_json)
        return
    if file is None:
        raise typer.BadParameter("name a file of comments, or two of labels with --agree", param_hint="FILE")
    path = out or file.with_name(f"{file.stem}.{'second' if second else 'gold'}.jsonl")
    gold = GoldSet(file, path, transcripts)
    note(HELP_TEXT)
    _ask(gold)
    left = len(gold) - gold.done
    then = f"{left} are left: run the command again" if left else f"train on them: `streamrec train understanding --comments {path}`"
    emit(as_json, {"labelled": gold.done, "left": left, "file": str(path)}, f"{gold.done} comments have labels in {path}; {then}")


def _ask(gold: GoldSet) -> None:
    pressed = keys()
    while (record := gold.next) is not None:
        _show_comment(gold, record)
        answer = _answer(pressed)
        if answer is None:
            return
        intents, sentiment = answer
        if sentiment is not None:
            gold.label(intents, sentiment)
        elif not gold.undo():
            note("there is nothing to take back")


def _answer(pressed: Iterator[str]) -> tuple[list[Intent], Sentiment | None] | None:
    """Intents and sentiment; no sentiment where the last comment is to be taken back; None where the keys are at an end."""
    intents: list[Intent] = []
    more = True
    for key in pressed:
        if key == UNDO:
            if not intents:
                return [], None
            # Within a comment, it is this comment that begins anew.
            intents, more = [], True
            note("  again")
        elif key == HELP:
            note(HELP_TEXT)
        elif more and (intent := KEYS.get(key.lower())):
            intents += [intent] if intent not in intents else []
            more = key.isupper()
            note(f"  {', '.join(intents)}{' and …' if more else ''}")
        elif not more and key in MOODS:
            note(f"  {MOODS[key]}")
            return intents, MOODS[key]
        elif key.strip():
            note(f"  {key} is no {'intent' if more else 'sentiment'}; ? shows the keys")
    return None


def _show_comment(gold: GoldSet, record: Record) -> None:
    context = gold.context()
    room = record.get("room_id")
    note(f"\n[{gold.done + 1}/{len(gold)}]{f' room {room}' if room else ''}")
    if context.said:
        note(f"  host: {context.said}")
    for text in context.before:
        note(f"  before: {text}")
    note(f"> {record['text']}")


def _show(found: Agreement, as_json: bool) -> None:
    data: dict[str, Any] = {
        "comments": found.comments,
        "kappa": {name: None if value is None else round(value, 4) for name, value in found.kappas.items()},
        "apart": [{"text": text, "first": first, "second": second} for text, first, second in found.apart],
    }
    lines = [f"{found.comments} comments, {len(found.apart)} with different labels", "", "label         kappa"]
    lines += [f"{name:12} {'never given' if value is None else f'{value:6.3f}'}" for name, value in found.kappas.items()]
    lines += ["", *(f"{text}\n    first:  {_words(first)}\n    second: {_words(second)}" for text, first, second in found.apart)]
    emit(as_json, data, "\n".join(lines).rstrip())


def _words(labels: Record) -> str:
    return f"{', '.join(labels['intents'])}; {labels['sentiment']}"
