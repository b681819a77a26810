"""A queue or a store that is down for a while: nothing that was accepted is lost, and what was not is said in time."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from test_crashes import HASTE

import flow_logs
import oracle
from flow_logs import Window
from front import Gate
from processes import free_port, wait_for
from sqs import Queue
from stack import text_of


class Silence:
    """A server that takes connections and never says a word."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.endpoint = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self._taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        try:
            while True:
                self._taken.append(self.socket.accept()[0])
        except OSError:
            return

    def close(self) -> None:
        """Ends all of it."""
        self.socket.close()
        for taken in self._taken:
            taken.close()


@pytest.mark.parametrize("fault", ["nobody listens", "nobody answers", "503"])
@pytest.mark.parametrize("kind", ["http", "sqs"])
def test_a_queue_that_is_down_is_said_within_5_seconds_and_the_claim_is_released(fronted, moto, kind, fault):
    queue, silence = Queue(f"http://127.0.0.1:{moto}"), Silence()
    if fault == "503":
        fronted.relay.refuse_with = 503
    down = {
        "nobody listens": f"http://127.0.0.1:{free_port()}",
        "nobody answers": silence.endpoint,
        "503": fronted.relay.endpoint,
    }[fault]
    if kind == "http":
        well, broken = {}, {"STREAM_APPLIANCE_ENDPOINT": down}
    else:
        well = {**queue.variables(), "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{moto}"}
        broken = {**well, "AWS_ENDPOINT_URL_SQS": down}
    fronted.start_api("/livez", **broken)
    window = Window.fresh()
    began = time.monotonic()
    refused = fronted.post(window)
    took = time.monotonic() - began
    assert (refused.status, "queued" in refused.message()) == (503, True), refused
    assert took < 5 and int(refused.headers["retry-after"]) > 0
    assert fronted.record(window.id())["state"] == "failed"
    assert fronted.progress.keys(window.id()) == [f"{window.id()}.job.json"]
    fronted.relay.refuse_with = None
    fronted.start_api(**well)
    assert fronted.post(window).status == 202
    silence.close()


def outage(stack, seconds: float, **settings: str) -> list[Window]:
    """All buckets answer 503 for so long: to jobs that are built, that wait, and that are asked for. Every one of
    these windows' digests is right in the end, and nothing is left beside the records."""
    gate = Gate(stack.logs.name)
    stack.front.rules.append(gate)
    stack.start_api(**settings).start_worker(**settings, WORKER_CONCURRENCY="2")
    windows = [Window.fresh() for _ in range(6)]
    for window in windows:
        flow_logs.write(stack.logs, window, objects=1)
    broken = threading.Event()

    def rule(seen):
        if broken.is_set():
            return 503, "<Error><Code>ServiceUnavailable</Code><Message>Please try again</Message></Error>"
        return None

    stack.front.rules.append(rule)
    assert [stack.post(window).status for window in windows[:4]] == [202] * 4
    ended = threading.Event()

    def deliver(window):
        while not ended.is_set() and stack.relay.for_id(window.id()):
            stack.relay.release(window.id())
            time.sleep(0.2)

    def ask(window):
        while stack.post(window).status not in (202, 409):
            time.sleep(0.2)

    with ThreadPoolExecutor(12) as pool:
        delivered = [pool.submit(deliver, window) for window in windows[:4]]
        assert gate.reached.wait(30)
        broken.set()
        gate.opened.set()
        asked = [pool.submit(ask, window) for window in windows[4:]]
        time.sleep(seconds)
        broken.clear()
        try:
            for pending in asked:
                pending.result(60 + seconds)
            delivered += [pool.submit(deliver, window) for window in windows[4:]]
            for window in windows:
                fetched = stack.when_stored(window, seconds=60 + seconds * 4)
                assert text_of(fetched.body) == oracle.digest_of(window, stack.logs)
            wait_for(lambda: all(stack.record(window.id())["state"] == "stored" for window in windows))
        finally:
            ended.set()
    assert [stack.progress.keys(window.id()) for window in windows] == [[f"{w.id()}.job.json"] for w in windows]
    records = [stack.record(window.id()) for window in windows]
    assert any(record["attempts"] + record["lost_leases"] for record in records), "no build met the outage"
    return windows


def test_a_store_that_answers_503_for_a_while_loses_no_job(fronted):
    """Half a minute is 4 s here; scripts/long/outage.py takes its time."""
    outage(fronted, 4, **HASTE)
