"""The quality benchmark: what is made anew, that no month knows what comes after it, and when a goal is reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.progress import Progress

pytest.importorskip("scipy")

from benchmarks.quality.figures import Aligned, measure, never_sold
from benchmarks.quality.goals import goals
from benchmarks.quality.modes import REPEATS
from benchmarks.quality.periods import Period, months, ms
from benchmarks.quality.plan import OTHER, OURS, PLAIN, SHIPPED, Data, rank, record, steps, text
from benchmarks.quality.ranking import Lister, scores
from benchmarks.quality.recorded import Kept, read, read_names
from benchmarks.quality.recorded import record as keep
from benchmarks.quality.report import tables
from benchmarks.quality.shops import shipped
from benchmarks.quality.steps import Step, StepFailed, run_all
from benchmarks.quality.unsold import TF_IDF, Unsold, auc_of
from streamrec.bert.folder import SHIPPED as MODEL
from streamrec.evaluation.baselines.run import in_time_order
from streamrec.evaluation.evaluator import ListScores
from streamrec.evaluation.replay import Replay, read_timeline
from streamrec.events.files import read_events, read_items
from streamrec.ranking.features.schema import FEATURES, POSITION, TEXT
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings
from streamrec.training.data.rolls import Sample
from streamrec.worker.assembly import build_ranking
from tests.benchmarks.months import DAY, END, LEARN, MARCH, PERIOD, events, purchase, shop

CODE = ("benchmarks/quality/modes.py",)


def step(folder: Path, name: str, code: str, after: tuple[str, ...] = ()) -> Step:
    """A step that appends a line to NAME.txt and reads input.txt."""
    out = folder / f"{name}.txt"
    return Step(name, ["-c", f"open({str(out)!r}, 'a').write('made\\n'); {code}"], out, [folder / "input.txt"], CODE, after)


def test_a_result_is_kept_until_its_input_or_its_command_changes(tmp_path: Path) -> None:
    (tmp_path / "input.txt").write_text("1")
    first = step(tmp_path, "a", "")
    assert run_all([first], tmp_path / "logs", 1) == ["a"]
    assert run_all([first], tmp_path / "logs", 1) == []
    (tmp_path / "input.txt").write_text("22")
    assert run_all([first], tmp_path / "logs", 1) == ["a"]
    assert run_all([step(tmp_path, "a", "1")], tmp_path / "logs", 1) == ["a"]
    first.out.unlink()
    assert run_all([step(tmp_path, "a", "1")], tmp_path / "logs", 1) == ["a"]


def test_a_step_waits_for_those_before_it(tmp_path: Path) -> None:
    (tmp_path / "input.txt").write_text("1")
    second = step(tmp_path, "b", f"assert open({str(tmp_path / 'a.txt')!r}).read()", after=("a",))
    assert run_all([second, step(tmp_path, "a", "")], tmp_path / "logs", 2) == ["a", "b"]


def test_a_failed_step_is_told_with_its_log_and_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "input.txt").write_text("1")
    broken = step(tmp_path, "a", "raise SystemExit('no such thing')")
    for _ in range(2):
        with pytest.raises(StepFailed, match=r"a ended with exit code 1; see .*a\.log(.|\n)*no such thing"):
            run_all([broken], tmp_path / "logs", 1)


def test_months_begin_on_their_first_day_and_are_cut_off_at_both_ends() -> None:
    found = months(date(2011, 11, 15), date(2012, 2, 3), 10)
    assert [period.name for period in found] == ["2011-11", "2011-12", "2012-01", "2012-02"]
    assert [period.since for period in found] == [
        ms(date(2011, 11, 15)),
        *(ms(date(*day, 1)) for day in ((2011, 12), (2012, 1), (2012, 2))),
    ]
    assert [period.until for period in found] == [*(period.since for period in found[1:]), ms(date(2012, 2, 3))]
    assert {period.since - period.learn_from for period in found} == {10 * DAY}


def test_a_month_that_begins_before_the_encoder_was_done_goes_without_text(tmp_path: Path) -> None:
    early, late = Period("a", 100, 200, 0), Period("b", 200, 300, 100)
    data = Data("toy", tmp_path, tmp_path, tmp_path, MODEL, (early, late), text_from=150)
    assert (data.text_of(early), data.text_of(late)) == (200, 150)
    sample = Sample(120, np.ones((2, len(FEATURES)), np.float16), np.zeros(2, bool), 0)
    blend = Blend(dict.fromkeys(FEATURES, 0.0) | {TEXT[0]: 1.0, "covisits": 0.5}, "toy")
    assert scores(blend, sample, data.text_of(early)).tolist() == [0.5, 0.5]
    assert scores(blend, sample, 0).tolist() == [1.5, 1.5]
    assert sample.features[:, POSITION[TEXT[0]]].tolist() == [1, 1]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """The made-up shop as it was recorded."""
    made = shop(tmp_path_factory.mktemp("toy"), "first-of-month")
    recorded(made)
    return made


def recorded(data: Data) -> Path:
    with Progress(disable=True) as progress:
        keep(Settings(), data.items, data.events, (LEARN, END), record(data).out, progress)
    return record(data).out


def lists(data: Data, mode: str, since: int = LEARN, until: int = END) -> list[Kept]:
    return list(read(record(data).out, mode, since, until))


def test_every_order_of_the_span_is_recorded_in_time_order_with_its_items(data: Data) -> None:
    orders: dict[tuple[str, int], set[str]] = {}
    for line in events():
        if line["ts"] >= LEARN:
            orders.setdefault((line["user_id"], line["ts"]), set()).add(line["item_id"])
    found, names = lists(data, "all"), read_names(record(data).out)
    assert [(kept.user_id, kept.trigger.ts) for kept in found] == list(orders)
    for kept, wanted in zip(found, orders.values(), strict=True):
        right = {names[number] for number in kept.sample.slots[kept.sample.ordered].tolist()}
        assert right <= wanted
        assert kept.sample.relevant == len(wanted)
        assert kept.sample.features.shape == (len(kept.sample.slots), len(FEATURES))


def test_what_is_recorded_gives_the_lists_of_a_replay(data: Data) -> None:
    used = Settings(cross_pairs=0, candidates="all", diversity=0.0, k=10, repeats="exclude")
    ranking = build_ranking(used)
    ranking.catalogue.put_items(read_items(data.items))
    ranking.ranker.rebase(Blend.plain())
    replay = Replay(used, ranking.catalogue, ranking.ranker, rank_at=("purchases",), rank_from=MARCH)
    replayed = {made.list_id: [listed.item_id for listed in made.items] for made in replay.run(read_timeline(data.events))}
    lister = Lister(read_names(record(data).out), 0)
    ours = [lister.of(Blend.plain(), kept) for kept in lists(data, "new", MARCH)]
    assert [made.list_id for made in ours] == [*replayed]
    # In half precision near ties may fall otherwise.
    same = [listed.item_id == theirs for made in ours for listed, theirs in zip(made.items, replayed[made.list_id], strict=False)]
    assert np.mean(same) > 0.97


def test_what_comes_later_changes_nothing_that_was_recorded_before(data: Data, tmp_path: Path) -> None:
    poison = [purchase(user, 39, MARCH + at, f"poison-{user}-{at}") for user in range(24) for at in range(4)]
    late = shop(tmp_path, "first-of-month", [line for line in events() if line["ts"] < MARCH] + poison)
    # A later first sale is a later listing: that is what the form says, and no leak.
    late = replace(late, items=data.items)
    recorded(late)
    for mode in REPEATS:
        for one, other in zip(lists(data, mode, until=MARCH), lists(late, mode, until=MARCH), strict=True):
            assert one.trigger == other.trigger
            assert np.array_equal(one.sample.features, other.sample.features)
            assert np.array_equal(one.sample.ordered, other.sample.ordered)


def test_an_order_that_is_not_over_before_the_month_is_not_learned_from(tmp_path: Path) -> None:
    lines = [line for line in events() if line["ts"] < MARCH]
    open_end = lines[-1] | {"ts": MARCH + 1}
    long = shop(tmp_path, "first-sale", [*lines, open_end])
    recorded(long)
    before = lists(long, "all", until=MARCH)
    assert lines[-1]["ts"] not in {kept.trigger.ts for kept in before}
    assert len(before) == len({line["order_id"] for line in lines if line["ts"] >= LEARN}) - 1


def test_among_never_sold_items_a_ranking_is_judged_by_what_was_bought_next(data: Data) -> None:
    lines = in_time_order(read_events(data.events))
    found = {mode: {kept.trigger.offset: kept for kept in lists(data, mode, MARCH)} for mode in REPEATS}
    of_best = Blend(dict.fromkeys(FEATURES, 0.0), "nothing")
    study = Unsold(read_items(data.items), lines, MARCH)
    rows = study.compare(found, read_names(record(data).out), dict.fromkeys(REPEATS, of_best), 0)
    debuts = {line["item_id"]: line["ts"] for line in reversed(events())}
    # Beside the last of them nothing else is left that never sold.
    assert len(rows) == len({ts for ts in debuts.values() if ts >= MARCH}) - 1
    # Whoever likes red mugs buys the next red one: the words of titles know, and a blend of zeros does not.
    assert np.mean([row[TF_IDF] for row in rows]) > 0.6
    assert {row["streamrec, new items"] for row in rows} <= {0.5, 1.0, 0.75}


def test_a_tie_counts_half_in_the_auc() -> None:
    assert auc_of(np.array([3.0, 2.0, 2.0, 1.0]), np.array([False, True, False, False])) == pytest.approx(0.5)


@pytest.mark.train
def test_a_shop_is_measured_by_its_commands_and_nothing_is_made_twice(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    forms = [shop(tmp_path, form) for form in ("first-sale", "first-of-month")]
    planned = steps(forms)
    assert sorted(run_all(planned, tmp_path / "logs", 2)) == sorted(one.name for one in planned)
    assert run_all(planned, tmp_path / "logs", 2) == []
    found = {data.name: measure(data) for data in forms}
    for figures in found.values():
        for mode in REPEATS:
            of_mode = figures["modes"][mode]
            assert {*of_mode["pooled"]["systems"]} == {OURS, PLAIN, OTHER, *forms[0].baselines}
            assert of_mode["months"]["2011-03"]["systems"] == of_mode["pooled"]["systems"]
            assert sum(of["lists"] for of in of_mode["strata"]["items known"].values()) == of_mode["pooled"]["lists"] > 30
        # All of the shop is two tastes: whoever sees them is far above popularity.
        assert figures["modes"]["all"]["pooled"]["over"]["popularity"]["ndcg"][1] > 1.2
    assert found["toy-first-sale"]["never_sold"] == {"orders": 0}
    assert found["toy-first-of-month"]["never_sold"]["orders"] > 0
    report = {"forms": found, "text": None, "amazon": None, "notes": ["nothing"], "goals": goals(found, None, None)}
    assert {goal["form"] for goal in report["goals"]} == {*found}
    assert "| popularity | " in tables(report)
    # The recordings do not depend on how blends are trained, and are thus kept when that changes.
    assert not [part for part in record(forms[0]).code if "training/steps".startswith(part.removeprefix("streamrec/"))]
    first = forms[0].blend("all", PERIOD)
    first.unlink()
    again = run_all(planned, tmp_path / "logs", 1)
    assert again == [one.name for one in planned if one.out == first]


def test_the_plan_names_every_step_once_and_each_writes_a_place_of_its_own(tmp_path: Path) -> None:
    forms = [shop(tmp_path, form) for form in ("first-sale", "first-of-month")]
    planned = [*steps(forms), text(forms[0], PERIOD)]
    assert len({one.name for one in planned}) == len({one.out for one in planned}) == len(planned) == 2 * (1 + 1 + 2 + 2 + 1) + 1
    names = {one.name for one in planned}
    assert all(names.issuperset(one.after) for one in planned)


def test_the_models_own_blend_is_measured_only_where_it_saw_nothing(tmp_path: Path) -> None:
    before, after = Period("2011-09", ms(date(2011, 9, 1)), ms(date(2011, 10, 1)), 0), Period("later", ms(date(2100, 1, 1)), 2**50, 0)
    own = shipped(MODEL, [before, after])
    assert {(mode, period) for mode, period, _ in own.blends} == {("all", "later"), ("new", "later")}
    data = replace(shop(tmp_path, "never"), periods=(before, after), shipped=own.blends)
    commands = [" ".join(rank(data, period, "all", record(data), None).command) for period in (before, after)]
    assert [f"--blend {SHIPPED}=" in command for command in commands] == [False, True]
    assert shipped(tmp_path, [after]).notes == [f"{mode}: the model folder has no blend of its own" for mode in REPEATS]


def scored(orders: list[int], ndcg: list[float], owned: list[int] | None = None) -> ListScores:
    metrics = {name: np.array(ndcg) for name in ("precision", "recall", "ndcg", "hit_rate", "auc", "novelty", "diversity")}
    numbers = np.array(orders)
    return ListScores(numbers % 10, numbers, np.array(owned or [0] * len(orders)), metrics, numbers[:, None], 100, 0)


def test_systems_are_compared_over_the_orders_that_both_have_lists_for() -> None:
    of = Aligned.of({OURS: [scored([3, 1], [0.2, 0.4]), scored([12], [0.6])], "rival": [scored([12, 2, 3], [0.3, 9.0, 0.1])]})
    assert of.metrics["rival"]["ndcg"].tolist()[::2] == [0.1, 0.3]
    assert np.isnan(of.metrics["rival"]["ndcg"][1])
    assert of.over(OURS, ["rival"], ["ndcg"])["rival"]["ndcg"] == [2, 2, 2]
    assert of.means([OURS], ["ndcg"])[OURS]["ndcg"][0] == 0.4


def figures(months: dict[str, tuple[float, float]], strata: dict[str, float], robust: float = 0.98) -> dict[str, Any]:
    """Figures of a form: streamrec's ratio over each rival and its lower bound by month, and the ratio by stratum."""

    def over(value: float, low: float) -> dict[str, Any]:
        return {rival: {"ndcg": [value, low, value + 0.1], "hit_rate": [value, low, value + 0.1]} for rival in ("fusion", "lambdarank")}

    mean = sum(value for value, _ in months.values()) / len(months)
    pooled = {"over": over(mean, 1.01), "robustness": [robust, 0.9, 1.0], "plain_over_fusion": [1.0, 0.9, 1.1]}
    mode = {
        "pooled": pooled,
        "months": {name: {"over": over(*of)} for name, of in months.items()},
        "strata": {
            "items known": {
                name: {"over": {"own-history": [value, 0.8, 1.2], "fusion": [1.2, 1.1, 1.3], "best popularity": [value, 0.8, 1.2]}}
                for name, value in strata.items()
            }
        },
    }
    return {"modes": {"all": mode, "new": mode}, "never_sold": {"orders": 0}}


