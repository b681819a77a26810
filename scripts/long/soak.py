#!/usr/bin/env python3
"""A worker does not grow with the jobs that it has done: 2,000 small jobs through one worker, one after the other, and
its resident size after each. Prints the size over the jobs; fails where the median of the last hundred is more than
10 % above that of jobs 100 to 200, or where a digest is not the naive digester's (each hundredth is compared).

    .venv/bin/python scripts/long/soak.py [--jobs 2000] [--buckets s3|file]

Programs are taken from target/release unless DIGESTERD_BIN_DIR says otherwise. Takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).resolve().parents[2]
os.environ.setdefault("DIGESTERD_BIN_DIR", str(REPOSITORY / "target" / "release"))
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from conftest import start_moto  # noqa: E402

import flow_logs  # noqa: E402
import oracle  # noqa: E402
from flow_logs import Window  # noqa: E402
from processes import Process  # noqa: E402
from stack import DirectoryBackend, MotoBackend, Stack, text_of  # noqa: E402

# What the last jobs may take more than those of the second hundred.
MOST = 1.10
# How many jobs are one figure.
HUNDRED = 100
# Rows of a job.
ROWS = 20


def resident(process: Process) -> float:
    """Resident size in MiB."""
    pages = int(Path(f"/proc/{process.child.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def soak(stack: Stack, jobs: int) -> list[float]:
    """Does the jobs; the worker's size after each."""
    sizes: list[float] = []
    began = time.monotonic()
    for number in range(1, jobs + 1):
        window = Window.fresh()
        flow_logs.write(stack.logs, window, flow_logs.rows_of(window, ROWS), objects=2)
        done = stack.hand_over(window.job())
        assert done.status == 200, done
        assert done.json()["state"] == "stored", done
        sizes.append(resident(stack.worker))
        if number % HUNDRED == 0:
            text = text_of(stack.digests.get(f"{window.id()}.log.gz"))
            assert text == oracle.digest_of(window, stack.logs), window.texts
            size = median(sizes[-HUNDRED:])
            print(f"jobs {number - HUNDRED}-{number}: {size:.1f} MiB, {time.monotonic() - began:.0f} s", flush=True)
    return sizes


def run(options: argparse.Namespace, directory: Path) -> int:
    """The whole run; 1 where the worker has grown."""
    backend = (
        DirectoryBackend(directory)
        if options.buckets == "file"
        else MotoBackend(f"http://127.0.0.1:{start_moto(directory)}")
    )
    stack = Stack(backend, directory)
    try:
        stack.start_worker()
        sizes = soak(stack, options.jobs)
        early, late = median(sizes[HUNDRED : 2 * HUNDRED]), median(sizes[-HUNDRED:])
        print(
            f"{backend.name}: {len(sizes)} jobs, jobs 100-200 {early:.1f} MiB, the last hundred {late:.1f} MiB:"
            f" {late / early:.3f} times, {MOST:.2f} at most; peak {stack.worker.peak_memory()} MiB"
        )
        return 0 if late <= early * MOST else 1
    finally:
        stack.close()
        for process in list(Process.alive):
            process.stop()


def main() -> int:
    """Runs it once."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--buckets", choices=("s3", "file"), default="s3")
    options = parser.parse_args()
    if options.jobs < 3 * HUNDRED:
        parser.error("fewer than 300 jobs say nothing")
    with tempfile.TemporaryDirectory() as directory:
        return run(options, Path(directory))


if __name__ == "__main__":
    sys.exit(main())
