import itertools
import math

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, P, R, Success, nDCG

from streamrec.evaluation import metrics

Case = tuple[list[bool], int]
cases = st.lists(st.tuples(st.lists(st.booleans(), max_size=30), st.integers(0, 30)), min_size=1, max_size=8).map(
    lambda rows: [(hits, max(1, sum(hits) + missed)) for hits, missed in rows]
)


def table(rows: list[Case]) -> tuple[metrics.Bools, metrics.Ints]:
    hit = np.zeros((len(rows), max(len(hits) for hits, _ in rows)), bool)
    for line, (hits, _) in zip(hit, rows, strict=True):
        line[: len(hits)] = hits
    return hit, np.array([relevant for _, relevant in rows])


@given(cases, st.sampled_from([1, 3, 10, 20]))
def test_accuracy_is_that_of_ir_measures(rows: list[Case], k: int) -> None:
    qrels, run = [], []
    for query, (hits, relevant) in enumerate(rows):
        found = [f"good{at}" if hit else f"bad{at}" for at, hit in enumerate(hits)]
        good = [name for name in found if name.startswith("good")]
        good += [f"missed{at}" for at in range(relevant - len(good))]
        qrels += [ir_measures.Qrel(str(query), name, 1) for name in good]
        run += [ir_measures.ScoredDoc(str(query), name, -float(at)) for at, name in enumerate(found)]
        run.append(ir_measures.ScoredDoc(str(query), "last", -99.0))
    names = {P @ k: "precision", R @ k: "recall", nDCG @ k: "ndcg", RR @ k: "mrr", Success @ k: "hit_rate"}
    ours = metrics.accuracy(*table(rows), k)
    seen = 0
    for measured in ir_measures.iter_calc(list(names), qrels, run):
        assert ours[names[measured.measure]][int(measured.query_id)] == pytest.approx(measured.value)
        seen += 1
    assert seen == len(names) * len(rows)


@given(cases, st.integers(1, 20))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(rows: list[Case], k: int) -> None:
    ours = metrics.accuracy(*table(rows), k)
    for precision, recall, f1 in zip(ours["precision"], ours["recall"], ours["f1"], strict=True):
        assert f1 == pytest.approx(2 * precision * recall / (precision + recall) if precision else 0)


@given(cases, st.integers(0, 20))
def test_auc_counts_the_pairs_in_the_right_order(rows: list[Case], never_listed: int) -> None:
    hit, relevant = table(rows)
    listed = np.array([len(hits) for hits, _ in rows])
    irrelevant = listed - hit.sum(1) + never_listed
    ours = metrics.auc(hit, listed, relevant, relevant + irrelevant)
    for row, (hits, total) in enumerate(rows):
        good = [at for at, is_hit in enumerate(hits) if is_hit] + [99] * (total - sum(hits))
        bad = [at for at, is_hit in enumerate(hits) if not is_hit] + [99] * never_listed
        pairs = [1.0 if a < b else 0.5 if a == b else 0.0 for a in good for b in bad]
        assert ours[row] == pytest.approx(np.mean(pairs)) if pairs else math.isnan(ours[row])


def test_novelty_is_the_surprise_of_the_places_in_bits() -> None:
    top = np.array([[0, 1], [2, -1], [-1, -1]])
    everybody_half_nobody = np.array([7, 3, 0])
    assert metrics.novelty(top, everybody_half_nobody, 7)[:2] == pytest.approx([0.5, 3.0])
    assert np.isnan(metrics.novelty(top, everybody_half_nobody, 7)[2])


@given(st.lists(st.sets(st.integers(0, 12), max_size=6), min_size=2, max_size=6))
def test_diversity_is_the_mean_jaccard_distance_of_all_pairs(items: list[set[int]]) -> None:
    ours = metrics.diversity(np.array([[*range(len(items)), -1]]), {at: sorted(item) for at, item in enumerate(items)})
    distances = [1 - len(a & b) / len(a | b) if a | b else 0.0 for a, b in itertools.combinations(items, 2)]
    assert ours[0] == pytest.approx(np.mean(distances))


def test_items_without_a_known_title_are_left_out_of_diversity() -> None:
    top = np.array([[0, 9, 1], [0, 9, -1]])
    assert metrics.diversity(top, {0: [1, 2], 1: [3]}) == pytest.approx([1.0, np.nan], nan_ok=True)


def test_no_lists_are_no_error() -> None:
    none = np.zeros((0, 0), bool)
    assert all(len(values) == 0 for values in metrics.accuracy(none, np.zeros(0, np.int64), 10).values())
