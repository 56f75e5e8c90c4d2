"""What reads comments and answers questions, put together by the settings. Workers, replays and commands share it."""

from __future__ import annotations

from streamrec.catalogue.catalogue import Catalogue
from streamrec.settings import Settings
from streamrec.understanding.answers.answerer import Answerer
from streamrec.understanding.answers.policies import Policies, read_policies
from streamrec.understanding.judge import Judge
from streamrec.understanding.reader import Reader
from streamrec.worker.answering import Answering
from streamrec.worker.room_story import RoomStory


def load_reader(settings: Settings) -> Reader:
    """The reader of comments that the settings name.

    Raises:
        ModelError: the folder of its model cannot be used.
    """
    return Reader(Judge.load(settings.room_model) if settings.understanding == "model" else None)


def load_story(settings: Settings, catalogue: Catalogue) -> RoomStory:
    """What makes moments and replies of what happens in rooms.

    Raises:
        SettingsError: the file of policies cannot be used.
    """
    if not settings.answers:
        return RoomStory(catalogue, None)
    policies = read_policies(settings.policies) if settings.policies is not None else Policies()
    return RoomStory(catalogue, Answering(catalogue, Answerer(), policies, int(1000 * settings.answer_window_s)))
