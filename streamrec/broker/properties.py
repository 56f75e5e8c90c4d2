"""The settings of the embedded broker: one node that is both broker and controller, sized for a small machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from streamrec.broker.ports import HOST

# As large as a dead letter may be, the largest record that our topics take.
MESSAGE_BYTES = 4 * 1024 * 1024


class Listener(NamedTuple):
    """Another listener of the broker, such as one with TLS; `settings` are those of Kafka for a listener, without their prefix."""

    name: str
    protocol: str
    port: int
    settings: Mapping[str, str]


def properties(data: Path, port: int, controller_port: int, more: Sequence[Listener] = ()) -> str:
    """The text of server.properties; `more` are listeners beside the one without TLS."""
    addresses = [f"PLAINTEXT://{HOST}:{port}", *(f"{listener.name}://{HOST}:{listener.port}" for listener in more)]
    protocols = ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *(f"{listener.name}:{listener.protocol}" for listener in more)]
    table: dict[str, str | int] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": ",".join([*addresses, f"CONTROLLER://{HOST}:{controller_port}"]),
        "advertised.listeners": ",".join(addresses),
        "listener.security.protocol.map": ",".join(protocols),
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "message.max.bytes": MESSAGE_BYTES,
        # Kafka waits three seconds for more members of a new group; demo and tests start theirs one by one, and often.
        "group.initial.rebalance.delay.ms": 0,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 4,
        "num.recovery.threads.per.data.dir": 1,
        # 128 MB by default, a quarter of this broker's heap.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "log.cleaner.io.buffer.size": 256 * 1024,
    }
    table |= {f"listener.name.{listener.name.lower()}.{key}": value for listener in more for key, value in listener.settings.items()}
    return "".join(f"{name}={_escaped(str(value))}\n" for name, value in table.items())


def _escaped(value: str) -> str:
    """The value in the ASCII that `java.util.Properties` reads: what it would take for an escape, a line's end or an indent is escaped."""
    units = value.replace("\\", "\\\\").encode("utf-16-be", "surrogatepass")
    text = "".join(
        chr(unit) if 32 <= unit < 127 else f"\\u{unit:04x}"
        for unit in (int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
    )
    return f"\\{text}" if text.startswith(" ") else text
