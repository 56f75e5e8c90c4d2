"""Every error that streamrec raises on purpose.

    StreamrecError
    ├── SettingsError            a setting is unknown or makes no sense
    ├── BrokerUnavailable        no Kafka answers at the address
    ├── BrokerRefused            a broker and this client do not accept each other's certificate or password
    ├── BrokerStartFailed        the embedded broker did not come up
    ├── PortInUse                another process listens on the port
    ├── TopicMismatch            a topic exists with other partitions or another cleanup policy
    ├── DataFolderInUse          another worker holds the data folder
    ├── FolderNotOurs            a folder for private data belongs to another user
    ├── GroupNotEmpty            workers run that must be stopped first
    ├── RedriveFailed            dead letters could not be sent back
    ├── StateMismatch            local disk and changelog do not belong together
    ├── WorkerUnreachable        a running worker cannot be asked
    ├── NotForgotten             an erasure cannot be proven
    ├── DiskFault                the local disk cannot be read
    ├── Stalled                  work goes on but progress stands still
    ├── WorkerEnded              the worker that a command started is gone
    ├── LearnerReplaced          another learner has taken over
    ├── NotCovered               triggers of the demo got no list
    ├── ModelError
    │   ├── ModelMissing         the model folder or one of its files is not there
    │   ├── DigestMismatch       a file of the model is not the one that was published
    │   ├── BlendMismatch        the blend was trained for other features
    │   ├── DeviceUnavailable    the device that was asked for cannot run the model
    │   └── Overloaded           more waits for the model than its queue may hold
    ├── ListNotFound             no list has that id
    ├── MissingExtra             an optional dependency is not installed
    ├── InputError               a file that a command reads is malformed
    └── BadEvent                 an event that becomes a dead letter

Each message names what the operator does next.
"""

from __future__ import annotations


class StreamrecError(Exception):
    """Root of the tree; the command line prints its message and exits with 1."""


class SettingsError(StreamrecError):
    """A setting is unknown or its value makes no sense; the command line exits with 2."""


class BrokerUnavailable(StreamrecError):
    """No Kafka broker answered at the address within the patience given."""


class BrokerRefused(StreamrecError):
    """A broker and this client do not accept each other's certificate or password; the message names the setting."""


class BrokerStartFailed(StreamrecError):
    """The embedded broker ended or stayed silent; the message holds the end of its log."""


class PortInUse(StreamrecError):
    """Another process already listens on the port that was asked for."""


class TopicMismatch(StreamrecError):
    """A topic exists, but not as streamrec needs it."""


class DataFolderInUse(StreamrecError):
    """Another worker holds the lock of the data folder."""


class FolderNotOurs(StreamrecError):
    """A folder that holds what people did belongs to another user, who could read and change it."""


class GroupNotEmpty(StreamrecError):
    """Workers of the group still run, and their state cannot be repaired meanwhile."""


class RedriveFailed(StreamrecError):
    """Kafka did not take dead letters that were sent back to their topics."""


class StateMismatch(StreamrecError):
    """Local disk, changelog and sources do not belong together; going on would lose or double events."""


class WorkerUnreachable(StreamrecError):
    """A running worker cannot be asked over HTTP."""


class NotForgotten(StreamrecError):
    """An erasure cannot be proven, or the person has come back since."""


class DiskFault(StreamrecError):
    """The worker's local disk cannot be read."""


class Stalled(StreamrecError):
    """Progress stands still while work goes on; the process ends so that a supervisor can start it anew."""


class WorkerEnded(StreamrecError):
    """The worker that a command started is gone or does not get ready; the message holds the end of its log."""


class LearnerReplaced(StreamrecError):
    """Another learner of the same deployment was started since."""


class NotCovered(StreamrecError):
    """Triggers that the demo sent still had no list when its patience was over."""


class ModelError(StreamrecError):
    """Something is wrong with a model folder or the device for it."""


class ModelMissing(ModelError):
    """The model folder or one of the files that it must hold is not there."""


class DigestMismatch(ModelError):
    """A file of the model folder differs from its published SHA-256 digest."""


class BlendMismatch(ModelError):
    """The blend was trained for other features than this streamrec computes."""


class DeviceUnavailable(ModelError):
    """The device that was asked for is not there or cannot run the model."""


class Overloaded(ModelError):
    """More pairs wait for the model than its queue may hold; these were refused."""


class ListNotFound(StreamrecError):
    """No list of that id can be read (any more)."""


class MissingExtra(StreamrecError):
    """An optional dependency is not installed; the message holds the exact pip line."""


class InputError(StreamrecError):
    """A file that a command reads is malformed; the message names file and line."""


class BadEvent(StreamrecError):
    """An event that cannot be used; it goes to the dead letters with `reason` as a header."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def bare(self) -> BadEvent:
        """A copy without a traceback, to be kept: a traceback holds the frames of all callers, and these hold the records."""
        return BadEvent(self.reason, str(self))