def reached(forms: dict[str, dict[str, Any]]) -> dict[str, bool]:
    return {goal["goal"].partition(",")[0]: goal["reached"] for goal in goals(forms, None, None)}


def test_a_goal_over_months_is_reached_when_the_whole_is_and_no_month_is_in_doubt() -> None:
    good, doubtful = {"2011-07": (1.1, 1.02), "2011-08": (1.06, 1.01)}, {"2011-07": (1.3, 1.2), "2011-08": (1.02, 0.99)}
    assert reached({"f": figures(good, {"0": 1.2})})["all: NDCG over fusion"]
    assert not reached({"f": figures(doubtful, {"0": 1.2})})["all: NDCG over fusion"]
    assert not reached({"f": figures({"2011-07": (1.05, 1.03)}, {"0": 1.2})})["all: NDCG over fusion"]
    assert reached({"f": figures({"2011-07": (1.05, 1.03)}, {"0": 1.2})})["all: NDCG over lambdarank"]
    (told,) = [
        goal for goal in goals({"f": figures(doubtful, {"0": 1.2})}, None, None) if goal["goal"].startswith("all: NDCG over fusion,")
    ]
    assert told["worst"] == "2011-08: at least 0.99"


def test_goals_over_strata_are_those_of_the_worst_and_cold_viewers_have_one_of_their_own() -> None:
    found = reached({"f": figures({"2011-07": (1.5, 1.4)}, {"0": 1.2, "1-19": 0.99, "400+": 1.3})})
    assert not found["all: NDCG over own-history in every stratum"]
    assert found["all: NDCG over fusion in every stratum"]
    assert found["all: NDCG over the best popularity for viewers without orders"]
    assert found["new: NDCG over fusion"]
    cold = reached({"f": figures({"2011-07": (1.3, 1.2)}, {"0": 1.05, "1-19": 1.2}, robust=0.96)})
    assert not cold["all: NDCG over the best popularity for viewers without orders"]
    assert not cold["new: NDCG over fusion"]
    assert not cold["all: NDCG with the blend of another form of listing over its own"]
    assert cold["new: NDCG of the plain blend over fusion"]


def test_never_sold_items_are_compared_over_the_same_orders() -> None:
    rows = [{"user": "u", "tf-idf": 0.5, "fine-tuned": 0.75}, {"user": "v", "tf-idf": 0.7, "fine-tuned": 1.05}]
    assert never_sold(rows, TF_IDF)["over tf-idf"] == {"fine-tuned": [1.5, 1.5, 1.5]}
    assert never_sold([], TF_IDF) == {"orders": 0}
