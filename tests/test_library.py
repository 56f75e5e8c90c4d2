"""The public surface: what `streamrec` exports, what it loads, and that it ranks as the worker does."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

import streamrec
from streamrec import (
    Danmaku,
    Erasure,
    EventTime,
    Item,
    Purchase,
    Ranker,
    Recommender,
    Replay,
    Room,
    Rule,
    Settings,
    StreamrecError,
    View,
)
from streamrec.errors import BadEvent, SettingsError
from streamrec.evaluation.replay import Line
from streamrec.events import types as event_types
from streamrec.events.codec import encode
from streamrec.ranking.reasons.languages import words
from tests.shop import DAY, NOW, WordModel, catalogue, item, purchase, rule, settings, view

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "library.md").read_text()
HEAVY = ("faust", "mode", "aiokafka", "kafka", "rocksdict", "onnxruntime", "torch", "transformers")


def loaded_by(program: str) -> set[str]:
    """The packages that are loaded when a program has run in a process of its own."""
    program += "\nimport sys\nprint('\\n'.join({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


MUGS = [item(f"i{number}", f"thing{number} mug", created_ts=EventTime(NOW - DAY)) for number in range(4)]


def shop(**changes: Any) -> Recommender:
    """Four mugs in memory, read by a model of words, at a time that stands still."""
    made = Recommender(settings(**changes), WordModel(), clock_ms=lambda: NOW)
    made.put(*MUGS)
    return made


def test_exactly_what_is_documented_is_exported() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Fakes")[0], re.MULTILINE)
    assert sorted(documented) == streamrec.__all__ == sorted(streamrec.__all__)


def test_every_event_that_is_read_can_be_made_by_a_program() -> None:
    assert {declaration.kind.__name__ for declaration in event_types.DECLARED.values() if declaration.reader} <= set(streamrec.__all__)


@pytest.mark.parametrize("name", sorted(set(streamrec.__all__) - {"__version__"}))
def test_every_exported_name_explains_itself(name: str) -> None:
    exported = getattr(streamrec, name)
    assert inspect.getdoc(exported)
    if inspect.isclass(exported):
        for method, kind in inspect.getmembers(exported, inspect.isfunction):
            own = method in vars(exported) and not method.startswith("_")
            assert not own or inspect.getdoc(kind), f"{name}.{method} has no docstring"


def test_type_checkers_see_the_names_where_they_come_from() -> None:
    body = ast.parse(inspect.getsource(streamrec)).body
    (guarded,) = [node for node in body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)]
    imports = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    assert {alias.name: node.module for node in imports for alias in node.names} == streamrec._HOMES
    assert all(hasattr(importlib.import_module(module), name) for name, module in streamrec._HOMES.items())


def test_dir_lists_the_names_and_no_other_name_is_there() -> None:
    assert set(streamrec.__all__) <= set(dir(streamrec))
    with pytest.raises(AttributeError, match="has no attribute 'Recomender'"):
        streamrec.Recomender  # noqa: B018


def test_the_import_alone_loads_no_library() -> None:
    assert loaded_by("import streamrec").isdisjoint({*HEAVY, "numpy", "pydantic", "msgspec"})


def test_to_rank_by_words_of_ones_own_needs_neither_kafka_nor_faust_nor_rocksdb() -> None:
    loaded = loaded_by("from streamrec import Ranker, Catalogue, Replay, Recommender, Item, View, Settings, read_items, read_timeline")
    assert loaded.isdisjoint(HEAVY)
    assert "onnxruntime" in loaded_by("from streamrec import TextModel")


def test_a_whole_session_needs_no_kafka() -> None:
    program = "from streamrec import Recommender, Settings\nwith Recommender(Settings(scoring='off')) as shop: shop.recommend('anna')"
    assert loaded_by(program).isdisjoint(set(HEAVY) - {"onnxruntime"}), "ONNX Runtime reads the blend, and nothing else is needed"


def test_what_a_viewer_looked_at_speaks_in_their_list_and_in_no_other() -> None:
    with shop() as mugs:
        first = mugs.recommend("ann").items[0].item_id
        mugs.observe(view("ann", "i2"))
        best = mugs.recommend("ann").items[0]
        assert best.item_id == "i2" != first
        assert "seen" in best.scores
        assert not any("seen" in ranked.scores for ranked in mugs.recommend("ben").items)


def test_the_same_input_gives_the_same_lists() -> None:
    def lists() -> list[dict[str, Any]]:
        with shop(explore_slots=1) as mugs:
            mugs.observe(view("ann", "i2"), purchase("ben", "i1"))
            return [msgspec.to_builtins(mugs.recommend(user)) for user in ("ann", "ben", "ann")]

    first = lists()
    assert first == lists()
    assert [(made["list_id"], made["seq"]) for made in first] == [("asked-0-0", 1), ("asked-0-1", 1), ("asked-0-2", 2)]


def test_a_list_is_the_one_that_a_replay_makes() -> None:
    history = [purchase("ben", "i1", NOW - 5), view("ann", "i2", NOW - 4), purchase("ann", "i3", NOW - 3)]
    asking = view("ann", "i0", NOW)
    with shop() as mugs:
        mugs.observe(*history)
        mine = mugs.recommend("ann")
        used = settings()
        goods = catalogue(*MUGS, model=WordModel())
        topics = {View: "views", Purchase: "purchases"}
        lines = [Line(number, topics[type(event)], event, encode(event)) for number, event in enumerate([*history, asking])]
        ranker = Ranker(goods, used, mugs.ranker.base)
        (replayed,) = Replay(used, goods, ranker, rank_from=NOW).run(lines)
    assert mine.items == replayed.items


def test_a_viewer_in_a_live_room_is_shown_its_shelf() -> None:
    with shop(candidates="live") as mugs:
        mugs.put(Room(room_id="kitchen", host_id="mei", status="live", shelf=["i1", "i3"], ts=EventTime(NOW)))
        assert {ranked.item_id for ranked in mugs.recommend("ann", room_id="kitchen").items} == {"i1", "i3"}


def test_rules_hold_and_explain_themselves() -> None:
    with shop() as mugs:
        mugs.put(rule("first", "pin", "i3"), rule("never", "block", "i0"))
        made = mugs.recommend("ann").items
        assert made[0].item_id == "i3"
        assert "i0" not in {ranked.item_id for ranked in made}
        assert "The shop placed it here (rule first)." in mugs.explain(made[0])
        assert mugs.explain(made[0], "zh")[0] == "商家特意安排的（规则“first”）。"


def test_reasons_name_the_titles_of_the_items_that_they_speak_of() -> None:
    with shop() as mugs:
        for buyer in range(8):
            mugs.observe(*(purchase(f"u{buyer}", bought, order_id=f"o-{buyer}") for bought in ("i1", "i3")))
        mugs.observe(purchase("ann", "i1", NOW + 1))
        (bought_with,) = [ranked for ranked in mugs.recommend("ann").items if ranked.item_id == "i3"]
        assert "Others picked it along with thing1 mug." in mugs.explain(bought_with)
        assert "也有人把它和“thing1 mug”一起选。" in mugs.explain(bought_with, "zh")


def test_whoever_is_erased_is_a_stranger_again() -> None:
    with shop() as mugs:
        mugs.observe(view("ann", "i2", NOW - 10))
        known = mugs.recommend("ann")
        mugs.observe(Erasure(user_id="ann", ts=EventTime(NOW)), view("ann", "i2", NOW - 5))
        unknown = mugs.recommend("ann")
        assert [ranked.scores for ranked in unknown.items] == [ranked.scores for ranked in mugs.recommend("stranger").items]
        assert unknown.seq == known.seq + 1, "who reads lists tells new from old by their number"


def test_a_stranger_is_told_nothing_of_what_they_never_did() -> None:
    """By the shipped model, whose weights give something to the price and to BERT's reading of everybody."""
    with Recommender(settings(scoring="bert", k=20, blend_for="always", cross_for="all"), clock_ms=lambda: NOW) as mugs:
        goods = ("Red enamel mug", "Blue enamel mug", "Paper lantern", "Garden hose", "Silver spoon", "Tea, 100 g")
        listed = [NOW - (DAY if number < 3 else 300 * DAY) for number in range(len(goods))]
        mugs.put(*(item(title, title, price=3.0 * n, created_ts=EventTime(listed[n])) for n, title in enumerate(goods)))
        mugs.observe(*(purchase(f"u{number}", title, NOW - number) for number, title in enumerate(goods[:3])))

        def personal(viewer: str) -> set[str]:
            told = {code for ranked in mugs.recommend(viewer).items for code in ranked.reasons}
            return {code for code in told if re.search(r"\byour?\b", words("en").sentences[code], re.IGNORECASE)}

        assert "bought_before" in personal("u0")
        assert not personal("nobody")
        assert any("cross" in ranked.scores and "price" in ranked.scores for ranked in mugs.recommend("nobody").items), "they still count"


