"""`streamrec worker`."""

from __future__ import annotations

from streamrec.cli.support.options import takes_settings
from streamrec.settings import Settings


@takes_settings()
def worker(settings: Settings) -> None:
    """Read events, keep users, write ranked lists; SIGTERM saves and ends it.

    Exit codes: 0 stopped, 1 could not start, 2 wrong usage, 3 to 8 a fault while running (see the documentation).
    """
    from streamrec.worker.pieces import pieces
    from streamrec.worker.worker import run_worker

    run_worker(settings, pieces)
