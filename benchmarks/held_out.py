"""What the model adds: lists for real held-out orders with BERT and without, by the code that serves.

    python -m benchmarks.held_out [--data DIR] [--from 2011-10-01] [--json] [--out FILE]

One list before every order from the given day on; the state follows every event in between. The shipped model and weights were
made of purchases before that day. DIR holds items.jsonl(.gz) and events.jsonl(.gz) as `streamrec dataset uci` makes them; by
default it is the shipped sample, whose history begins a month before. "off" is the same pipeline with its own fitted weights.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.latency import machine
from streamrec.simulator.playback import SAMPLE

METRICS = ("precision", "recall", "ndcg", "hit_rate")


def files(folder: Path) -> list[str]:
    """The flags that name the items and the events of a folder."""
    found = [next(folder.glob(f"{name}.jsonl*")) for name in ("items", "events")]
    return ["--items", str(found[0]), "--events", str(found[1])]


def streamrec(*arguments: str) -> dict[str, Any]:
    """Run a command of streamrec in a process of its own, and read the JSON that it prints."""
    command = [sys.executable, "-m", "streamrec.cli.main", *arguments, "--json"]
    return dict(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))


def compare(data: Path, since: datetime, repeats: str, folder: Path) -> dict[str, Any]:
    """Both lists of lists, measured, and their ratio."""
    common = [*files(data), "--candidates", "all", "--rank-at", "purchases", "--rank-from", str(int(since.timestamp() * 1000))]
    lists = {scoring: folder / f"{repeats}-{scoring}.jsonl" for scoring in ("bert", "off")}
    for scoring, path in lists.items():
        streamrec("replay", *common, "--repeats", repeats, "--scoring", scoring, "--diversity", "0", "--out", str(path))
    report = streamrec("evaluate", *files(data), "--lists", str(lists["bert"]), "--against", str(lists["off"]))
    mode = "new" if repeats == "exclude" else "all"
    off = streamrec("evaluate", *files(data), "--lists", str(lists["off"]))
    measured = {name: {"bert": report[mode][name], "off": off[mode][name], "ratio": report["against"][mode][name]} for name in METRICS}
    return {"mode": mode, "lists": report["scored"][mode], **measured}


def main() -> None:
    """Print one table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SAMPLE)
    parser.add_argument("--from", dest="since", default="2011-10-01", help="first day (UTC) with lists")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="also write it here")
    arguments = parser.parse_args()
    since = datetime.fromisoformat(arguments.since).replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        found = [compare(arguments.data, since, repeats, Path(folder)) for repeats in ("exclude", "allow")]
    report = {"machine": machine(), "data": "sample" if arguments.data == SAMPLE else "full", "from": arguments.since, "modes": found}
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    if arguments.json:
        print(json.dumps(report))
        return
    for mode in found:
        print(f"{mode['mode']}: {mode['lists']} lists")
        for name in METRICS:
            values = [f"{kind} {v['value']:.4f} [{v['low']:.4f}, {v['high']:.4f}]" for kind, v in mode[name].items()]
            print(f"  {name:<10} " + "   ".join(values))


if __name__ == "__main__":
    main()
