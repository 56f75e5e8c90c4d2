"""Questions of real shoppers about products (contextual-product-qa), ranked as the answerer ranks what it may say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.scores import Row
from benchmarks.understanding.questions import Ranked, figures, risk_coverage
from streamrec.training.data.product_questions import Question, semi_structured
from streamrec.understanding.answers.ranker import Ranker, packaged

FILES = {"semiPQA, seen attributes": "semiPQA/attribute_ranking/testseen.csv.gz"}


def product_questions(folder: Path) -> Iterator[Row]:
    """The figures of each file: what comes first, and what is answered from the ranker's own threshold on (`served_`)."""
    ranker = packaged()
    for name, path in FILES.items():
        ranked = list(_ranked(ranker, semi_structured(folder / path)))
        served = risk_coverage(ranked, ranker.threshold)
        yield {"file": name} | figures(ranked) | {f"served_{key}": value for key, value in served.items()}


def _ranked(ranker: Ranker, questions: Iterable[Question]) -> Iterator[Ranked]:
    for one in questions:
        scores = ranker.rank(one.reading, one.title, one.intents, one.candidates)
        order = np.argsort(-scores, kind="stable").tolist()
        yield Ranked([one.right[at] for at in order], ranker.confidence(scores))
