"""`streamrec explain`: why each item is in a list."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.errors import ListNotFound
from streamrec.ranking.reasons.languages import DEFAULT, Language
from streamrec.settings import Settings
from streamrec.system.printing import printable

if TYPE_CHECKING:
    from streamrec.events.types import RankedItem, Recommendation

Titles = dict[str, str]


@takes_settings("Kafka", "Model")
def explain(
    settings: Settings,
    list_id: Annotated[
        str | None, typer.Argument(help="The list's id, or that of a trigger which it covers: topic-partition-offset; not with --check.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="Language of the reasons.")] = DEFAULT,
    lists: Annotated[Path | None, typer.Option(help="Look in this file of lists, as a replay writes it, instead of Kafka.")] = None,
    items: Annotated[Path | None, typer.Option(help="Items with their titles, for --lists; jsonl or jsonl.gz.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check the reasons of all lists by what happened; exit code 1 if one is not so.")
    ] = False,
    events: Annotated[Path | None, typer.Option(help="The events of which --lists were made, for --check.")] = None,
    rooms: Annotated[Path | None, typer.Option(help="Room states, for --check of --lists.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Operators' rules, for --check of --lists.")] = None,
    last: Annotated[int, typer.Option(min=1, help="With --check and without --lists: how many of the last lists are checked.")] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say why each item is in a list: what each feature and rule adds to its score, who proposed it, and the reasons in words.

    With --check, count from the events themselves whether the reasons of all lists of a file, or of the last lists of a broker, are so.
    """
    if check:
        from streamrec.cli.support.checking import check_files, check_topics, text

        checked = check_topics(settings, last, lang) if lists is None else check_files(settings, lists, items, events, rooms, rules, lang)
        emit(as_json, checked.data(), text(checked))
        if checked.false:
            raise typer.Exit(1)
        return
    if list_id is None:
        raise typer.BadParameter("name a list, or give --check", param_hint="LIST_ID")
    from streamrec.events.types import to_builtins
    from streamrec.ranking.reasons.sentences import in_words

    ranked, titles, titles_of_rooms = _from_file(lists, items, list_id) if lists is not None else _from_kafka(settings, list_id)
    listed = to_builtins(ranked)
    for item, place in zip(listed["items"], ranked.items, strict=True):
        item |= {"title": titles.get(place.item_id), "why": in_words(place, titles, lang)}
    lines = _head(ranked, titles_of_rooms) + [
        line for place in ranked.items for line in _place(place, titles, in_words(place, titles, lang))
    ]
    emit(as_json, listed, "\n".join(map(printable, lines)))


def _from_kafka(settings: Settings, list_id: str) -> tuple[Recommendation, Titles, Titles]:
    from streamrec.operations.served_lists import find_list, titles_in

    ranked = find_list(settings, list_id)
    titles = titles_in(settings, ranked)
    return ranked, titles.items, titles.rooms


def _from_file(lists: Path, items: Path | None, list_id: str) -> tuple[Recommendation, Titles, Titles]:
    import msgspec

    from streamrec.events.files import read_items, read_lines, wrong
    from streamrec.events.types import Recommendation

    wanted = f'"{list_id}"'.encode()
    for number, line in read_lines(lists):
        if wanted not in line:
            continue
        try:
            ranked = msgspec.json.decode(line, type=Recommendation)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise wrong(lists, number, exc) from exc
        if ranked.list_id == list_id:
            return ranked, {item.item_id: item.title for item in read_items(items)} if items is not None else {}, {}
    raise ListNotFound(f"{lists} has no list {list_id}; give an id as it stands there in the field list_id")


def _head(ranked: Recommendation, rooms: Titles) -> list[str]:
    trigger, made = ranked.trigger, datetime.fromtimestamp(ranked.generated_ts / 1000, UTC)
    where = f" in {rooms.get(ranked.room_id, ranked.room_id)}" if ranked.room_id else ""
    model = f"{ranked.model.name} {ranked.model.revision}".strip()
    facts: dict[str, Any] = {
        "list": f"{ranked.list_id}, number {ranked.seq} for {ranked.user_id}{where}, made {made:%Y-%m-%d %H:%M:%S} UTC",
        "answers": f"{trigger.topic} {trigger.event_id}" + (f" and {len(ranked.covers) - 1} before it" if len(ranked.covers) > 1 else ""),
        "scored by": f"{model} on {ranked.model.provider}, weights {ranked.weights_version}, arm {ranked.arm}",
        "degraded": ranked.degraded,
    }
    return [f"{name:<10}{fact}" for name, fact in facts.items() if fact]


def _place(item: RankedItem, titles: Titles, why: list[str]) -> list[str]:
    drawn = f", drawn with a chance of {item.propensity:.3f}" if item.propensity is not None else ""
    by = f"   proposed by {', '.join(item.sources)}{drawn}" if item.sources or drawn else ""
    title = f"{titles[item.item_id]} ({item.item_id})" if item.item_id in titles else item.item_id
    parts = sorted(item.scores.items(), key=lambda part: -abs(part[1]))
    added = [f"      {value:+9.3f}  {name}" for name, value in parts]
    return [
        "",
        f"{item.rank:>3}. {title}  {item.score:.3f}",
        *(f"      {sentence}" for sentence in why),
        *([f"   {by}"] if by else []),
        *added,
    ]
