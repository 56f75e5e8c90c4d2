"""Several real Kafka brokers on one machine, each of which can be killed by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from benchmarks.faults.proxy import Proxy
from streamrec.broker.embedded import JVM
from streamrec.broker.jars import runtime
from streamrec.broker.ports import HOST, free_ports
from streamrec.broker.properties import properties
from streamrec.errors import BrokerStartFailed, StreamrecError
from streamrec.system.processes import tail, uninterrupted

START_PATIENCE_S = 90.0
PAUSE_S = 0.1
REQUEST_TIMEOUT_MS = 5000
SMALL_JVM = (*JVM, "-Xms64m", "-Xmx256m", "-XX:TieredStopAtLevel=1")

Answer = TypeVar("Answer")
Found = TypeVar("Found")
Question = Callable[[AIOKafkaAdminClient], Awaitable[Answer]]


class Node:
    """One broker that is controller, too: its ports, folder and process; in front of it a proxy, if one is given."""

    def __init__(self, number: int, folder: Path, proxy: Proxy | None) -> None:
        self.number = number
        self.folder = folder
        self.proxy = proxy
        self.port, self.controller, self.behind = free_ports(3)
        self.process: subprocess.Popen[bytes] | None = None
        if proxy is not None:
            proxy.to(self.behind)

    @property
    def address(self) -> str:
        """Where clients reach it directly."""
        return f"{HOST}:{self.port}"

    @property
    def settings(self) -> Path:
        """Its server.properties."""
        return self.folder / "server.properties"

    @property
    def log(self) -> Path:
        """Where it writes what goes wrong."""
        return self.folder / "broker.log"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def configure(self, nodes: Sequence[Node]) -> None:
        """Write its settings as one of `nodes`; a third listener is advertised under the proxy's port."""
        listeners = {"PLAINTEXT": self.port, "CONTROLLER": self.controller}
        advertised = {"PLAINTEXT": self.port}
        if self.proxy is not None:
            listeners["BEHIND"], advertised["BEHIND"] = self.behind, self.proxy.port
        copies, in_sync = len(nodes), max(1, len(nodes) - 1)
        table = {
            "node.id": self.number,
            "controller.quorum.voters": ",".join(f"{node.number}@{HOST}:{node.controller}" for node in nodes),
            "listeners": _listeners(listeners),
            "advertised.listeners": _listeners(advertised),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in listeners),
            "default.replication.factor": copies,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": in_sync,
            # A broker that is gone is noticed within seconds, so that leaders change soon.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "replica.lag.time.max.ms": 4000,
        }
        # Of several lines with one name, Java takes the last.
        lines = "".join(f"{name}={value}\n" for name, value in table.items())
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(properties(self.folder / "data", self.port, self.controller) + lines)

    def launch(self) -> None:
        """Start its process, and return at once."""
        tools = runtime(lambda message: None)
        with self.log.open("ab") as log, uninterrupted():
            self.process = subprocess.Popen(
                [tools.java, *SMALL_JVM, "-cp", tools.classpath, "kafka.Kafka", self.settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Cluster:
    """Brokers 1 to `size`; with three, every topic survives the loss of one: three replicas, two of them in sync.

    With `proxied`, a second set of addresses (`front`) leads through one proxy for each broker (`proxies`), while `bootstrap` stays direct.

        with Cluster(folder) as cluster:
            cluster.kill(cluster.leader_of("purchases", 0))
    """

    def __init__(self, folder: Path, size: int = 3, proxied: bool = False) -> None:
        self.folder = folder.absolute()
        self.proxies = [Proxy() for _ in range(size)] if proxied else []
        fronts: Sequence[Proxy | None] = self.proxies or [None] * size
        self.nodes = [Node(number, self.folder / str(number), proxy) for number, proxy in enumerate(fronts, start=1)]
        self._open = contextlib.ExitStack()

    @property
    def bootstrap(self) -> str:
        """The addresses of all brokers, as `--broker` takes them."""
        return ",".join(node.address for node in self.nodes)

    @property
    def front(self) -> str:
        """The addresses of all proxies."""
        return ",".join(f"{HOST}:{proxy.port}" for proxy in self.proxies)

    def __enter__(self) -> Cluster:
        with contextlib.ExitStack() as opening:
            for proxy in self.proxies:
                opening.enter_context(proxy)
            for node in self.nodes:
                node.configure(self.nodes)
                opening.callback(node.kill)
            self._format()
            for node in self.nodes:
                node.launch()
            self.await_in_sync()
            self._open = opening.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def kill(self, number: int) -> None:
        """End one broker by SIGKILL."""
        self.nodes[number - 1].kill()

    def start(self, *numbers: int) -> None:
        """Start brokers that were killed, after which all must live, and wait until all that they hold is in sync again."""
        for number in numbers:
            self.nodes[number - 1].launch()
        self.await_in_sync()

    def leader_of(self, topic: str, partition: int) -> int:
        """The number of the broker that leads a partition now; waits while there is none that lives."""
        return self._living(lambda client: _leader(client, topic, partition), f"a leader of {topic}/{partition}")

    def coordinator_of(self, group: str) -> int:
        """The number of the broker that coordinates a group."""
        return self._living(lambda client: client.find_coordinator(group), f"a coordinator of the group {group}")

    def transaction_coordinator_of(self, transactional_id: str) -> int:
        """The number of the broker that coordinates the transactions of an id."""
        return self._living(lambda client: client.find_coordinator(transactional_id, 1), f"a coordinator of {transactional_id}")

    def await_in_sync(self) -> None:
        """Wait until all brokers have joined and every replica of every topic is in sync.

        Raises:
            BrokerStartFailed: one of them has ended.
            StreamrecError: it takes too long.
        """
        self._await(self._in_sync, "replicas in sync")

    def _format(self) -> None:
        tools = runtime(lambda message: None)
        identity = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [str(tools.java), *SMALL_JVM, "-cp", tools.classpath, "kafka.tools.StorageTool", "format", f"--cluster-id={identity}"]
        for node in self.nodes:
            done = subprocess.run([*command, "--config", str(node.settings)], capture_output=True, text=True, check=False)
            if done.returncode:
                raise BrokerStartFailed(f"the folder {node.folder} could not be formatted: {tail(done.stdout + done.stderr)}")

    def _in_sync(self) -> bool:
        for node in self.nodes:
            if not node.alive:
                end = tail(node.log.read_text(errors="replace"))
                raise BrokerStartFailed(f"broker {node.number} has ended; the end of {node.log}:\n{end}")
        return asyncio.run(_all_in_sync([node.number for node in self.nodes], self.bootstrap))

    def _living(self, question: Question[int], what: str) -> int:
        def look() -> int | None:
            number = self._ask(question)
            return number if number > 0 and self.nodes[number - 1].alive else None

        return self._await(look, what)

    def _ask(self, question: Question[Answer]) -> Answer:
        async def ask() -> Answer:
            client = AIOKafkaAdminClient(
                bootstrap_servers=[node.address for node in self.nodes if node.alive], request_timeout_ms=REQUEST_TIMEOUT_MS
            )
            try:
                await client.start()
                return await question(client)
            finally:
                await client.close()

        return asyncio.run(ask())

    def _await(self, look: Callable[[], Found | None], what: str) -> Found:
        deadline = time.monotonic() + START_PATIENCE_S
        while True:
            with contextlib.suppress(KafkaError, OSError), _quiet():
                if found := look():
                    return found
            if time.monotonic() > deadline:
                raise StreamrecError(f"waited {START_PATIENCE_S:g} s for {what}; look into the brokers' logs in {self.folder}")
            time.sleep(PAUSE_S)


async def _all_in_sync(numbers: Sequence[int], bootstrap: str) -> bool:
    # Every broker is asked: one that has lost its controllers still believes what it knew before.
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await client.bootstrap()
        for number in numbers:
            found = (await client.send(number, MetadataRequest(None))).to_object()
            parts = [part for topic in found["topics"] for part in topic["partitions"]]
            if len(found["brokers"]) < len(numbers) or any(len(part["isr"]) < len(part["replicas"]) for part in parts):
                return False
        return True
    finally:
        await client.close()


async def _leader(client: AIOKafkaAdminClient, topic: str, partition: int) -> int:
    parts = [part for one in await client.describe_topics([topic]) for part in one["partitions"]]
    return next((int(part["leader"]) for part in parts if part["partition"] == partition), -1)


def _listeners(ports: dict[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Brokers that are away while they start are no news."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
