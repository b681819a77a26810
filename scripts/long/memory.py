#!/usr/bin/env python3
"""The worker's memory follows the edges of a digest, not its records: builds the same edges from 500,000 and from ten
times as many records through API and worker, in ten times as many objects and in ten times as large ones. Prints
seconds and peak memory, and fails beyond 300 MiB, or where as many times the objects take 20 % more. Larger objects
take more: each thread holds the text of one (up to 68 MiB) and the prefetch their compressed bytes.

    .venv/bin/python scripts/long/memory.py [--buckets s3|file] [--records N] [--times N]

Programs are taken from target/release unless DIGESTERD_BIN_DIR says otherwise. Takes a few minutes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
os.environ.setdefault("DIGESTERD_BIN_DIR", str(REPOSITORY / "target" / "release"))
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from conftest import start_moto  # noqa: E402
from test_volume import EDGES, OBJECTS, fill  # noqa: E402

from flow_logs import Window  # noqa: E402
from processes import Process  # noqa: E402
from stack import DirectoryBackend, MotoBackend, Stack, text_of  # noqa: E402


class Measured(NamedTuple):
    """What one build took: memory and the compressed bytes in flight at most in MiB."""

    edges: int
    memory: int
    in_flight: float


def build(kind: str, records: int, objects: int, directory: Path) -> Measured:
    """Builds one digest with fresh processes and measures the worker."""
    backend = (
        DirectoryBackend(directory) if kind == "file" else MotoBackend(f"http://127.0.0.1:{start_moto(directory)}")
    )
    stack = Stack(backend, directory)
    try:
        stack.start_api().start_worker()
        window = Window.fresh()
        fill(stack.logs, window, records, objects, EDGES)
        began = time.monotonic()
        fetched = stack.build(window)
        seconds = time.monotonic() - began
        assert fetched.status == 200 and fetched.headers["digest-coverage"] == "complete", fetched.headers
        assert stack.manifest(window.id())["records"]["counted"] == records
        edges, memory = len(text_of(fetched.body).splitlines()), stack.worker.peak_memory()
        largest = max(entry["size"] for entry in stack.manifest(window.id())["object_list"])
        in_flight = int(stack.environment()["VPC_MAX_CONCURRENT_PREFETCH"]) * largest / (1 << 20)
        told = f"{records} records in {objects} objects, {edges} edges: {seconds:.2f} s"
        print(f"{told}, worker {memory} MiB, of which at most {in_flight:.1f} MiB in flight", flush=True)
        return Measured(edges, memory, in_flight)
    finally:
        stack.close()
        for process in list(Process.alive):
            process.stop()


def main() -> int:
    """Runs the builds and judges them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--buckets", choices=("s3", "file"), default="s3")
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    many = options.records * options.times
    measured = []
    for records, objects in ((options.records, OBJECTS), (many, OBJECTS * options.times), (many, OBJECTS)):
        with tempfile.TemporaryDirectory() as directory:
            measured.append(build(options.buckets, records, objects, Path(directory)))
    few, more, larger = measured
    for name, other in (("in as many times the objects", more), ("in larger objects", larger)):
        edges, memory = other.edges / few.edges, other.memory / few.memory
        print(f"{options.times} times the records {name}: {edges:.2f} times the edges, {memory:.2f} times the memory")
    holds = max(one.memory for one in measured) < 300 and more.memory <= few.memory * 1.2
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
