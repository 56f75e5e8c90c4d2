"""streamrec: a real-time recommender for live commerce on Kafka and BERT.

What `__all__` names is the library: everything that it takes to rank in a program of one's own, without Kafka. `docs/library.md` has
an example of ten lines.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from streamrec.version import __version__

if TYPE_CHECKING:
    from streamrec.bert.model import TextModel
    from streamrec.catalogue.catalogue import Catalogue
    from streamrec.errors import StreamrecError
    from streamrec.evaluation.replay import Replay, read_timeline
    from streamrec.events.fields import EventTime
    from streamrec.events.files import read_items
    from streamrec.events.speech import Transcript
    from streamrec.events.types import Danmaku, Erasure, Feedback, Item, Purchase, RankedItem, Recommendation, Room, Rule, View
    from streamrec.library.recommender import Recommender
    from streamrec.ranking.ranker import Ranker
    from streamrec.settings import Settings

# ONNX Runtime reports its use to its makers unless it is told not to before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "Catalogue",
    "Danmaku",
    "Erasure",
    "EventTime",
    "Feedback",
    "Item",
    "Purchase",
    "RankedItem",
    "Ranker",
    "Recommendation",
    "Recommender",
    "Replay",
    "Room",
    "Rule",
    "Settings",
    "StreamrecError",
    "TextModel",
    "Transcript",
    "View",
    "__version__",
    "read_items",
    "read_timeline",
]

# Imported when they are first asked for (PEP 562): every command and every worker imports this package, and few of them need them all.
_HOMES = {
    "Catalogue": "streamrec.catalogue.catalogue",
    "Danmaku": "streamrec.events.types",
    "Erasure": "streamrec.events.types",
    "EventTime": "streamrec.events.fields",
    "Feedback": "streamrec.events.types",
    "Item": "streamrec.events.types",
    "Purchase": "streamrec.events.types",
    "RankedItem": "streamrec.events.types",
    "Ranker": "streamrec.ranking.ranker",
    "Recommendation": "streamrec.events.types",
    "Recommender": "streamrec.library.recommender",
    "Replay": "streamrec.evaluation.replay",
    "Room": "streamrec.events.types",
    "Rule": "streamrec.events.types",
    "Settings": "streamrec.settings",
    "StreamrecError": "streamrec.errors",
    "TextModel": "streamrec.bert.model",
    "Transcript": "streamrec.events.speech",
    "View": "streamrec.events.types",
    "read_items": "streamrec.events.files",
    "read_timeline": "streamrec.evaluation.replay",
}


if not TYPE_CHECKING:  # which would take every name for one that is there

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
