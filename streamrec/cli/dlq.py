"""`streamrec dlq`: the dead letters."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from streamrec.cli.support.interrupts import stop_on_signals
from streamrec.cli.support.moments import HELP, moment
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit, note
from streamrec.errors import InputError
from streamrec.events.codec import INPUTS, REASONS
from streamrec.events.dead_letters import FAIL_AGAIN, NEXT_STEPS
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.printing import printable, printable_lines

if TYPE_CHECKING:
    from streamrec.operations.letters import Choice, Letter

app = typer.Typer(no_args_is_help=True, help="Look at dead letters, and send them back to their topics.")

STAGES = ("decode", "catalogue", "apply", "send")
Reasons = Annotated[list[str] | None, typer.Option("--reason", help=f"Only of this reason; may be repeated. {', '.join(REASONS)}.")]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only of this topic (without the prefix); may be repeated.")]
Stages = Annotated[list[str] | None, typer.Option("--stage", help=f"Only where it failed here; may be repeated. {', '.join(STAGES)}.")]
Since = Annotated[str | None, typer.Option("--since", help=f"Only what failed since: {HELP}.")]
Until = Annotated[str | None, typer.Option("--until", help="Only what failed before; the same forms.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
HEX_BYTES = 512
"""A value that is no text is shown in hex up to here: what wrote it shows in its first bytes, and megabytes of hex would hide the error."""


@app.command()
@takes_settings("Kafka")
def ls(
    settings: Settings,
    reason: Reasons = None,
    topic: Topics = None,
    stage: Stages = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="Only so many, the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the newest last, without what people wrote."""
    from streamrec.operations.letters import as_data, find

    letters = find(settings, _choice(reason, topic, stage, since, until))
    shown = letters[-limit:]
    data = [as_data(letter, settings.prefix) for letter in shown]
    counts = Counter(letter.reason for letter in letters)
    if not as_json:
        left = f"; the newest {len(shown)} are shown, --limit shows more" if len(shown) < len(letters) else ""
        said = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        note(f"{len(letters)} dead letters{f': {said}' if said else ''}{left}")
    emit(as_json, {"letters": data, "total": len(letters), "by_reason": dict(counts)}, _table(data))


@app.command()
@takes_settings("Kafka")
def show(
    settings: Settings, letter: Annotated[str, typer.Argument(help="PARTITION-OFFSET, as `ls` prints it.")], as_json: AsJson = False
) -> None:
    """Print a dead letter whole, what people wrote with it: the error and what to do, headers, key and value."""
    from streamrec.operations.letters import as_data, fetch, find, place_of

    place = place_of(letter)
    known = {summary.place: summary for summary in find(settings, _choice())}
    whole = next(iter(fetch(settings, [place])), None) if place in known else None
    if whole is None:
        raise InputError(f"there is no dead letter {letter} (any more); `streamrec dlq ls` lists them")
    data = as_data(known[place], settings.prefix) | {
        "next_step": NEXT_STEPS.get(whole.reason, ""),
        "headers": [{"name": name, **_readable(value)} for name, value in whole.headers],
        "key": _readable(whole.key),
        "value": _readable(whole.value),
    }
    emit(as_json, data, _page(data, whole))


