"""Trains the blend that a period is ranked by, on what was recorded before it.

    python -m benchmarks.quality.blending --recorded DIR --mode all --from MS --until MS --text-from MS --seeds 3 --out FILE

Lists before --text-from are learned from without text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.quality.flags import parser
from benchmarks.quality.modes import REPEATS
from benchmarks.quality.recorded import read
from streamrec.ranking.scorers.blend import Blend
from streamrec.training.steps.blend import Trained, train_blend, write_blend

SEED = 7
"""The first of the seeds, as of `streamrec train blend`."""


def train(recorded: Path, mode: str, since: int, until: int, text_from: int, seeds: int) -> Trained:
    """The blend of the orders that began at `since` (ms) or later and were over before `until`; what is hard is chosen by the plain one.

    Raises:
        InputError: there are too few.
    """
    samples = [kept.sample for kept in read(recorded, mode, since, until)]
    return train_blend(samples, Blend.plain(), range(SEED, SEED + seeds), text_from)


def main() -> None:
    """Train, and write the blend as a model folder holds it."""
    asked = parser(__doc__, ("recorded", "out"), ("from", "until", "text-from", "seeds"))
    asked.add_argument("--mode", choices=REPEATS, required=True)
    flags: dict[str, Any] = vars(asked.parse_args())
    trained = train(flags["recorded"], flags["mode"], flags["from"], flags["until"], flags["text_from"], flags["seeds"])
    card: dict[str, Any] = {"from_ms": flags["from"], "until_ms": flags["until"], "lists": trained.lists, "epochs": trained.epochs}
    card |= {f"validation_ndcg_{name}": round(value, 4) for name, value in trained.validation.items()}
    write_blend(trained.blend, flags["out"], f"blend-{flags['until']}", REPEATS[flags["mode"]], "bert", card)
    print(card)


if __name__ == "__main__":
    main()
