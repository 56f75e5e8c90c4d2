"""`streamrec points`: selling points of an item for a viewer, each with its source."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrec.cli.support.output import emit, note
from streamrec.errors import InputError

if TYPE_CHECKING:
    from streamrec.events.types import Item


def points(
    items: Annotated[Path, typer.Option(help="The items of the shop; jsonl or jsonl.gz.")],
    item: Annotated[str, typer.Option(help="The id of the item.")],
    user_interest: Annotated[list[str] | None, typer.Option(help="What the viewer asked, wants or likes, in words; several times.")] = None,
    asked: Annotated[list[str] | None, typer.Option(help="What viewers ask of it, in words; several times.")] = None,
    lang: Annotated[str | None, typer.Option(help="The language; that of the item when left out.")] = None,
    most: Annotated[int, typer.Option(min=1, max=20, help="How many points at most.")] = 3,
    claims: Annotated[Path | None, typer.Option(help="Further banned claims: TOML, a table for each language.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="An OpenAI-compatible endpoint that phrases the points, such as http://127.0.0.1:8000/v1.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model to name to the endpoint.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="A file with the key of the endpoint.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what speaks for an item, chosen for a viewer, each point with its source. A model's words count only where the item says them."""
    from streamrec.events.files import read_items
    from streamrec.operations.chat import chat
    from streamrec.understanding.answers.languages import spoken
    from streamrec.understanding.points.claims import read_claims
    from streamrec.understanding.points.points import interest
    from streamrec.understanding.points.points import points as choose
    from streamrec.understanding.points.writer import written

    if (endpoint is None) != (model is None):
        raise typer.BadParameter("--endpoint and --model go together")
    shop = read_items(items)
    this = _item(shop, item, items)
    banned = read_claims(claims)
    language = spoken(lang, this.lang)
    peers = [other for other in shop if other.category == this.category and other.item_id != this.item_id] if this.category else []
    chosen = choose(this, banned, language, interest(user_interest or []), peers, interest(asked or []), most)
    ask = None
    if endpoint is not None and model is not None:
        try:
            ask = chat(endpoint, model, key_file.read_text("utf-8").strip() if key_file is not None else None)
        except ValueError as exc:
            raise typer.BadParameter(str(exc), param_hint="--endpoint") from exc
    text = written(this, chosen, language, banned, ask)
    for refused in text.refused:
        note(f"not taken from the model: {refused}")
    data = {"item_id": this.item_id, "lang": language, "text": text.text, "by": text.by, "points": [asdict(point) for point in chosen]}
    lines = [text.text, *(f"  {point.field}[{point.offset}]: {point.quote}" for point in chosen)]
    emit(as_json, data, "\n".join(lines) if chosen else "nothing that the item says speaks for it")


def _item(shop: list[Item], item_id: str, path: Path) -> Item:
    found = next((one for one in shop if one.item_id == item_id), None)
    if found is None:
        raise InputError(f"{path} has no item {item_id}; give the id of one that it has")
    return found
