#!/usr/bin/env python3
"""Workers that are killed all the time lose nothing: jobs over two APIs and four workers, S3 and SQS, a lease and a
visibility of 5 s, and a random worker ended by SIGKILL every second and started anew. In the end every window's digest
has to be the naive digester's, and nothing may be left beside digests, manifests, index and records. Prints jobs,
kills, redeliveries, takeovers, double builds, lost and wrong; fails unless the last two are 0 and nothing is left.

    .venv/bin/python scripts/long/chaos.py [--jobs 200] [--seconds 120] [--workers 4]
    .venv/bin/python scripts/long/chaos.py --relay    the same through a daemon beside each worker (sqsd.py)

Programs are taken from target/release unless DIGESTERD_BIN_DIR says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
os.environ.setdefault("DIGESTERD_BIN_DIR", str(REPOSITORY / "target" / "release"))
sys.path.insert(0, str(REPOSITORY / "tests" / "end_to_end"))

from conftest import start_moto  # noqa: E402
from sqsd import Appliance, Daemon  # noqa: E402

import flow_logs  # noqa: E402
import oracle  # noqa: E402
from flow_logs import Window  # noqa: E402
from processes import Process, free_port  # noqa: E402
from sqs import Queue  # noqa: E402
from stack import MotoBackend, Stack, text_of  # noqa: E402
from web import call  # noqa: E402

LEASE = 5
HASTE = {
    "DIGEST_PROGRESS_TIMEOUT": f"{LEASE}s",
    "DIGEST_CLAIM_TIMEOUT": f"{LEASE}s",
    "DIGEST_SWEEP_INTERVAL": "10s",
    # Killed on purpose, and often: that is no reason to give a job up here.
    "DIGEST_MAX_LOST_LEASES": "1000",
    # One after the other, so that a build takes long enough to be killed in the middle.
    "VPC_MAX_CONCURRENT_PREFETCH": "1",
}
# Objects of a window, for the same reason.
OBJECTS = 12
# What a worker leaves that is killed while it finds out what a bucket can do; sweeps remove it once it is a day old.
PROBE = ".probe"


class Fleet:
    """The workers, each at an address that it keeps when it is started anew."""

    def __init__(self, stack: Stack, number: int, settings: dict[str, str | None]):
        self.stack = stack
        self.settings = settings
        self.ports = [free_port() for _ in range(number)]
        self.running = [self._start(port) for port in self.ports]
        self.all = list(self.running)
        self.kills = 0

    def _start(self, port: int) -> Process:
        return self.stack.start("digesterd-worker", "", PORT=str(port), **self.settings)[0]

    def kill_one(self) -> None:
        """Ends a random worker without a word and starts another in its place."""
        number = random.randrange(len(self.running))
        self.running[number].kill()
        self.kills += 1
        self.running[number] = self._start(self.ports[number])
        self.all.append(self.running[number])

    def said(self, message: str) -> list[dict]:
        """Lines of all workers with this message; one may have died in the middle of its last."""
        found = []
        for worker in self.all:
            text = worker.output()
            for line in text[: text.rfind("\n") + 1].splitlines():
                if f'"{message}"' in line:
                    found.append(json.loads(line))
        return found


class Verdict(NamedTuple):
    """What became of the digests."""

    lost: list[str]
    wrong: list[str]
    strays: list[str]
    probes: int


def ask(apis: list[str], windows: list[Window], seconds: float) -> int:
    """Asks for every window, spread over this time, each fifth at both APIs; how often an API had to be asked again."""
    again = 0
    for number, window in enumerate(windows):
        while (status := call("POST", f"{apis[number % 2]}/?{window.query}").status) == 503:
            again += 1
            time.sleep(0.5)
        # Asked again after a 503 the window may be claimed: its record sees to it.
        assert status in ((202,) if not again else (202, 409)), (window.texts, status)
        if number % 5 == 0:
            assert call("POST", f"{apis[(number + 1) % 2]}/?{window.query}").status == 409
        time.sleep(seconds / len(windows))
    return again


def is_ended(stack: Stack, window: Window) -> bool:
    """Whether a window's job is over, by its status."""
    answer = call("GET", f"{stack.api_url}/v1/digests/{window.id()}")
    return answer.status == 200 and answer.json()["state"] in ("stored", "failed")


def settle(stack: Stack, queue: Queue, windows: list[Window], seconds: float) -> None:
    """Waits until every job has ended, the queue is empty and nothing is left behind, or the time is over."""
    deadline = time.monotonic() + seconds
    left = windows
    while left and time.monotonic() < deadline:
        left = [window for window in left if not is_ended(stack, window)]
        time.sleep(1)
    while (not queue.is_empty() or strays(stack, windows)) and time.monotonic() < deadline:
        time.sleep(1)


def strays(stack: Stack, windows: list[Window]) -> list[str]:
    """Keys that no ended job has, but for probes."""
    return [key for key in beside(stack, windows) if not key.endswith(PROBE)]


def beside(stack: Stack, windows: list[Window]) -> list[str]:
    """Keys that no ended job has."""
    ids = {window.id() for window in windows}
    kept = {f"{id_}{end}" for id_ in ids for end in (".log.gz", ".manifest.json")}
    kept.update(table for id_ in ids for table in tables_of(stack, id_))
    found = [key for key in stack.digests.keys() if key not in kept and not key.startswith("index/")]
    return found + [key for key in stack.progress.keys() if key.removesuffix(".job.json") not in ids]


