#!/usr/bin/env python3
"""The worker's memory follows the edges of a digest, not its records: builds the same edges from 500,000 and from ten
times as many records through API and worker, prints seconds and peak memory, and fails beyond 300 MiB or 20 % more.

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

REPOSITORY = Path(__file__).resolve().parents[2]
os.environ.setdefault("DIGESTERD_BIN_DIR", str(REPOSITORY / "target" / "release"))
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from conftest import start_moto  # noqa: E402
from test_volume import EDGES, OBJECTS, fill  # noqa: E402

from flow_logs import Window  # noqa: E402
from processes import Process  # noqa: E402
from stack import DirectoryBackend, MotoBackend, Stack, text_of  # noqa: E402


def build(kind: str, records: int, directory: Path) -> tuple[int, int]:
    """Builds one digest with fresh processes; returns its edges and the worker's peak memory in MiB."""
    backend = (
        DirectoryBackend(directory) if kind == "file" else MotoBackend(f"http://127.0.0.1:{start_moto(directory)}")
    )
    stack = Stack(backend, directory)
    try:
        stack.start_api().start_worker()
        window = Window.fresh()
        fill(stack.logs, window, records, OBJECTS, EDGES)
        began = time.monotonic()
        fetched = stack.build(window)
        seconds = time.monotonic() - began
        assert fetched.status == 200 and fetched.headers["digest-coverage"] == "complete", fetched.headers
        assert stack.manifest(window.id())["records"]["counted"] == records
        edges, memory = len(text_of(fetched.body).splitlines()), stack.worker.peak_memory()
        print(f"{records} records, {edges} edges: {seconds:.2f} s, worker {memory} MiB", flush=True)
        return edges, memory
    finally:
        stack.close()
        for process in list(Process.alive):
            process.stop()


def main() -> int:
    """Runs both builds and judges them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--buckets", choices=("s3", "file"), default="s3")
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    measured = []
    for records in (options.records, options.records * options.times):
        with tempfile.TemporaryDirectory() as directory:
            measured.append(build(options.buckets, records, Path(directory)))
    (few_edges, little), (many_edges, much) = measured
    edges, memory = many_edges / few_edges, much / little
    print(f"{options.times} times the records: {edges:.2f} times the edges, {memory:.2f} times the memory")
    return 0 if little < 300 and much <= little * 1.2 else 1


if __name__ == "__main__":
    sys.exit(main())
