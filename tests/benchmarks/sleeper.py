"""Stands in for the worker in tests of the supervisor: says that it has begun, and waits for a signal."""

from __future__ import annotations

import signal
import sys
import time

from benchmarks.faults.hooks import Step

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    print('{"event": "starting"}', flush=True)
    print('{"event": "partitions are open"}', flush=True)
    step = Step("breath", signal.SIGSTOP, passage=3)
    while True:
        step.passed("breath")
        step.passed("another")
        time.sleep(0.01)