def test_a_time_may_be_written_as_in_kafka() -> None:
    with shop() as mugs:
        mugs.observe(View(user_id="ann", item_id="i2", ts="2023-11-14T22:13:20Z"))  # type: ignore[arg-type]
        assert "You had a look at it before." in mugs.explain(mugs.recommend("ann").items[0])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (item("57", price=-1.0), r"^item '57': Expected .* `\$\.price`$"),
        (item("57", price=float("nan")), r"^item '57': a number that is not finite - at `\$\.price`$"),
        (item("57", media_vectors={"image": [1.0, float("inf")]}), r"^item '57': a number that is not finite - at `\$\.media_vectors`$"),
        (item("57", price=Decimal("1.5")), r"^item '57': Expected `float`, got `str` - at `\$\.price`$"),
        (item("57", price=object()), r"^item '57': a field does not travel as JSON \(object .*\)$"),
        (item("57", title="\ud800"), r"^item '57': a field does not travel as JSON"),
        (item("57", price=10**400), r"^item '57': "),
        (item(""), r"^item \(record 2 of the call\): .*`\$\.item_id`$"),
        (Room(room_id="hall", host_id="mei", status="open", shelf=[], ts=EventTime(NOW)), r"^room 'hall': .*`\$\.status`$"),  # type: ignore[arg-type]
        (Rule(rule_id="first", action="boost", target="item", target_id="i1", factor=0.5), r"^rule 'first': .*`\$\.factor`$"),
    ],
)
def test_what_is_wrong_with_one_of_many_records_is_said_with_its_id(bad: Any, message: str) -> None:
    with shop() as mugs:
        with pytest.raises(BadEvent, match=message):
            mugs.put(item("fine"), bad, item("as fine"))
        assert "fine" not in mugs.catalogue.items.slots


