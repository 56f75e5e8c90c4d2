"""`streamrec train all`: two files in, a folder out that serves; or a sentence that says what is wrong, and nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from streamrec.bert.blends import file_name, read_blend
from streamrec.bert.fitness import faults
from streamrec.bert.folder import SHIPPED, seal
from streamrec.cli.models import app as models
from streamrec.cli.train import app
from streamrec.datasets.lines import write_lines
from streamrec.datasets.listings import first_sales, relisted
from streamrec.errors import DigestMismatch, InputError
from streamrec.events.files import read_events, read_items
from streamrec.library.recommender import Recommender
from streamrec.settings import load
from tests.cli.train.own_shop import write_shop
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.train
ROOT = Path(__file__).parents[3]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["all", *map(str, arguments)])


def flags(folder: Path, **more: object) -> list[object]:
    files = {"items": folder / "items.jsonl", "events": folder / "events.jsonl", "into": folder / "model", "seeds": 1, **more}
    return [word for name, value in files.items() for word in (f"--{name}", value)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with `model`, made by the command without BERT, and the report."""
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    done = run(*flags(folder, scoring="off"), "--json")
    assert done.exit_code == 0, done.output
    return folder, json.loads(done.stdout.splitlines()[-1])


def test_what_a_shop_sells_is_learned_and_checked_on_its_last_orders(trained: tuple[Path, dict[str, Any]]) -> None:
    """Nobody buys anything twice, which the plain blend expects of everybody."""
    _, report = trained
    allow, exclude = report["blends"]
    assert (allow["repeats"], exclude["repeats"], allow["scoring"]) == ("allow", "exclude", "off")
    assert allow["adopted"]
    assert allow["ndcg@10"]["new"] > 1.5 * allow["ndcg@10"]["plain"]
    assert {"new", "plain", "start"} <= allow["ndcg@10"].keys()
    assert 20 <= allow["lists"] <= 0.25 * report["orders"]
    assert allow["times"]["plain"][1] > 1
    assert report["from"] < report["checked_from"] < report["until"]


def test_the_folder_serves_this_shop_with_its_own_blend_and_another_with_the_plain_one(trained: tuple[Path, dict[str, Any]]) -> None:
    folder, report = trained
    model = folder / "model"
    assert faults(model) == []
    assert CliRunner().invoke(models, ["verify", str(model)]).exit_code == 0
    assert json.loads((model / "report.json").read_text()) == {name: report[name] for name in report.keys() - {"into", "revision"}}
    used = load(model=model, scoring="off", candidates="all")
    for items, version in ((folder / "items.jsonl", f"own-{report['until']}"), (write_shop(folder / "other", "other")[0], "plain")):
        with Recommender(used) as recommender:
            recommender.put(*read_items(items))
            assert recommender.recommend("viewer-1").weights_version == version
    _, card = read_blend(model / file_name("allow", "off"))
    assert card.catalogue is not None
    assert card.catalogue.items == report["items"] == 100
    assert not (model / file_name("allow", "bert")).exists(), "trained for another shop"