@app.command()
@takes_settings("Kafka")
def redrive(
    settings: Settings,
    letter: Annotated[list[str] | None, typer.Argument(help="Only these, as `ls` names them (PARTITION-OFFSET).")] = None,
    reason: Reasons = None,
    topic: Topics = None,
    stage: Stages = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many, the oldest.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send dead letters back to their topics, with key, bytes and headers as they were; none is ever sent twice."""
    from streamrec.operations.letters import find
    from streamrec.operations.redrive import redrive as send_back
    from streamrec.operations.redrive import select

    selection = select(settings, find(settings, _choice(reason, topic, stage, since, until, letter or ())))
    letters = selection.letters[:limit]
    counts = Counter(f"{chosen.source.removeprefix(settings.prefix)} {chosen.reason}" for chosen in letters)
    for why, count in selection.left.items():
        note(f"{count} are left: {why}")
    for what, count in counts.most_common():
        note(f"{count} to be sent back: {what}")
    if again := sorted({chosen.reason for chosen in letters} & FAIL_AGAIN):
        note(f"{', '.join(again)}: the bytes are at fault, and fail again where the workers have not changed")
    result: dict[str, Any] = {"selected": len(letters), "redriven": 0, "left": selection.left}
    if dry_run or not letters:
        emit(as_json, result, f"{len(letters)} would be sent back" if letters else "nothing to send back")
        return
    if not yes:
        _ask(len(letters))
    with stop_on_signals() as stop:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("sending back", total=len(letters))
            # A stop falls between two transactions: what is counted as sent back is sent, and marked so that it never is again.
            refused: Counter[str] = Counter()
            for sent in send_back(settings, letters, stop.is_set, refused):
                result["redriven"] += sent
                progress.advance(task, sent)
        for why, count in refused.items():
            if count:
                note(f"{count} are left: {why}")
                result["left"][why] = count
        emit(as_json, result, f"{result['redriven']} sent back")


def _choice(
    reasons: Sequence[str] | None = None,
    topics: Sequence[str] | None = None,
    stages: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    letters: Sequence[str] = (),
) -> Choice:
    from streamrec.operations.letters import Choice, place_of

    for option, given, known in (("--reason", reasons, REASONS), ("--topic", topics, INPUTS), ("--stage", stages, STAGES)):
        if unknown := [value for value in given or () if value not in known]:
            raise typer.BadParameter(f"there is no {unknown[0]}; name one of {', '.join(known)}", param_hint=option)
    now = now_ms()
    span = moment(since, now, "--since"), moment(until, now, "--until")
    return Choice(reasons or (), topics or (), stages or (), *span, [place_of(one) for one in letters])


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        note("nothing was sent: there is no terminal to ask on; agree with --yes")
        raise typer.Exit(1)
    typer.confirm(f"Send {count} dead letters back to their topics?", abort=True, err=True)


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"{'letter':12} {'failed':19} {'topic':10} {'stage':9} {'reason':14} {'tries':5}  message"]
    for row in rows:
        done = "(redriven) " if row["redriven"] else ""
        lines.append(
            f"{row['letter']:12} {_time(row['failed_ms']):19} {row['topic']:10} {row['stage']:9} {row['reason']:14} "
            f"{row['attempts']:5}  {done}{row['message']}"
        )
    return "\n".join(map(printable, lines))


def _page(data: dict[str, Any], letter: Letter) -> str:
    again = ", sent back since" if data["redriven"] else ""
    lines = [
        f"letter     {data['letter']}{again}",
        f"failed     {_time(data['failed_ms'])} in {data['stage']}, {data['attempts']} time(s)",
        f"from       {data['topic']}, partition {data['partition']}, offset {data['offset']}",
        f"reason     {data['reason']}: {data['message']}",
        f"next step  {data['next_step']}",
        "headers",
        *(f"  {one['name']}: {_plain(one)}" for one in data["headers"]),
        f"key        {_plain(data['key'])}",
        f"value      {len(letter.value)} bytes" if letter.value is not None else "value      none",
    ]
    if data["value"]["text"] is not None:
        lines += [f"  {line}" for line in data["value"]["text"].split("\n")]
    return "\n".join(map(printable, lines + _dump(letter.value or b"")))


def _plain(part: dict[str, str | None]) -> str:
    if part["hex"] is None:
        return "none"
    return part["text"] if part["text"] is not None else f"0x{part['hex']}"


def _readable(raw: bytes | None) -> dict[str, str | None]:
    """Bytes as hex, and as text where they are some that a terminal can show."""
    if raw is None:
        return {"text": None, "hex": None}
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {"text": None, "hex": raw.hex()}
    # What a terminal would obey instead of showing it stays hex.
    shown = printable_lines(text) == text.replace("\t", " ")
    return {"text": text if shown else None, "hex": raw.hex()}


def _dump(raw: bytes) -> list[str]:
    lines = []
    for begin in range(0, min(len(raw), HEX_BYTES), 16):
        row = raw[begin : begin + 16]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"  {begin:06x}  {row.hex(' '):47}  {seen}")
    return [*lines, *([f"  … {len(raw) - HEX_BYTES} bytes more; --json has them"] if len(raw) > HEX_BYTES else [])]


def _time(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OSError, OverflowError):
        return "no time"  # whoever may write letters may write anything there
