"""`streamrec replay`: lists for a file of events, offline and deterministic."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import track

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.errors import InputError
from streamrec.settings import Settings

Rank = Literal["before", "after"]
In = Annotated[Path, typer.Option(help="jsonl or jsonl.gz.")]


@takes_settings("Model", "Ranking", "Rooms")
def replay(
    settings: Settings,
    items: In,
    events: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; each line an event with its `topic`.")],
    out: Annotated[Path, typer.Option(help="Where the lists go, one JSON object a line.")],
    rooms: Annotated[Path | None, typer.Option(help="Room states, jsonl or jsonl.gz.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Operators' rules, jsonl or jsonl.gz; each holds within its times.")] = None,
    rank: Annotated[Rank, typer.Option(help="Before the trigger is applied, or after, as the worker does.")] = "before",
    rank_at: Annotated[str, typer.Option(help="all, or the topics whose events trigger a list, comma-separated.")] = "all",
    rank_from: Annotated[int, typer.Option(help="No lists before this event time (ms).")] = 0,
    protocol: Annotated[
        Literal["prequential", "static"],
        typer.Option(help="prequential: state goes on; static: it stops at --rank-from, one list for each user."),
    ] = "prequential",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Run the worker's state and ranking code over events in time order, without a broker, a deadline or a wall clock."""
    from streamrec.evaluation.replay import Replay, read_timeline
    from streamrec.events.codec import encode
    from streamrec.events.files import read_items, read_rules
    from streamrec.events.topics import TRIGGERS
    from streamrec.library.in_memory import repeatable
    from streamrec.worker.assembly import build_ranking

    wanted = TRIGGERS if rank_at == "all" else tuple(rank_at.split(","))
    if unknown := set(wanted) - set(TRIGGERS):
        raise InputError(f"--rank-at knows {', '.join(TRIGGERS)} and all, not {', '.join(sorted(unknown))}")
    ranking = build_ranking(repeatable(settings))
    ranking.catalogue.put_items(read_items(items))
    ranking.choose()
    for rule in read_rules(rules) if rules is not None else ():
        ranking.catalogue.rules.put(rule)
    lines = read_timeline(events)
    if rooms is not None:
        # Rooms stand first, and sorting keeps that order within a millisecond: an event in a room finds it open.
        lines = sorted(read_timeline(rooms, "rooms") + lines, key=lambda line: line.event.ts)
    run = Replay(settings, ranking.catalogue, ranking.ranker, rank, wanted, rank_from, ranking.arms, ranking.rankers, protocol == "static")
    count: Counter[str] = Counter(events=len(lines))
    with out.open("wb") as file:
        for made in run.run(track(lines, "replaying", console=Console(stderr=True), transient=True)):
            file.write(encode(made) + b"\n")
            count["lists"] += 1
    emit(as_json, dict(count), f"{count['events']} events, {count['lists']} lists in {out}")
