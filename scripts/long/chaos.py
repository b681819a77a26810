#!/usr/bin/env python3
"""Workers that are killed all the time lose nothing: jobs over two APIs and four workers, S3 and SQS, a lease and a
visibility of 5 s, and a random worker ended by SIGKILL every second and started anew. In the end every window's digest
has to be the naive digester's, and nothing may be left beside digests, manifests, index and records. Prints jobs,
kills, redeliveries, takeovers, double builds, lost and wrong; fails unless the last two are 0.

    .venv/bin/python scripts/long/chaos.py [--jobs 200] [--seconds 120] [--workers 4]

Programs are taken from target/release unless DIGESTERD_BIN_DIR says otherwise.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
os.environ.setdefault("DIGESTERD_BIN_DIR", str(REPOSITORY / "target" / "release"))
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from conftest import start_moto  # noqa: E402
from test_logs import about  # noqa: E402

import flow_logs  # noqa: E402
import oracle  # noqa: E402
from flow_logs import Window  # noqa: E402
from processes import Process  # noqa: E402
from sqs import Queue  # noqa: E402
from stack import MotoBackend, Stack, text_of  # noqa: E402
from web import call  # noqa: E402

LEASE = "5s"


def is_ended(stack: Stack, window: Window) -> bool:
    """Whether a window's job is over, by its status."""
    answer = call("GET", f"{stack.api_url}/v1/digests/{window.id()}")
    return answer.status == 200 and answer.json()["state"] in ("stored", "failed")


def ask(apis: list[str], windows: list[Window]) -> None:
    """Asks for every window, some of them twice."""
    for number, window in enumerate(windows):
        status = call("POST", f"{apis[number % 2]}/?{window.query}").status
        assert status == 202, (window.texts, status)
        if number % 5 == 0:
            assert call("POST", f"{apis[(number + 1) % 2]}/?{window.query}").status == 409


def run(options: argparse.Namespace, directory: Path) -> int:
    """The whole run; the number of lost and wrong digests."""
    endpoint = f"http://127.0.0.1:{start_moto(directory)}"
    stack = Stack(MotoBackend(endpoint), directory)
    queue = Queue(endpoint, receives=1000)
    haste = {"DIGEST_SWEEP_INTERVAL": "1s", "DIGEST_MAX_LOST_LEASES": "1000", "DIGEST_PROGRESS_TIMEOUT": LEASE}
    settings = {**queue.variables(), **haste}
    try:
        stack.start_api(**settings)
        _, second = stack.start("digesterd-api", **settings)
        windows = [Window.fresh() for _ in range(options.jobs)]
        for window in windows:
            flow_logs.write(stack.logs, window)
        running = [stack.start("digesterd-worker", "", **settings)[0] for _ in range(options.workers)]
        workers = list(running)
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(ask, [stack.api_url, second], windows)
            kills, began = 0, time.monotonic()
            while time.monotonic() - began < options.seconds:
                time.sleep(1)
                number = random.randrange(options.workers)
                running[number].kill()
                kills += 1
                running[number] = stack.start("digesterd-worker", "", **settings)[0]
                workers.append(running[number])
            asking.result()
        deadline = time.monotonic() + options.seconds + 300
        left = windows
        while left and time.monotonic() < deadline:
            left = [window for window in left if not is_ended(stack, window)]
            time.sleep(1)
        while not queue.is_empty() and time.monotonic() < deadline:
            time.sleep(1)
        lost = wrong = 0
        for window in windows:
            fetched = stack.get(window)
            if fetched.status != 200:
                lost += 1
            elif text_of(fetched.body) != oracle.digest_of(window, stack.logs):
                wrong += 1
        ids = [window.id() for window in windows]
        kept = {f"{id_}{end}" for id_ in ids for end in (".log.gz", ".manifest.json")}
        strays = [key for key in stack.digests.keys() if key not in kept and not key.startswith("index/")]
        strays += [key for key in stack.progress.keys() if key.removesuffix(".job.json") not in ids]
        taken = [line for worker in workers for line in about_whole(worker, "job taken from the queue")]
        ended = [line for worker in workers for line in about_whole(worker, "job ended")]
        stored = [line["job_id"] for line in ended if line.get("outcome") == "stored" and "bytes_stored" in line]
        takeovers = sum(stack.record(id_)["lost_leases"] for id_ in ids)
        print(
            f"jobs {len(windows)}, kills {kills}, redeliveries {sum(line['receives'] > 1 for line in taken)},"
            f" takeovers {takeovers}, double builds {len(stored) - len(set(stored))}, messages left {queue.messages()},"
            f" left behind {len(strays)}, lost = {lost}, wrong = {wrong}",
            flush=True,
        )
        for key in strays[:10]:
            print("left behind:", key)
        return lost + wrong + (0 if queue.is_empty() else 1)
    finally:
        stack.close()
        for process in list(Process.alive):
            process.stop()


def about_whole(worker: Process, message: str) -> list[dict]:
    """Log lines of a process that may have died in the middle of its last one."""
    text = worker.output()
    worker.log.write_text(text[: text.rfind("\n") + 1])
    return about(worker, message)


def main() -> int:
    """Runs it once."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--workers", type=int, default=4)
    with tempfile.TemporaryDirectory() as directory:
        return 1 if run(parser.parse_args(), Path(directory)) else 0


if __name__ == "__main__":
    sys.exit(main())
