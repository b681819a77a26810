"""Workers that are killed or told to stop in the middle of a build."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import flow_logs
import oracle
from flow_logs import Window
from front import Gate
from stack import text_of

# Short leases and frequent sweeps: what takes minutes in service takes seconds here.
HASTE = {"DIGEST_PROGRESS_TIMEOUT": "2000", "DIGEST_SWEEP_INTERVAL": "500ms", "DIGEST_QUEUE_TIMEOUT": "3s"}


def wait_for(condition, seconds: float = 40):
    """Waits until a condition holds and returns its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.1)
    return value


def begin(stack, gate: Gate, window: Window):
    """Starts a build that the gate holds; returns the pending delivery."""
    flow_logs.write(stack.logs, window)
    stack.front.rules.append(gate)
    assert stack.post(window).status == 202
    pool = ThreadPoolExecutor(1)
    pending = pool.submit(deliver, stack, window)
    assert gate.reached.wait(30)
    pool.shutdown(wait=False)
    return pending


def deliver(stack, window: Window):
    """The answer to a delivery, or the error that the connection ended with."""
    try:
        return stack.relay.release(window.id())
    except OSError as error:
        return error


def test_a_killed_workers_job_is_finished_by_the_next_ones_sweeper(fronted):
    fronted.start_api(**HASTE).start_worker(**HASTE)
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    pending = begin(fronted, gate, window)
    fronted.worker.kill()
    assert isinstance(pending.result(30), Exception)
    gate.opened.set()
    fronted.front.rules.clear()
    assert fronted.get(window).status == 204
    assert fronted.record(window.id())["state"] == "building"

    fronted.start_worker(**HASTE)
    fetched = wait_for(lambda: (answer := fronted.get(window)).status == 200 and answer)
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs)
    record = fronted.record(window.id())
    assert record["state"] == "stored" and record["lost_leases"] == 1
    assert fronted.digests.keys(window.id()) == [f"{window.id()}.log.gz", f"{window.id()}.manifest.json"]
    # The message is still in the queue; its next delivery finds the work done.
    assert fronted.relay.release(window.id()).status == 200


def test_a_paused_worker_does_not_harm_its_successors_digest(fronted):
    """The gate holds the first worker's read beyond its lease: the second takes over, then the first wakes up."""
    fronted.start_api(**HASTE).start_worker(**HASTE)
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    begin(fronted, gate, window)
    first = fronted.worker
    os.kill(first.child.pid, signal.SIGSTOP)
    try:
        fronted.front.rules.clear()
        fronted.start_worker(**HASTE)
        fetched = wait_for(lambda: (answer := fronted.get(window)).status == 200 and answer)
    finally:
        os.kill(first.child.pid, signal.SIGCONT)
        gate.opened.set()
    time.sleep(2)
    assert fronted.get(window).headers["etag"] == fetched.headers["etag"]
    assert fronted.record(window.id())["state"] == "stored"


def test_a_lost_message_is_made_good_by_the_sweeper(fronted):
    fronted.start_api(**HASTE)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    assert fronted.post(window).status == 202
    fronted.relay.messages.clear()
    fronted.start_worker(**HASTE)
    fetched = wait_for(lambda: (answer := fronted.get(window)).status == 200 and answer)
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs)


def test_sigterm_lets_the_build_finish(fronted):
    fronted.start_api().start_worker()
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    pending = begin(fronted, gate, window)
    fronted.worker.terminate()
    time.sleep(0.5)
    assert fronted.worker.child.poll() is None
    gate.opened.set()
    assert fronted.worker.wait(30) == 0
    answer = pending.result(30)
    assert getattr(answer, "status", None) == 200, answer
    assert fronted.get(window).status == 200


def test_sigterm_hands_back_what_cannot_be_finished_in_time(fronted):
    fronted.start_api().start_worker(DIGEST_SHUTDOWN_GRACE="1s")
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    pending = begin(fronted, gate, window)
    began = time.monotonic()
    fronted.worker.terminate()
    assert fronted.worker.wait(20) == 0
    assert time.monotonic() - began < 10
    answer = pending.result(30)
    assert getattr(answer, "status", 500) != 200
    gate.opened.set()
    fronted.front.rules.clear()
    record = fronted.record(window.id())
    assert record["state"] == "queued" and record["attempts"] == 0
    assert fronted.get(window).status == 204

    fronted.start_worker()
    assert fronted.relay.release(window.id()).status == 200
    assert fronted.get(window).status == 200


def test_a_draining_worker_takes_nothing_new(fronted):
    fronted.start_api().start_worker()
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    begin(fronted, gate, window)
    fronted.worker.terminate()
    time.sleep(0.5)
    try:
        answer = fronted.hand_over(Window.fresh().job())
        assert answer.status == 503 and int(answer.headers["retry-after"]) > 0
    except OSError:
        pass  # It may also have stopped listening: the queue delivers again.
    gate.opened.set()
    assert fronted.worker.wait(30) == 0


def test_the_api_ends_on_sigterm(fronted):
    fronted.start_api()
    fronted.api.terminate()
    assert fronted.api.wait(10) == 0
