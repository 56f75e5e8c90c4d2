"""Whisper behind a voice detector, with what it makes up in silence thrown away."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any, NamedTuple

from streamrec.errors import ModelError, ModelMissing
from streamrec.speech.audio import Samples
from streamrec.understanding.characters import simplified

# Whisper's own bounds, above which it tries again with more chance, and is not believed after all tries.
MOST_COMPRESSED = 2.4
LEAST_LOG_PROBABILITY = -1.0
MOST_SILENT = 0.6
TEMPERATURES = (0.0, 0.2, 0.4)
VOICE = {"min_silence_duration_ms": 500, "speech_pad_ms": 200}


class Phrase(NamedTuple):
    """What was said from `start_s` to `end_s` of a window."""

    start_s: float
    end_s: float
    text: str
    confidence: float
    """The geometric mean of the probabilities of its tokens."""
    lang: str


class Recogniser:
    """Turns windows of up to half a minute into phrases. The model is loaded when the first voice is heard."""

    def __init__(self, model: Path, lang: str | None = None, hint: str | None = None, threads: int = 0) -> None:
        """`model` is a folder for CTranslate2; `lang` (ISO 639) is told by the first window if None; `hint` has names that will be said.

        Raises:
            ModelMissing: the folder has no model.
        """
        if not (model / "model.bin").is_file():
            raise ModelMissing(f"{model} has no model of Whisper; `streamrec listen --make-model {model}` makes one")
        self._folder, self._lang, self._hint, self._threads = model, lang, hint, threads
        self._whisper: Any = None

    def hear(self, window: Samples) -> list[Phrase]:
        """The phrases of a window, in their order."""
        if not has_voice(window):
            return []
        segments, told = self._loaded().transcribe(
            window,
            language=self._lang,
            temperature=TEMPERATURES,
            compression_ratio_threshold=MOST_COMPRESSED,
            log_prob_threshold=LEAST_LOG_PROBABILITY,
            no_speech_threshold=MOST_SILENT,
            # What was made up once would be made up again and again.
            condition_on_previous_text=False,
            vad_filter=True,
            vad_parameters=VOICE,
            hotwords=self._hint,
        )
        return [
            Phrase(segment.start, segment.end, text, math.exp(min(0.0, segment.avg_logprob)), told.language)
            for segment in segments
            if believable(segment) and (text := written(segment.text, told.language))
        ]

    def _loaded(self) -> Any:
        if self._whisper is None:
            from faster_whisper import WhisperModel

            logging.getLogger("faster_whisper").setLevel(logging.WARNING)

            try:
                self._whisper = WhisperModel(str(self._folder), compute_type="auto", cpu_threads=self._threads, local_files_only=True)
            except (RuntimeError, ValueError) as exc:
                raise ModelError(f"the model in {self._folder} cannot be loaded: {exc}") from exc
        return self._whisper


def has_voice(window: Samples) -> bool:
    """Whether anybody speaks in a window."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    return bool(get_speech_timestamps(window, VadOptions(**VOICE)))


def believable(segment: Any) -> bool:
    """Whether a segment is more than what Whisper makes up of noise: neither a loop of words nor a guess."""
    if segment.compression_ratio > MOST_COMPRESSED or segment.avg_logprob < LEAST_LOG_PROBABILITY:
        return False
    # Words of which Whisper is surer than of silence.
    return bool(segment.no_speech_prob <= max(MOST_SILENT, 1 + segment.avg_logprob))


def written(text: str, lang: str) -> str:
    """The text in one line; Chinese in simplified characters, which Whisper mixes with traditional ones."""
    line = " ".join(text.split())
    return line.translate(simplified()) if lang == "zh" else line
