"""The wheel and the sdist: what is in them, that one builds the other, and that the wheel works without a clone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from streamrec import __version__

pytest.importorskip("build", reason="needs the package build")

ROOT = Path(__file__).parent.parent
SOURCES = ("streamrec", "docs", "examples", "schemas", "setup.cfg", "pyproject.toml", "MANIFEST.in", "LICENSE")
SOURCES += ("README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md")
CACHES = shutil.ignore_patterns("__pycache__", "*.pyc")


class Built(NamedTuple):
    """What `make build` makes, and the wheel that is built without an sdist between."""

    sdist: Path
    wheel: Path
    direct: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built from a copy: the clone stays as it is."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=CACHES)
        else:
            shutil.copy(ROOT / name, tree)
    # As far as setuptools looks for packages and tests, these are all there.
    for folder in ("tests", "benchmarks"):
        (tree / folder).mkdir()
        (tree / folder / "__init__.py").touch()
        (tree / folder / "test_nothing.py").touch()

    def build(folder: str, *kind: str) -> None:
        line = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out / folder), *kind, str(tree)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    build("through")
    build("direct", "--wheel")
    (sdist,), (wheel,) = (out / "through").glob("*.tar.gz"), (out / "through").glob("*.whl")
    (direct,) = (out / "direct").glob("*.whl")
    return Built(sdist, wheel, direct)


def contents(wheel: Path) -> dict[str, int]:
    """The files of a wheel with their check sums."""
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info.CRC for info in archive.infolist()}


def test_the_wheel_holds_the_package_and_nothing_else(built: Built) -> None:
    package = {
        str(path.relative_to(ROOT)) for path in (ROOT / "streamrec").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    held = set(contents(built.wheel))
    assert {name for name in held if not re.match(r"streamrec-[\d.]+\.dist-info/", name)} == package
    assert f"streamrec-{__version__}.dist-info/licenses/LICENSE" in held
    assert "streamrec/py.typed" in held, "type checkers ask for it"


def test_the_sdist_holds_docs_examples_and_schemas_and_no_tests(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2].split("/")[0] for name in archive.getnames()}
    assert names - {""} == {*SOURCES, "PKG-INFO", "streamrec.egg-info"}


def test_the_sdist_builds_the_wheel_that_the_clone_builds(built: Built) -> None:
    assert contents(built.wheel) == contents(built.direct)


def test_the_wheel_works_where_there_is_no_clone(built: Built, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(built.wheel)]
    subprocess.run(pip, check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")} | {"PYTHONPATH": str(site)}

    def run(*line: str) -> str:
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    assert run(sys.executable, "-c", "import streamrec; print(streamrec.__file__)").strip() == str(site / "streamrec" / "__init__.py")
    assert run(str(site / "bin" / "streamrec"), "--version") == f"{__version__}\n"
    run(str(site / "bin" / "streamrec"), "models", "verify")
    shutil.copy(ROOT / "examples" / "rank_without_kafka.py", tmp_path)
    assert run(sys.executable, "rank_without_kafka.py").startswith("1. lamp-1 ")
    run(sys.executable, "-c", "from streamrec.testing import EmbeddedBroker, MemoryRows, WordModel")