@pytest.mark.parametrize(
    "bad",
    [
        Purchase(user_id="zoe", item_id="i1", ts=EventTime(NOW), price=float("nan"), currency="EUR"),
        view("zoe", "i1", ts=5),
        view("zoe", "\n"),
    ],
)
def test_which_event_is_wrong_is_said_without_saying_whose(bad: Any) -> None:
    with shop() as mugs:
        with pytest.raises(BadEvent, match=r"^(purchase|view) \(record 2 of the call\): ") as refused:
            mugs.observe(view("ann", "i2"), bad)
        assert "zoe" not in str(refused.value)
        assert mugs.recommend("ann").items[0].item_id == "i2", "what came before is kept"


@pytest.mark.parametrize(
    ("call", "record", "message"),
    [
        ("put", {"item_id": "i9"}, "^put takes Item, Room or Rule, not dict$"),
        ("put", [item("i9")], r"^put takes Item, Room or Rule, not list; give what is in it as put\(\*records\)$"),
        ("put", view("ann", "i2"), "^put takes Item, Room or Rule, not View$"),
        ("observe", item("i9"), "^observe takes View, Purchase, Danmaku, Feedback, Erasure or Transcript, not Item$"),
        ("observe", "view", "^observe takes .* not str$"),
        ("explain", "i2", r"^explain takes an item of a list \(RankedItem\), not str$"),
    ],
)
def test_what_a_call_does_not_take_is_refused_by_its_type(call: str, record: Any, message: str) -> None:
    with shop() as mugs, pytest.raises(TypeError, match=message):
        getattr(mugs, call)(record)


@pytest.mark.parametrize("wrong", [7, None, "", "a\nb", "x" * 129])
def test_a_list_is_made_for_an_id_as_events_have_it(wrong: Any) -> None:
    with shop() as mugs:
        with pytest.raises(BadEvent, match=r"^user_id: .* 1 to 128 characters"):
            mugs.recommend(wrong)
        if wrong is not None:
            with pytest.raises(BadEvent, match=r"^room_id: .* 1 to 128 characters"):
                mugs.recommend("ann", room_id=wrong)


