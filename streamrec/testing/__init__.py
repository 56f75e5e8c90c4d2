"""What the tests of a program that uses streamrec can import: a model without weights, rows without a disk, a Kafka from pip alone.

`pytest_plugins = ["streamrec.testing.fixtures"]` in a `conftest.py` gives the fixture `broker`.
"""

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.contract.rows import MemoryRows
from streamrec.testing.word_model import WordModel

__all__ = ["EmbeddedBroker", "MemoryRows", "WordModel"]
