"""Whether the reasons of lists are so, checked by the events in files or on topics."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.cli.support.output import note
from streamrec.errors import InputError
from streamrec.events.types import Item, Recommendation, Room, RowEvent, Rule
from streamrec.settings import Settings

if TYPE_CHECKING:
    from streamrec.truth.check import Checked
    from streamrec.truth.history import History
    from streamrec.truth.place import Likeness

ALL = 1 << 40


def check_files(
    settings: Settings, lists: Path, items: Path | None, events: Path | None, rooms: Path | None, rules: Path | None, lang: str
) -> Checked:
    """Check the lists of a file by files of items, events, rooms and rules.

    Raises:
        InputError: a file is missing or cannot be read.
    """
    from streamrec.events.files import read_events, read_items, read_rules

    if items is None or events is None:
        raise InputError("to check a file of lists, name the --items and --events of which they were made (and --rooms, --rules)")
    history = _history()
    history.put_items(read_items(items))
    for topic, path in ((None, events), ("rooms", rooms)):
        for each in read_events(path, topic) if path is not None else ():
            _tell(history, each.event, int(getattr(each.event, "ts", 0)))
    for rule in read_rules(rules) if rules is not None else ():
        history.rules[rule.rule_id].add(0, rule)
    return _check(read_lists(lists), history, settings, lang)


def check_topics(settings: Settings, last: int, lang: str) -> Checked:
    """Check the last lists of a broker by what is on its topics.

    Raises:
        BrokerUnavailable, TopicMismatch: Kafka does not answer, or its topics are not those of the settings.
    """
    from streamrec.operations.served_lists import Follower
    from streamrec.operations.told import Topics

    # The lists first: events that come meanwhile can only be too many.
    lists = list(Follower(settings, with_titles=False).run(last, lambda: True))
    history, topics = _history(), Topics(settings)
    for told in topics.read():
        _tell(history, told.event, told.heard_ms)
    history.gaps += topics.gaps
    return _check(lists, history, settings, lang)


def read_lists(path: Path) -> list[Recommendation]:
    """All lists of a file.

    Raises:
        InputError: the file cannot be read, or a line is no list.
    """
    import msgspec

    from streamrec.events.files import read_lines, wrong

    made = []
    for number, line in read_lines(path):
        try:
            made.append(msgspec.json.decode(line, type=Recommendation))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise wrong(path, number, exc) from exc
    return made


def text(checked: Checked) -> str:
    """What was checked, for people."""
    reasons, unchecked = sum(checked.reasons.values()), sum(checked.unchecked.values())
    lines = [f"{checked.lists} lists, {checked.places} places, {reasons} reasons, {len(checked.false)} of them false"]
    lines += [f"{count} could not be checked: {why}" for why, count in checked.unchecked.most_common()]
    if unchecked == reasons > 0:
        lines.append("nothing was checked")
    for each in checked.false:
        lines.append(f"{each.list_id}  place {each.rank} ({each.item_id})  {each.code}: {each.sentence} But {each.says}.")
    return "\n".join(lines)


def _history() -> History:
    from streamrec.truth.history import History

    return History()


def _tell(history: History, event: object, ts: int) -> None:
    match event:
        case Item():
            history.put_item(event, ts)
        case Room():
            history.rooms[event.room_id].add(ts, event)
        case Rule():
            history.rules[event.rule_id].add(ts, event)
        case _ if isinstance(event, RowEvent):
            history.put(event)


def _check(lists: list[Recommendation], history: History, settings: Settings, lang: str) -> Checked:
    from rich.console import Console
    from rich.progress import track

    from streamrec.truth.check import check

    watched: Iterable[Recommendation] = track(lists, "checking", console=Console(stderr=True), transient=True)
    return check(watched, history, _likeness(lists, history, settings), lang)


def _likeness(lists: list[Recommendation], history: History, settings: Settings) -> Likeness | None:
    """By the model that the settings name, if it is the one that made the lists."""
    from streamrec.truth.likeness import TextLikeness
    from streamrec.worker.assembly import load_model

    made = {(ranked.model.name, ranked.model.revision) for ranked in lists if any(item.because for item in ranked.items)}
    if not made or settings.scoring == "off":
        return None
    model = load_model(settings)
    if model is None or made != {(model.name, model.revision)}:
        note(f"the lists are of the models {sorted(made)}: without the one --model, nothing tells what resembles what")
        return None
    return TextLikeness(history, model)