@pytest.mark.parametrize("language", ["zh-CN", "", "../words/en"])
def test_a_language_without_sentences_is_refused_with_those_that_there_are(language: str) -> None:
    with shop(blend_for="always") as mugs, pytest.raises(StreamrecError, match=r"choose one of en, es, vi, zh$"):
        mugs.explain(mugs.recommend("ann").items[0], language)


def test_settings_of_a_program_are_refused_as_the_page_says() -> None:
    with pytest.raises(ValidationError, match="k"):
        Settings(k=0)
    assert issubclass(ValidationError, ValueError)


def test_a_stranger_is_shown_new_items_first_and_others_too() -> None:
    with Recommender(settings(candidates="auto"), WordModel(), clock_ms=lambda: NOW) as mugs:
        mugs.put(item("old"), item("dated", created_ts=EventTime(NOW - DAY)))
        assert [ranked.item_id for ranked in mugs.recommend("ann").items] == ["dated", "old"]


def test_once_a_room_is_live_lists_hold_its_shelf_unless_all_are_candidates() -> None:
    for candidates, shown in (("auto", {"i1"}), ("all", {"i0", "i1", "i2", "i3"})):
        with shop(candidates=candidates) as mugs:
            mugs.put(Room(room_id="kitchen", host_id="mei", status="live", shelf=["i1"], ts=EventTime(NOW)))
            assert {ranked.item_id for ranked in mugs.recommend("ann").items} == shown


def test_every_program_of_the_page_prints_what_the_page_says(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")} | {"PYTHONPATH": str(ROOT)}
    printed = [
        subprocess.run([sys.executable, "-c", text], cwd=tmp_path, env=kept, capture_output=True, text=True, check=True).stdout
        for text in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    ]
    first, replayed, tested = printed
    assert re.search(r"^1 lamp-1 .*You mentioned it in the chat\.", first)
    assert {line.split()[1] for line in first.splitlines() if "您" in line} == {"lamp-1", "mug-1"}
    assert re.fullmatch(r"anna \['(mug|lamp)-1', '(mug|lamp)-1'\]\nben \['mug-1', 'lamp-1'\]\n", replayed)
    assert tested == ""


def test_an_event_outside_its_limits_is_refused_by_the_root_of_all_errors() -> None:
    with shop() as mugs:
        with pytest.raises(StreamrecError, match=r"user_id") as refused:
            mugs.observe(Danmaku(user_id="", room_id="r", ts=EventTime(NOW), text="hello"))
        assert isinstance(refused.value, BadEvent)
        with pytest.raises(StreamrecError):
            mugs.put(item("fine"), Item(item_id="i9", title="mug", price=-1.0, currency="GBP"))
        assert "fine" not in mugs.catalogue.items.slots, "all of a call, or nothing"


def test_a_variable_that_is_no_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMREC_KK", "5")
    with pytest.raises(SettingsError, match="STREAMREC_KK"):
        Recommender()


def test_the_settings_of_a_program_count() -> None:
    with shop(k=2) as mugs:
        assert len(mugs.recommend("ann").items) == 2
    assert Settings(k=2).k == 2


def test_the_example_and_a_program_of_a_user_pass_a_strict_type_checker(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import streamrec\nfrom streamrec import Recommendation, Recommender, TextModel\n\n\n"
        "def first(shop: Recommender, user: str) -> str:\n"
        "    made: Recommendation = shop.recommend(user)\n"
        "    shop.observe('no event')\n"
        "    return made.items[0].item_id\n\n\n"
        "model: int = TextModel.load()\nstreamrec.Recomender\n"
    )
    # By the settings of `make check`, whose cache makes this quick.
    line = [sys.executable, "-m", "mypy", "--no-error-summary", str(program), str(ROOT / "examples/rank_without_kafka.py")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    wrong = [("7", "arg-type"), ("11", "assignment"), ("12", "attr-defined")]
    assert re.findall(r"program\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE) == wrong, done.stdout + done.stderr
    assert len(re.findall("error:", done.stdout)) == len(wrong), done.stdout
