"""A copy of the shipped model with a blend of its own for another shop.

python -m benchmarks.quality.own_blend --items FILE --events FILE --from DAY --until DAY --into DIR
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from streamrec.bert.folder import SHIPPED


def main() -> int:
    """Copy the model, and train the blend in it by `streamrec train blend`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("items", "events", "from", "until", "into"):
        parser.add_argument(f"--{name}", required=True)
    flags = vars(parser.parse_args())
    into = Path(flags["into"])
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(SHIPPED, into)
    command = [sys.executable, "-m", "streamrec.cli.main", "train", "blend", "--model", str(into)]
    return subprocess.run([*command, *(word for name, value in flags.items() for word in (f"--{name}", value))], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
