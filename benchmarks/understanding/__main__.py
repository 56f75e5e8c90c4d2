"""How well live rooms are understood: comments, answers, the item on air; under attack, on real texts; and what it costs.

    python -m benchmarks.understanding [--rooms DIR] [--product-qa DIR] [--reviews DIR] [--danmaku-stream DIR] [--quick]
        [--json] [--markdown] [--out FILE]

The labelled rooms of benchmarks/rooms are those that nothing was tuned to. `--rooms` names the folder of others, such as those that the
shipped model was trained on, in the same form; the other folders hold data that does not come with streamrec. A row whose data is
missing is left out, and the report says so. Everything is measured on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.understanding import rooms, texts
from benchmarks.understanding.products import product_questions
from benchmarks.understanding.table import Row, in_markdown, in_words
from streamrec.settings import Settings
from streamrec.understanding.judge import Judge

UNSEEN = Path(__file__).parents[1] / "rooms"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows of the report, one after the other; of those whose data was not named, one that says so."""
    settings = Settings() if asked.model is None else Settings(room_model=asked.model)
    judge = Judge.load(asked.model)
    yield {"model": judge.name, "revision": judge.revision}
    for name, folder in (("unseen", UNSEEN), ("development", asked.rooms)):
        if folder is None:
            yield {"left_out": f"{name} rooms", "needs": "--rooms"}
            continue
        labelled = rooms.Labelled.read(folder)
        yield {"rooms": name} | rooms.comments(settings, labelled)
        yield {"on_air": name} | rooms.speech(settings, labelled)
        if not asked.quick:
            yield from ({"attacked": name} | row for row in rooms.attacked(settings, labelled))
        yield {"cost": name} | rooms.cost(settings, labelled)
    for name, flag, folder, measure in (
        ("product questions", "--product-qa", asked.product_qa, product_questions),
        ("reviews", "--reviews", asked.reviews, lambda folder: texts.reviews(judge, folder)),
        ("waves", "--danmaku-stream", asked.danmaku_stream, texts.waves),
    ):
        if folder is None:
            yield {"left_out": name, "needs": flag}
        else:
            yield from ({name.replace(" ", "_"): row.pop("file")} | row for row in measure(folder))


def main() -> None:
    """Print the rows, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=Path, help="folder of further labelled rooms")
    parser.add_argument("--product-qa", type=Path, help="folder of amazon-science/contextual-product-qa, its parts gzipped")
    parser.add_argument("--reviews", type=Path, help="folder of CSV files with `label` (1 praises, 0 complains) and `review`")
    parser.add_argument("--danmaku-stream", type=Path, help="folder of CSV files with `videotime` (s), `content` and `user`")
    parser.add_argument("--model", type=Path, help="folder of the model that reads comments (default: the packaged one)")
    parser.add_argument("--quick", action="store_true", help="without attacks")
    parser.add_argument("--json", action="store_true", help="print one JSON array, an object for each row")
    parser.add_argument("--markdown", action="store_true", help="print the tables of docs/benchmarks.md at the end")
    parser.add_argument("--out", type=Path, help="results file, one JSON object a line")
    asked = parser.parse_args()
    if not ONE_THREAD.items() <= os.environ.items():
        # One core is what is measured, and numpy has read its environment already.
        again = [sys.executable, "-m", "benchmarks.understanding", *sys.argv[1:]]
        sys.exit(subprocess.run(again, env=os.environ | ONE_THREAD, check=False).returncode)
    rows: list[Row] = [{"machine": machine()}]
    for row in measured(asked):
        rows.append(row)
        if not asked.json:
            print(in_words(row), flush=True)
    if asked.out:
        asked.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    if asked.json:
        print(json.dumps(rows, ensure_ascii=False))
    elif asked.markdown:
        print("\n" + in_markdown(rows))


if __name__ == "__main__":
    main()
