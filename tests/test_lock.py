"""The locks: what tests and images are made of, in exact versions and digests, and within what setup.cfg allows."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
TESTS, IMAGE = "requirements-test.lock", "deploy/requirements.txt"
LOCKS = (TESTS, IMAGE)


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Every locked version with its digests."""
    text = re.sub(r"^#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE).replace("\\\n", "")
    return [(Requirement(first), digests) for first, *digests in (line.split(" --hash=") for line in text.splitlines())]


def versions(lock: str, python: str) -> dict[str, Version]:
    """What is installed for a Python on Linux, by name."""
    environment = {"python_version": python, "python_full_version": f"{python}.1", "sys_platform": "linux", "platform_machine": "x86_64"}
    environment |= {"platform_python_implementation": "CPython", "implementation_name": "cpython"}
    there = [locked for locked, _ in entries(lock) if locked.marker is None or locked.marker.evaluate(environment)]
    assert len({locked.name for locked in there}) == len(there), "one version of each"
    return {canonicalize_name(locked.name): Version(next(iter(locked.specifier)).version) for locked in there}


def wanted(*extras: str) -> Iterator[Requirement]:
    """What setup.cfg asks for on Linux, with what its extras ask for."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup["options"]["install_requires"].splitlines()
    for extra in extras:
        lines += setup["options.extras_require"][extra].splitlines()
    for line in filter(None, lines):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"sys_platform": "linux", "platform_machine": "x86_64"}):
            yield requirement


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize(("lock", "extras"), [(TESTS, ["test"]), (IMAGE, [])])
def test_every_requirement_is_locked_within_its_range(lock: str, extras: list[str], python: str) -> None:
    locked = versions(lock, python)
    for requirement in wanted(*extras):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in {lock}; run `make lock`"
        assert requirement.specifier.contains(version), f"{requirement}, but {lock} has {version}; run `make lock`"


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_image_is_made_of_what_the_tests_ran_on(python: str) -> None:
    assert versions(IMAGE, python).items() <= versions(TESTS, python).items()


@pytest.mark.parametrize("lock", LOCKS)
def test_what_builds_streamrec_is_locked_as_well(lock: str) -> None:
    requires = re.search(r'requires = \["(.+?)"\]', (ROOT / "pyproject.toml").read_text())
    assert requires
    backend = Requirement(requires[1])
    assert backend.specifier.contains(versions(lock, "3.12")[backend.name])


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_is_exact_and_has_digests_and_no_place_of_its_own(lock: str) -> None:
    for locked, digests in entries(lock):
        assert [specifier.operator for specifier in locked.specifier] == ["=="], locked
        assert locked.url is None
        assert digests
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", digest) for digest in digests), locked
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|^-|/(home|root|tmp|work)\b", text, re.MULTILINE), "any index that pip is told of will do"
