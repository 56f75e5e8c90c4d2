"""The arms of an experiment: every user is in one, for good, and each arm ranks by settings of its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from hashlib import blake2b
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streamrec.errors import SettingsError
from streamrec.settings import Settings, read_toml

DEFAULT = "default"
"""The arm of everyone who is in no other: by the settings as they are."""
MAY_DIFFER = frozenset(
    {
        "blend",
        "blend_for",
        "cross_for",
        "cross_pairs",
        "diversity",
        "diversity_method",
        "explore_slots",
        "late_pairs",
        "max_per_category",
        "max_per_host",
        "max_shown",
        "repeats",
    }
)
"""Settings that an arm may set otherwise."""


class _Arm(BaseModel):
    """A table of the file: a share of the users, and settings."""

    model_config = ConfigDict(extra="allow")
    share: float = Field(gt=0, le=1)


class _Experiment(BaseModel):
    """The file. Its name decides who is in which arm, so that another experiment divides the users independently."""

    model_config = ConfigDict(extra="forbid")
    name: str = ""
    arms: dict[str, _Arm]


class Arms:
    """Who is in which arm."""

    def __init__(self, name: str = "", shares: Mapping[str, float] = MappingProxyType({})) -> None:
        """`shares` sum to at most 1; the rest is in the arm `default`."""
        self._salt = blake2b(name.encode(), digest_size=16).digest()
        self._names = [*shares, DEFAULT]
        self._bounds = list(accumulate(shares.values()))

    def of(self, user_id: str) -> str:
        """The arm of a user: always the same, and independent of that in an experiment of another name."""
        drawn = int.from_bytes(blake2b(user_id.encode(), digest_size=8, key=self._salt).digest()) / 2**64
        return self._names[bisect_right(self._bounds, drawn)]


def load_arms(settings: Settings) -> tuple[Arms, dict[str, Settings]]:
    """Who is in which arm, and the settings of each; without a file all are in `default`.

    Raises:
        SettingsError: the file is missing or has no sense.
    """
    if settings.arms is None:
        return Arms(), {DEFAULT: settings}
    try:
        experiment = _Experiment.model_validate(read_toml(settings.arms))
        total = sum(arm.share for arm in experiment.arms.values())
        if total > 1 + 1e-9:
            raise ValueError(f"the shares sum to {total:g}, more than 1")
        changed = {name: _settings(settings, arm.model_extra or {}) for name, arm in experiment.arms.items()}
    except (OSError, ValueError) as exc:
        flaw = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors()) if isinstance(exc, ValidationError) else exc
        raise SettingsError(f"{settings.arms} does not describe the arms of an experiment: {flaw}; see docs/settings.md") from exc
    shares = {name: arm.share for name, arm in experiment.arms.items()}
    if abs(total - 1) < 1e-9:
        # Rounding must leave nobody to `default`.
        shares[next(reversed(shares))] += 1.0
    return Arms(experiment.name, shares), {DEFAULT: settings} | changed


def _settings(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    if unknown := changes.keys() - MAY_DIFFER:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot differ between arms; {', '.join(sorted(MAY_DIFFER))} can")
    return Settings.model_validate({**{name: getattr(settings, name) for name in settings.model_fields_set}, **changes})
