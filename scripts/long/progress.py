#!/usr/bin/env python3
"""What showing progress costs: the same digest by workers that write their record and marker every 10 s, as in service,
and by workers that do so every 100 ms, in turn. Prints what each took and the price of one writing; fails where writing
every 10 s takes 1 % of a processor or more, where too few writings were seen to tell, or where the digests differ.

    .venv/bin/python scripts/long/progress.py [--rounds 3] [--objects 40]

Programs are taken from target/release unless DIGESTERD_BIN_DIR says otherwise. `scripts/bench --worker` measures the
same over a whole corpus.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
os.environ.setdefault("DIGESTERD_BIN_DIR", str(REPOSITORY / "target" / "release"))
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from conftest import start_moto  # noqa: E402

import flow_logs  # noqa: E402
from flow_logs import Window  # noqa: E402
from processes import Process  # noqa: E402
from stack import MotoBackend, Stack, text_of  # noqa: E402

# Seconds between two writings: the most, by a long lease; and a quarter of this one.
EVERY = 10
CALM = {"DIGEST_PROGRESS_TIMEOUT": "1h"}
HASTY = {"DIGEST_PROGRESS_TIMEOUT": "400"}
# Fewer writings tell nothing.
LEAST = 20
# Share of one processor.
MOST = 0.01


class Took(NamedTuple):
    """What one build took."""

    processor: float
    wall: float
    writings: int
    text: bytes


def processor(process: Process) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{process.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def build(stack: Stack, window: Window, settings: dict[str, str]) -> Took:
    """One build by a fresh worker, of which nothing is left."""
    stack.start_worker(VPC_MAX_CONCURRENT_PREFETCH="1", **settings)
    before, began = processor(stack.worker), time.monotonic()
    done = stack.hand_over(window.job())
    wall, after = time.monotonic() - began, processor(stack.worker)
    assert done.status == 200, done
    id_ = window.id()
    writings, text = stack.record(id_)["revision"], text_of(stack.digests.get(f"{id_}.log.gz"))
    stack.worker.stop()
    for bucket in (stack.progress, stack.digests):
        for key in bucket.keys():
            bucket.delete(key)
    return Took(after - before, wall, writings, text)


def run(options: argparse.Namespace, directory: Path) -> int:
    """The whole run; 1 where progress costs too much."""
    stack = Stack(MotoBackend(f"http://127.0.0.1:{start_moto(directory)}"), directory)
    try:
        window = Window.fresh()
        rows = flow_logs.rows_of(window, 20_000)
        for number in range(options.objects):
            flow_logs.write(stack.logs, window, rows, objects=1, flow_log=f"fl-{number:017x}")
        calm, hasty = [], []
        for _ in range(options.rounds):
            calm.append(build(stack, window, CALM))
            hasty.append(build(stack, window, HASTY))
        for name, took in (("every 10 s", calm), ("every 100 ms", hasty)):
            print(
                f"{name}: {median(one.processor for one in took):.2f} s of processor,"
                f" {median(one.wall for one in took):.1f} s,"
                f" {median(one.writings for one in took):.0f} writings of the record"
            )
        more = sum(own.processor - other.processor for own, other in zip(hasty, calm, strict=True))
        writings = sum(own.writings - other.writings for own, other in zip(hasty, calm, strict=True))
        assert writings >= LEAST, f"{writings} writings more: too few to tell"
        assert len({one.text for one in calm + hasty}) == 1, "the digests differ"
        share = more / writings / EVERY
        print(
            f"a writing of record and marker takes {1000 * more / writings:.2f} ms of processor ({writings} more):"
            f" {share:.4%} of one, every {EVERY} s"
        )
        return 0 if share < MOST else 1
    finally:
        stack.close()
        for process in list(Process.alive):
            process.stop()


def main() -> int:
    """Runs it once."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--objects", type=int, default=40)
    with tempfile.TemporaryDirectory() as directory:
        return run(parser.parse_args(), Path(directory))


if __name__ == "__main__":
    sys.exit(main())
