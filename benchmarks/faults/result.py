"""What a trial found, as a campaign keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.faults.check import Verdict


@dataclass(slots=True)
class Result:
    """What a trial found.

    `recoveries_s` are the times from a fault until each partition had a new list to read that was made after it. Where the broker or
    a line was away, they are from its return. A volley of faults has one, from the last of them.
    """

    scenario: str
    seed: int
    injections: int = 0
    events: int = 0
    checked: bool = False
    spoilt: dict[str, int] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    commits_behind: int = 0
    recoveries_s: list[float] = field(default_factory=list)
    exits: dict[str, int] = field(default_factory=dict)
    fenced_rows: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The result as one flat JSON object."""
        found: dict[str, Any] = asdict(self)
        verdict = found.pop("verdict")
        details = verdict.pop("details")
        return {**found, **verdict, "failures": self.failures + details, "worst_recovery_s": max(self.recoveries_s, default=None)}