def tables_of(stack: Stack, id_: str) -> list[str]:
    """The tables that a digest's manifest names."""
    manifest = json.loads(stack.digests.get(f"{id_}.manifest.json") or "{}")
    named = (manifest.get(table) for table in ("edges_table", "interfaces_table"))
    return [table["key"] for table in named if table]


def judge(stack: Stack, windows: list[Window], objects: dict[Window, list[str]]) -> Verdict:
    """Every digest against the naive digester's, and what lies beside them."""
    lost, wrong = [], []
    present = {*stack.digests.keys("edges/"), *stack.digests.keys("interfaces/")}

    def look(window: Window) -> None:
        fetched = stack.get(window)
        if fetched.status != 200:
            lost.append(f"{window.id()}: {fetched.status} {fetched.body[:300]!r}")
        elif text_of(fetched.body) != oracle.digest_of(window, stack.logs, objects[window]):
            wrong.append(window.id())
        elif missing := set(tables_of(stack, window.id())) - present:
            wrong.append(f"{window.id()}: its tables are not there: {missing}")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(look, windows))
    left = strays(stack, windows)
    return Verdict(lost, wrong, left, len(beside(stack, windows)) - len(left))


def run(options: argparse.Namespace, directory: Path) -> int:
    """The whole run; the number of faults. Processes that were there before are nobody's here."""
    others = set(Process.alive)
    endpoint = f"http://127.0.0.1:{start_moto(directory)}"
    stack = Stack(MotoBackend(endpoint), directory)
    queue = Queue(endpoint, receives=1000)
    appliance = Appliance(queue) if options.relay else None
    of_api = appliance.variables() if appliance else queue.variables()
    of_worker = {} if appliance else queue.variables()
    daemons: list[Daemon] = []
    try:
        stack.start_api(**of_api, **HASTE)
        _, second = stack.start("digesterd-api", **of_api, **HASTE)
        windows = [Window.fresh() for _ in range(options.jobs)]
        objects = {window: flow_logs.write(stack.logs, window, objects=OBJECTS) for window in windows}
        fleet = Fleet(stack, options.workers, {**of_worker, **HASTE})
        if appliance:
            daemons = [Daemon(queue, f"http://127.0.0.1:{port}/", LEASE) for port in fleet.ports]
        print(f"{options.jobs} windows, {options.workers} workers: killing for {options.seconds} s", flush=True)
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(ask, [stack.api_url, second], windows, options.seconds * 0.7)
            while time.monotonic() - began < options.seconds:
                time.sleep(1)
                fleet.kill_one()
            again = asking.result()
        print(f"{fleet.kills} killed; waiting for the rest", flush=True)
        settle(stack, queue, windows, options.seconds + 300)
        seconds = time.monotonic() - began
        # From here on the store is asked for its answers alone.
        for daemon in daemons:
            daemon.stop()
        for worker in fleet.running:
            worker.stop()
        verdict = judge(stack, windows, objects)
        receives = [line["receives"] for line in fleet.said("job taken from the queue")]
        receives += [number for daemon in daemons for number in daemon.receives]
        ended = fleet.said("job ended")
        stored = [line["job_id"] for line in ended if line.get("outcome") == "stored" and "bytes_stored" in line]
        takeovers = sum(stack.record(window.id())["lost_leases"] for window in windows)
        dead = queue.dead()
        print(
            f"{'through daemons (sqsd)' if appliance else 'SQS spoken directly'}: jobs {len(windows)},"
            f" kills {fleet.kills}, redeliveries {sum(number > 1 for number in receives)}, takeovers {takeovers},"
            f" double builds {len(stored) - len(set(stored))}, messages left {sum(queue.messages())},"
            f" dead letters {len(dead)}, left behind {len(verdict.strays)},"
            f" lost = {len(verdict.lost)}, wrong = {len(verdict.wrong)}"
        )
        outcomes = Counter(line.get("outcome") for line in ended)
        print(
            f"  {seconds:.0f} s until all had ended; attempts that told their end:"
            f" {', '.join(f'{name} {count}' for name, count in sorted(outcomes.items()))};"
            f" POSTs repeated after a 503: {again}; probes of killed workers: {verdict.probes}",
            flush=True,
        )
        for fault in (verdict.lost + verdict.wrong + verdict.strays + dead)[:20]:
            print("  at fault:", fault)
        return len(verdict.lost + verdict.wrong + verdict.strays + dead) + sum(queue.messages())
    finally:
        # Held requests end with the workers that hold them.
        for process in [process for process in Process.alive if process not in others]:
            if process.log.name != "moto.log":
                process.stop()
        for daemon in daemons:
            daemon.stop()
        stack.close()
        if appliance:
            appliance.close()
        for process in [process for process in Process.alive if process not in others]:
            process.stop()


def main() -> int:
    """Runs it once."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--relay", action="store_true", help="through a daemon beside each worker")
    with tempfile.TemporaryDirectory() as directory:
        return 1 if run(parser.parse_args(), Path(directory)) else 0


if __name__ == "__main__":
    sys.exit(main())