def test_a_folder_that_is_there_is_never_written_over(trained: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = trained
    before = (folder / "model/digests.json").read_bytes()
    done = run(*flags(folder))
    assert isinstance(done.exception, InputError)
    assert "is there already" in str(done.exception)
    assert (folder / "model/digests.json").read_bytes() == before


def test_a_blend_that_is_worse_than_the_plain_one_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beginning with a folder whose own blends are of other features, and so are not measured."""
    pytest.importorskip("onnx")
    from streamrec.training.steps import own_folder
    from tests.bert.cards import rewrite_card

    write_shop(tmp_path)
    start = Path(shutil.copytree(SHIPPED, tmp_path / "start"))
    for path in start.glob("onnx/blend-*"):
        rewrite_card(path, schema_version=1000)
    seal(start)
    train = own_folder.train_blend

    def against(*arguments: Any) -> Any:
        made = train(*arguments)
        made.blend = made.blend.adjusted({name: -2 * weight for name, weight in made.blend.weights.items()}, "worse")
        made.blend.network.out[:] *= -1
        return made

    monkeypatch.setattr(own_folder, "train_blend", against)
    done = run(*flags(tmp_path, scoring="off", model=start))
    assert done.exit_code == 0, done.output
    assert "left out: the plain blend ranks" in done.stdout
    assert "start" not in json.loads((tmp_path / "model/report.json").read_text())["blends"][0]["ndcg@10"]
    assert not list((tmp_path / "model").glob("onnx/blend-*"))
    assert faults(tmp_path / "model") == []


def test_dates_of_listing_that_were_made_from_the_sales_are_said_to_be_drawn_anew(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from streamrec.training.steps.blend import DRAWN

    items, events = write_shop(tmp_path)
    sales = first_sales(line.event for line in read_events(events))
    write_lines(items, relisted(map(json.loads, items.read_text().splitlines()), sales, "first-sale"))
    done = run(*flags(tmp_path, scoring="off"))
    assert done.exit_code == 0, done.output
    assert f"dates of listing: {DRAWN}" in done.stdout
    assert f"dates of listing: {DRAWN}" in (tmp_path / "model/README.md").read_text()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"orders": 60}, "too few to train and check a blend"),
        ({"bought": "other"}, "ids must be the same in both (bought: 'other-"),
        ({"until": "2001-01-01"}, "has no purchases before 2001-01-01"),
        ({"from": "2020-11-01"}, "begin earlier with --from"),
        ({"no items": True}, "items.jsonl has no items"),
        ({"broken": True}, "events.jsonl: line 1"),
    ],
)
def test_what_cannot_be_learned_from_is_said_at_once_and_leaves_nothing(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    items, events = write_shop(tmp_path, orders=changes.get("orders", 300))
    if "bought" in changes:
        events.write_text(events.read_text().replace("own-", "other-"))
    if "no items" in changes:
        items.write_text("\n")
    if "broken" in changes:
        events.write_text("{\n")
    days = {name: changes[name] for name in ("from", "until") if name in changes}
    done = run(*flags(tmp_path, **days))
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "items.jsonl"]


def test_ctrl_c_leaves_no_half_folder(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    write_shop(tmp_path)
    command = [sys.executable, "-m", "streamrec.cli.main", "train", "all", *map(str, flags(tmp_path, scoring="off"))]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=os.environ)
    end = time.monotonic() + PATIENCE_S
    while not list(tmp_path.glob(".model.*/README.md")) and time.monotonic() < end:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "items.jsonl"]


def test_a_folder_with_blends_of_older_features_is_mended_by_training(tmp_path: Path) -> None:
    """The refused blends make way, the trained one serves, and the rest of the folder stays as it was."""
    pytest.importorskip("onnx")
    from tests.bert.cards import rewrite_card

    items, events = write_shop(tmp_path)
    model = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    for path in model.glob("onnx/blend-*"):
        rewrite_card(path, schema_version=1000)
    seal(model)
    (model / file_name("exclude", "off")).unlink()  # by hand, so that the digests are those of before
    span = ["--from", "2020-09-25", "--until", "2020-11-12", "--scoring", "off", "--repeats", "allow", "--seeds", 1]
    words = ["blend", "--items", items, "--events", events, "--into", model, *span]
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    assert [path.name for path in model.glob("onnx/blend-*")] == ["blend-allow-off.onnx"]
    assert faults(model) == []
    assert read_blend(model / file_name("allow", "off"))[1].catalogue is not None


def test_training_does_not_vouch_for_a_folder_whose_other_files_have_changed(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from streamrec.training.steps.mend import mend

    model = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    (model / "vocab.txt").write_text("x")
    with pytest.raises(DigestMismatch, match=r"vocab\.txt"):
        mend(model)


def test_what_the_documentation_says_can_be_typed(tmp_path: Path) -> None:
    """The block of `docs/training.md` under "Your own shop in one command"."""
    pytest.importorskip("onnx")
    section = (ROOT / "docs/training.md").read_text().partition("## Your own shop in one command")[2].partition("\n## ")[0]
    assert section.count("\n") <= 26
    (block,) = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    write_shop(tmp_path, orders=170)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for line in block.splitlines():
        name, *words = line.split()
        assert name == "streamrec"
        command = [sys.executable, "-m", "streamrec.cli.main", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    report = json.loads((tmp_path / "my-model/report.json").read_text())
    assert [(made["repeats"], made["scoring"]) for made in report["blends"]] == [
        ("allow", "bert"), ("exclude", "bert"), ("allow", "off"), ("exclude", "off"),
    ]  # fmt: skip
    assert (tmp_path / "lists.jsonl").read_text().count("\n") == 170
