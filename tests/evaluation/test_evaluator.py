"""The whole path from files to figures, against a slow and plain reckoning of the same."""

from pathlib import Path
from typing import Any

import ir_measures
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ir_measures import RR, P, R, Success, nDCG

from streamrec.evaluation.evaluator import MODES
from tests.evaluation.shop import bought, ranked, scores

K = 3
ITEMS = "abcdefgh"
purchases = st.lists(
    st.tuples(st.sampled_from("uvw"), st.sampled_from(ITEMS), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=25
)


def plainly(rows: list[tuple[str, str, int, int]], lists: dict[int, list[str]], mode: str) -> dict[str, dict[str, float]]:
    """ir-measures' figures per metric and trigger, after the rules of relevance written out."""
    qrels, run = [], []
    for line, places in lists.items():
        user, _, _, order = rows[line]
        mine = [row for row in rows if row[0] == user]
        start = min((row[2], rows.index(row)) for row in mine if row[3] == order)
        relevant = {row[1] for row in mine if row[3] == order}
        before = {row[1] for row in mine if row[3] != order and (row[2], rows.index(row)) < start}
        if mode == "new":
            relevant, places = relevant - before, [place for place in places if place not in before]
        if relevant:
            qrels += [ir_measures.Qrel(f"{user}{order}", name, 1) for name in relevant]
            run += [ir_measures.ScoredDoc(f"{user}{order}", name, -float(at)) for at, name in enumerate([*places, "filler"])]
    names = {P @ K: "precision", R @ K: "recall", nDCG @ K: "ndcg", RR @ K: "mrr", Success @ K: "hit_rate"}
    found: dict[str, dict[str, float]] = {name: {} for name in names.values()}
    for measured in ir_measures.iter_calc(list(names), qrels, run) if qrels else ():
        found[names[measured.measure]][measured.query_id] = measured.value
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(purchases, st.data())
def test_figures_are_those_of_ir_measures_under_the_rules_written_out(
    tmp_path: Path, rows: list[tuple[str, str, int, int]], data: st.DataObject
) -> None:
    rows = list(dict.fromkeys(rows))
    first_lines: dict[Any, int] = {}
    for line in sorted(range(len(rows)), key=lambda line: (rows[line][2], line)):
        first_lines.setdefault((rows[line][0], rows[line][3]), line)
    lists = {line: data.draw(st.lists(st.sampled_from(ITEMS), unique=True)) for line in first_lines.values()}
    events = [bought(user, name, ts, str(order)) for user, name, ts, order in rows]
    found = scores(tmp_path, events, [ranked(rows[line][0], line, places) for line, places in lists.items()], k=K)
    triggers = [f"{rows[line][0]}{rows[line][3]}" for line in lists]
    for mode in MODES:
        wanted = plainly(rows, lists, mode)
        one = found.modes[mode]
        kept = [trigger for trigger in triggers if trigger in wanted["ndcg"]]
        assert one.left_out == len(triggers) - len(kept)
        for name, values in wanted.items():
            assert one.metrics[name].tolist() == pytest.approx([values[trigger] for trigger in kept])
