"""Half a million records through API and worker: how long, and how much memory."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import flow_logs
import oracle
from flow_logs import Window
from stack import text_of

RECORDS, OBJECTS, EDGES = 500_000, 50, 40_000


def edges(seed: int, count: int) -> list[str]:
    """The fixed part of so many edges."""
    dice = random.Random(seed)
    return [
        f"2 {flow_logs.ACCOUNT} eni-{number % 400:08x} 10.{dice.randrange(256)}.{dice.randrange(256)}.{number % 256} "
        f"10.200.{number // 256 % 256}.{number % 256} {dice.randrange(30000, 61000)} {dice.choice((22, 53, 80, 443))} 6"
        for number in range(count)
    ]


def fill(bucket, window: Window, records: int, objects: int, edge_count: int) -> None:
    """Writes so many records over the same edges into so many objects of the window."""
    dice, known = random.Random(records), edges(7, edge_count)
    length = int((window.stop - window.start).total_seconds())
    for number in range(objects):
        rows = []
        for _ in range(records // objects):
            start = window.first + dice.randrange(length)
            edge = known[int(edge_count * dice.random() ** 2)]
            packets = dice.randrange(1, 4000)
            rows.append(f"{edge} {packets} {packets * 700} {start} {start + 59} ACCEPT OK")
        named = window.start + timedelta(seconds=number * length // objects // 60 * 60)
        bucket.put(flow_logs.key(named, hash_=f"{number:08x}"), flow_logs.pack(rows))


def test_half_a_million_records_in_fifty_objects(fronted, capsys):
    fronted.start_api().start_worker()
    window = Window.fresh()
    fill(fronted.logs, window, RECORDS, OBJECTS, EDGES)
    began = time.monotonic()
    assert fronted.post(window).status == 202
    assert fronted.relay.release(window.id()).status == 200
    fetched = fronted.get(window)
    seconds = time.monotonic() - began
    memory = fronted.worker.peak_memory()
    peaks = f"worker {memory} MiB, api {fronted.api.peak_memory()} MiB"
    with capsys.disabled():
        print(f"\n{RECORDS} records in {OBJECTS} objects: {seconds:.2f} s, {peaks}")
    assert fetched.status == 200
    assert fetched.headers["digest-coverage"] == "complete"
    assert fronted.manifest(window.id())["records"]["counted"] == RECORDS
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs)
    assert memory < 300
