"""`streamrec understand`: what the comments of recorded rooms mean, offline."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import track

from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit
from streamrec.settings import Settings

In = Annotated[Path, typer.Option(help="jsonl or jsonl.gz.")]


@takes_settings("Rooms")
def understand(
    settings: Settings,
    items: In,
    rooms: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; each line a room with its `shelf`, and `on_air` where it is known.")],
    transcripts: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; each line what a host said: `room_id`, `at_s`, `text`.")],
    danmaku: Annotated[Path, typer.Option(help="jsonl or jsonl.gz; each line a comment: `id`, `room_id`, `at_s`, `user`, `text`.")],
    out: Annotated[Path, typer.Option(help="Where the predictions go, one JSON object a line.")],
    on_air: Annotated[
        Literal["speech", "given"],
        typer.Option(help="speech: the item on air is told from what hosts say; given: from the transcripts' `item_id`, to compare."),
    ] = "speech",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
) -> None:
    """Read the comments of recorded rooms with the worker's own code, without a broker: language, intents, sentiment, items, answers."""
    from streamrec.evaluation.room_files import read_recording
    from streamrec.evaluation.rooms import Rooms
    from streamrec.events.codec import encode

    recording = read_recording(items, rooms, transcripts, danmaku)
    player, count = Rooms(settings, recording, on_air), Counter[str](rooms=len(recording.rooms), segments=len(recording.segments))
    timeline = recording.timeline()
    begin = time.perf_counter()
    with out.open("wb") as file:
        for made in player.play(track(timeline, "understanding", console=Console(stderr=True), transient=True)):
            file.write(encode(made) + b"\n")
            count.update(comments=1, with_items=bool(made.items), answered=made.answer is not None)
    summary = dict(count) | {"seconds": round(time.perf_counter() - begin, 3)}
    emit(
        as_json,
        summary,
        f"{count['comments']} comments in {len(recording.rooms)} rooms, {count['with_items']} of them about items, "
        f"{count['answered']} answered, in {out}",
    )
