"""What our clients do that the libraries alone do not; nobody can open one without it, and nothing else changes a library."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.produce import ProduceRequest

import streamrec
from streamrec.kafka import patches

patches.install()
PACKAGE = Path(streamrec.__file__).parent
LIBRARIES = {"aiokafka", "kafka", "faust", "mode"}


class ResetWriter:
    """The writer of a connection that was just reset, as uvloop has it."""

    def write(self, message: bytes) -> None:
        self.writelines([message])

    def writelines(self, pieces: list[bytes]) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


@pytest.mark.parametrize("request_of_kafka", [ApiVersionRequest(), ProduceRequest(None, -1, 1000, [("views", [(0, bytearray(b"batch"))])])])
def test_a_request_on_a_connection_that_was_just_reset_fails_as_kafka_requests_do(
    request_of_kafka: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert AIOKafkaConnection.send is patches._send_or_close
    closed: list[Any] = []

    async def run() -> None:
        connection = AIOKafkaConnection("127.0.0.1", 1)
        connection._writer, connection._versions = ResetWriter(), {0: (0, 9)}
        monkeypatch.setattr(connection, "close", lambda reason=None: closed.append(reason))
        with pytest.raises(KafkaConnectionError, match="handler is closed"):
            connection.send(request_of_kafka)
        connection._writer = None

    asyncio.run(run())
    assert closed == [CloseReason.CONNECTION_BROKEN]


def test_a_connection_that_breaks_during_the_search_for_a_coordinator_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def get_random_node(self) -> int:
            return 1

        async def send(self, node: int, request: Any) -> None:
            raise KafkaConnectionError("closed")

    assert AIOKafkaClient.coordinator_lookup is patches._lookup_again
    with pytest.raises(NodeNotReadyError, match="closed"):
        asyncio.run(AIOKafkaClient.coordinator_lookup(Client(), 1, "key"))


UNPATCHED = """
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer import fetcher
import kafka.codec, kafka.consumer.fetcher
from streamrec.settings import Settings
from streamrec.kafka import clients
def patched():
    return [
        AIOKafkaConnection.send.__module__ == "streamrec.kafka.patches",
        AIOKafkaClient.coordinator_lookup.__module__ == "streamrec.kafka.patches",
        fetcher.PartitionRecords.__module__ == "streamrec.kafka.patches",
        fetcher.MemoryRecords.__module__ == "streamrec.kafka.untrusted",
        kafka.consumer.fetcher.MemoryRecords.__module__ == "streamrec.kafka.untrusted",
        kafka.codec.has_zstd(),
    ]
before = patched()
%s
assert not any(before[:5]), before
assert all(patched()), patched()
"""


@pytest.mark.parametrize(
    "asks",
    [
        "clients.aiokafka(Settings())",
        "clients.kafka_python(Settings())",
        "from streamrec.engine.connection import faust_options; faust_options(Settings())",
    ],
)
def test_whoever_asks_for_the_settings_of_a_client_has_the_libraries_patched_and_nobody_else(asks: str) -> None:
    done = subprocess.run([sys.executable, "-c", UNPATCHED % asks], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_patch_says_why() -> None:
    assert all(len(patch.why.split()) > 10 for patch in patches.PATCHES)
    assert len({patch.what for patch in patches.PATCHES}) == len(patches.PATCHES)


def assigned_in_libraries(module: Path) -> Iterator[str]:
    """What a module assigns to among the attributes of what it imports from a library."""
    tree = ast.parse(module.read_text())
    imported = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LIBRARIES:
            imported |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias for alias in node.names if alias.name.partition(".")[0] in LIBRARIES]
            imported |= {(alias.asname or alias.name).partition(".")[0] for alias in names}
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
        for target in targets:
            owner = target
            while isinstance(owner, ast.Attribute):
                owner = owner.value
            if owner is not target and isinstance(owner, ast.Name) and owner.id in imported:
                yield f"{module.relative_to(PACKAGE)}: {ast.unparse(target)}"


def test_no_other_module_changes_a_library() -> None:
    found = [change for module in PACKAGE.rglob("*.py") for change in assigned_in_libraries(module)]
    assert found
    assert all(change.startswith("kafka/patches.py") for change in found), found
