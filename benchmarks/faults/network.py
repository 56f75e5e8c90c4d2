"""Faults between worker and broker: one of three brokers dies, lines are cut, and a worker that was cut off comes back as a zombie.

Each scenario has brokers of its own. In front of every one of them is a proxy, through which the first worker goes; the other workers,
the events and the checks go directly. The recovery from an outage is counted from its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.cluster import Cluster
from benchmarks.faults.proxy import Proxy
from benchmarks.faults.scenario import Scenario
from benchmarks.faults.trial import SERVED_S, Result, Trial, TrialFailed
from benchmarks.faults.waiting import until
from benchmarks.faults.workers import Worker
from streamrec.settings import Settings

OPEN = b"partitions are open"


@dataclass(frozen=True, slots=True)
class NetworkScenario(Scenario):
    """A scenario with so many brokers of its own."""

    brokers: int = 1


class NetworkTrial(Trial):
    """A trial with a cluster of its own, whose first worker goes through the proxies."""

    broker: Cluster

    def hire(self) -> Worker:
        """One more worker."""
        first = not self.crew.workers
        more = {"STREAMREC_BROKER": self.broker.front} if first else {}
        return self.crew.add(Worker(self.settings, "abcdefgh"[len(self.crew.workers)], self.environment | more, self._module))


def leaders(trial: NetworkTrial) -> None:
    """kill -9 of the broker that leads what matters, which comes back at once or after the others have taken over."""
    cluster, settings = trial.broker, trial.settings
    roles: tuple[Callable[[int], int], ...] = (
        lambda partition: cluster.leader_of(settings.topic("user-changelog"), partition),
        lambda partition: cluster.coordinator_of(settings.app_id),
        lambda partition: cluster.leader_of(settings.topic("views"), partition),
        lambda partition: cluster.transaction_coordinator_of(f"{settings.app_id}-user-{partition}"),
        lambda partition: cluster.leader_of(settings.topic("item-signals"), partition),
        lambda partition: cluster.leader_of(settings.topic("recommendations"), partition),
    )
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        broker = roles[number % len(roles)](trial.random.randrange(settings.partitions))
        trial.inject()
        cluster.kill(broker)
        if trial.random.random() < 0.5:
            trial.recover()
            cluster.start(broker)
        else:
            cluster.start(broker)
            trial.recover()


def majority(trial: NetworkTrial) -> None:
    """kill -9 of two of three brokers at once: nothing can be read or written until they are back."""
    for _ in range(trial.count):
        trial.sleep(0.4, 1.6)
        victims = trial.random.sample([node.number for node in trial.broker.nodes], 2)
        for number in victims:
            trial.broker.kill(number)
        trial.sleep(0.0, 5.0)
        trial.broker.start(*victims)
        trial.inject()
        trial.recover()


def stall(trial: NetworkTrial) -> None:
    """The only worker's bytes are held back for a while, both ways."""
    _cut(trial, Proxy.stall)


def drop(trial: NetworkTrial) -> None:
    """The only worker's connections are reset and refused for a while."""
    _cut(trial, Proxy.drop)


def resets(trial: NetworkTrial) -> None:
    """All connections of the only worker are reset, amid its reading and writing, and can be made again at once."""
    (proxy,) = trial.broker.proxies
    for _ in range(trial.count):
        trial.sleep(0.2, 1.5)
        trial.inject()
        proxy.drop()
        proxy.heal()
        trial.recover()


def answers(trial: NetworkTrial) -> None:
    """Requests of the only worker reach the broker, but the answers are lost with their connections: it cannot know what was done."""
    (proxy,) = trial.broker.proxies
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        proxy.mute()
        trial.sleep(0.05, 1.5 if number % 4 else 10.0)
        trial.inject()
        proxy.drop()
        proxy.heal()
        trial.recover()


def one_line(trial: NetworkTrial) -> None:
    """The line to one of three brokers is cut, which leads its partitions all the while."""
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        proxy = trial.random.choice(trial.broker.proxies)
        (Proxy.stall if number % 2 else Proxy.drop)(proxy)
        trial.sleep(2.0, 14.0)
        trial.inject()
        proxy.heal()
        trial.recover()


def zombie(trial: NetworkTrial) -> None:
    """One of two workers is cut off beyond its session, the other takes over, and the first one comes back amid its writing."""
    (proxy,), worker = trial.broker.proxies, trial.crew.workers[0]
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        opened = _opened(worker)
        trial.inject()
        (Proxy.drop if number % 3 == 2 else Proxy.stall)(proxy)
        trial.recover()
        trial.sleep(0.0, 10.0)
        proxy.heal()
        if not until(lambda before=opened: _opened(worker) > before, SERVED_S):
            trial.fail(f"the worker that was cut off has no partitions {SERVED_S:g} s after the line was healed")


def _cut(trial: NetworkTrial, harm: Callable[[Proxy], None]) -> None:
    """Cuts of 20 s, and ones shorter and longer than a session."""
    (proxy,) = trial.broker.proxies
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        harm(proxy)
        if number % 3:
            trial.sleep(0.5, 12.0)
        else:
            trial.sleep(20.0, 22.0)
        trial.inject()
        proxy.heal()
        trial.recover()


def _opened(worker: Worker) -> int:
    return worker.log.read_bytes().count(OPEN)


def run_network(scenario: NetworkScenario, seed: int, count: int, folder: Path, rate: float, model: bool) -> Result:
    """Run one trial of a scenario, on brokers that are started for it."""
    name = f"{scenario.name}-{seed}-{time.time_ns() // 1_000_000 % 10**9}"
    with Cluster(folder / name / "kafka", scenario.brokers, proxied=True) as cluster:
        settings = Settings(
            broker=cluster.bootstrap,
            prefix=f"{name}.",
            app_id=name,
            partitions=scenario.partitions,
            replication_factor=scenario.brokers,
            min_insync_replicas=max(1, scenario.brokers - 1),
            data_dir=folder / name,
            session_timeout_s=6.0,
        )
        trial = NetworkTrial(scenario.name, seed, count, cluster, settings, rate, model)
        try:
            trial.start(scenario.workers)
            scenario.run(trial)
            trial.finish()
        except TrialFailed as exc:
            trial.result.failures.append(str(exc))
        finally:
            trial.close()
    return trial.result


NETWORK = {
    one.name: one
    for one in (
        NetworkScenario("three_brokers", leaders, 12, brokers=3),
        NetworkScenario("majority", majority, 4, brokers=3),
        NetworkScenario("one_line", one_line, 6, brokers=3),
        NetworkScenario("resets", resets, 20),
        NetworkScenario("answers", answers, 16),
        NetworkScenario("stall", stall, 6),
        NetworkScenario("cut", drop, 6),
        NetworkScenario("zombie", zombie, 6, workers=2),
    )
}
"""Every scenario of the network by its name."""
