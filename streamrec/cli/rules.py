"""`streamrec rules`: what operators want of items, categories and hosts."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
import typer

from streamrec.cli.support.moments import UNITS_MS, when
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, note
from streamrec.events.types import Rule, to_builtins
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.printing import printable

app = typer.Typer(no_args_is_help=True, help="Pin, boost, bury or block items, categories and hosts.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Action = Literal["pin", "boost", "bury", "block"]
Target = Literal["item", "category", "host"]


@app.command()
@takes_settings("Kafka")
def put(
    settings: Settings,
    rule_id: Annotated[str, typer.Argument(help="A name of your choice; a rule of that name is replaced.")],
    action: Annotated[Action, typer.Argument(help="pin, boost, bury or block.")],
    target: Annotated[Target, typer.Argument(help="item, category or host.")],
    target_id: Annotated[str, typer.Argument(help="The item's id, the category's name or the host's id.")],
    factor: Annotated[float, typer.Option(help="boost, bury: how many times as likely, or less.")] = 10.0,
    position: Annotated[int, typer.Option(help="pin: the place, from 1.")] = 1,
    room: Annotated[str | None, typer.Option(help="Only for viewers of this room.")] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", help="How long from its start, such as 30m, 2h or 7d; for ever when left out.")
    ] = None,
    starts_in: Annotated[str | None, typer.Option(help="From when on, such as 30m from now; at once when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a rule into force; all workers follow within a second. Says so where nobody knows (yet) what it is about."""
    from streamrec.operations.rule_records import put_rule

    start = None if starts_in is None else now_ms() + _span_ms(starts_in, "--starts-in")
    end = None if lasting is None else (start or now_ms()) + _span_ms(lasting, "--for")
    wanted = Rule(
        rule_id=rule_id,
        action=action,
        target=target,
        target_id=target_id,
        factor=factor,
        position=position,
        room_id=room,
        starts_ts=start,
        expires_ts=end,
    )
    try:
        rule = msgspec.convert(to_builtins(wanted), Rule)
    except msgspec.ValidationError as exc:
        raise typer.BadParameter(str(exc)) from exc
    unknown = put_rule(settings, rule)
    for what in unknown:
        note(f"there is {what}, so the rule waits until one comes")
    emit(as_json, {**to_builtins(rule), "unknown": unknown}, _line(rule))


@app.command()
@takes_settings("Kafka")
def ls(settings: Settings, as_json: AsJson = False) -> None:
    """Show all rules, whether they are in force now, and from when until when (UTC)."""
    from streamrec.operations.rule_records import read_rules

    rules = read_rules(settings)
    emit(as_json, {"rules": [{**to_builtins(rule), "state": _state(rule)} for rule in rules]}, "\n".join(map(_line, rules)) or "no rules")


@app.command()
@takes_settings("Kafka")
def rm(settings: Settings, rule_id: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """Take a rule out of force; exit 1 when there is none of that id."""
    from streamrec.operations.rule_records import remove_rule

    remove_rule(settings, rule_id)
    note(f"removed {rule_id}")


def _span_ms(text: str, option: str) -> int:
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise typer.BadParameter(f"{text} is no span of time; give a number and s, m, h or d, such as 30m", param_hint=option)
    return int(match[1]) * UNITS_MS[match[2]]


def _state(rule: Rule) -> str:
    if rule.expires_ts is not None and rule.expires_ts <= now_ms():
        return "expired"
    return "to come" if rule.starts_ts is not None and rule.starts_ts > now_ms() else "in force"


def _line(rule: Rule) -> str:
    how = {"pin": f"place {rule.position}", "boost": f"× {rule.factor:g}", "bury": f"÷ {rule.factor:g}"}.get(rule.action, "")
    where = f"in room {rule.room_id}" if rule.room_id else ""
    span = [f"{word} {when(ms)}" for word, ms in (("from", rule.starts_ts), ("until", rule.expires_ts)) if ms is not None]
    words = [rule.action.ljust(6), rule.target, rule.target_id, how, where, *span]
    return printable(f"{rule.rule_id:<20} {_state(rule):<9} {' '.join(filter(None, words))}")
