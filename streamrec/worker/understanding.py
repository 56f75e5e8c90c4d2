"""What reads comments and answers questions, put together by the settings. Workers, replays and commands share it."""

from __future__ import annotations

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.fields import EventTime
from streamrec.events.speech import Transcript
from streamrec.events.types import Item
from streamrec.settings import Settings
from streamrec.state.room import Segment
from streamrec.understanding.answers.answerer import Answerer
from streamrec.understanding.answers.asked import Asked
from streamrec.understanding.answers.policies import Policies, read_policies
from streamrec.understanding.host.on_air import Hearing, OnAir
from streamrec.understanding.host.points import told
from streamrec.understanding.host.shelf import Shelf
from streamrec.understanding.judge import Judge
from streamrec.understanding.names import Names
from streamrec.understanding.reader import Reader
from streamrec.understanding.scene import Scene
from streamrec.worker.answering import Answering
from streamrec.worker.room_story import RoomStory


def load_reader(settings: Settings) -> Reader:
    """The reader of comments that the settings name.

    Raises:
        ModelError: the folder of its model cannot be used.
    """
    return Reader(Judge.load(settings.room_model) if settings.understanding == "model" else None)


def warm(reader: Reader, answerer: Answerer | None = None) -> None:
    """Read one comment and one segment, and answer one question: tables are loaded when they are first used, for a third of a second."""
    item = Item(item_id="warm", title="棉 毛巾 cotton towel", price=1.0, currency="CNY", attributes={"材质": "棉"})
    (judged,) = reader.judge(["這個 1号 towel 多少钱"], [None])
    reader.read(judged, Scene(Names([item]), "warm"))
    segment = Transcript(room_id="warm", segment="1", ts=EventTime(1), text="一号链接 毛巾 九块九")
    OnAir().hear(Hearing(), segment, Shelf([item], ["warm"]))
    told([Segment("1", 1, 1, segment.text, 0, "warm")], {"warm": (1.0, "CNY")})
    (answerer or Answerer()).answer(Asked(judged.normal, "zh", ["ask_quality"], item))


def load_story(settings: Settings, catalogue: Catalogue) -> RoomStory:
    """What makes moments and replies of what happens in rooms.

    Raises:
        SettingsError: the file of policies cannot be used.
    """
    if not settings.answers:
        return RoomStory(catalogue, None)
    policies = read_policies(settings.policies) if settings.policies is not None else Policies()
    return RoomStory(catalogue, Answering(catalogue, Answerer(), policies, int(1000 * settings.answer_window_s)))
