#!/usr/bin/env python3
"""S3 answers 503 for half a minute, then well: no job is lost. API and worker over S3, with jobs that are built, that
wait in the queue, and that are asked for meanwhile; every digest has to be the naive digester's in the end, and nothing
may be left beside the records. Prints how long after the outage all were stored.

    .venv/bin/python scripts/long/outage.py [--seconds 30] [--rounds 3]

Programs are taken from target/release unless DIGESTERD_BIN_DIR says otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
os.environ.setdefault("DIGESTERD_BIN_DIR", str(REPOSITORY / "target" / "release"))
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from conftest import start_moto  # noqa: E402
from test_outages import outage  # noqa: E402

from front import Front  # noqa: E402
from processes import Process  # noqa: E402
from stack import MotoBackend, Stack  # noqa: E402

# Leases that end within the outage; in service they are of minutes.
TERMS = {"DIGEST_CLAIM_TIMEOUT": "10s", "DIGEST_PROGRESS_TIMEOUT": "10s", "DIGEST_SWEEP_INTERVAL": "5s"}


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        try:
            port = start_moto(Path(directory))
            for number in range(1, options.rounds + 1):
                front = Front(port)
                stack = Stack(MotoBackend(front.endpoint, f"http://127.0.0.1:{port}"), Path(directory), front)
                try:
                    began = time.monotonic()
                    windows = outage(stack, options.seconds, **TERMS)
                    took = time.monotonic() - began - options.seconds
                    attempts = [stack.record(window.id())["attempts"] for window in windows]
                    lost = [stack.record(window.id())["lost_leases"] for window in windows]
                    print(
                        f"round {number}: {options.seconds} s of 503, {len(windows)} jobs, all stored and right"
                        f" {took:.0f} s later; failed attempts {attempts}, lost leases {lost}",
                        flush=True,
                    )
                finally:
                    stack.close()
        finally:
            for process in list(Process.alive):
                process.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
