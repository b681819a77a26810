"""Processes that are killed or told to stop in the middle of their work."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import flow_logs
import oracle
from flow_logs import Window
from front import Gate
from processes import Process, wait_for
from relay import Hold
from stack import text_of
from web import call

# Short leases and frequent sweeps: what takes minutes in service takes seconds here.
HASTE = {
    "DIGEST_CLAIM_TIMEOUT": "2s",
    "DIGEST_PROGRESS_TIMEOUT": "1500",
    "DIGEST_QUEUE_TIMEOUT": "2s",
    "DIGEST_SWEEP_INTERVAL": "200ms",
}


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
    fetched = fronted.when_stored(window)
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs)
    record = fronted.record(window.id())
    assert record["state"] == "stored" and record["lost_leases"] == 1
    assert fronted.digests.keys(window.id()) == [f"{window.id()}.log.gz", f"{window.id()}.manifest.json"]
    # The message is still in the queue; its next delivery finds the work done.
    assert fronted.relay.release(window.id()).status == 200


def test_a_job_that_kills_its_workers_is_given_up_with_the_reason(fronted):
    haste = {**HASTE, "DIGEST_MAX_LOST_LEASES": "2"}
    fronted.start_api(**haste)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    assert fronted.post(window).status == 202
    for _ in range(2):
        gate = Gate(fronted.logs.name)
        fronted.front.rules.append(gate)
        fronted.start_worker(**haste)
        assert gate.reached.wait(30)
        fronted.worker.kill()
        gate.opened.set()
        fronted.front.rules.clear()
    assert fronted.record(window.id())["lost_leases"] == 1
    fronted.start_worker(**haste)
    answer = wait_for(lambda: (answer := fronted.get(window)).status == 404 and answer)
    assert "2 builders in a row vanished" in answer.message()
    assert fronted.digests.keys(window.id()) == []
    wait_for(lambda: fronted.has_ended(window.id()))
    # What kills workers may be mended: whoever asks again gets another try.
    fronted.relay.messages.clear()
    assert fronted.build(window).status == 200


def arrive_late(stack, window: Window) -> None:
    """Another object of the window's, which whoever listed before does not know."""
    late = flow_logs.key(window.stop, hash_="0000beef")
    stack.logs.put(late, flow_logs.pack([flow_logs.row(window.first, src="10.66.0.1")]))


def successors_digest(stack, window: Window, first: Process):
    """Stops a worker, lets an object arrive late and a successor take over, and wakes the first one up."""
    os.kill(first.child.pid, signal.SIGSTOP)
    try:
        arrive_late(stack, window)
        stack.front.rules.clear()
        stack.start_worker(**HASTE)
        fetched = stack.when_stored(window)
    finally:
        os.kill(first.child.pid, signal.SIGCONT)
    assert text_of(fetched.body) == oracle.digest_of(window, stack.logs)
    return fetched


def test_a_paused_worker_does_not_harm_its_successors_digest(fronted):
    """The gate holds the first worker's read beyond its lease: the second takes over, then the first wakes up."""
    fronted.start_api(**HASTE).start_worker(**HASTE)
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    begin(fronted, gate, window)
    first = fronted.worker
    fetched = successors_digest(fronted, window, first)
    gate.opened.set()
    # The first worker finds its record gone and says so; its digest goes nowhere.
    wait_for(lambda: '"outcome":"lost"' in first.output())
    assert fronted.get(window).headers["etag"] == fetched.headers["etag"]
    assert fronted.record(window.id())["state"] == "stored"


def test_a_paused_workers_last_request_does_not_harm_its_successors_digest(fronted):
    """The first worker is stopped behind its last look at the record: the digest it made is on its way to the store."""
    fronted.start_api(**HASTE).start_worker(**HASTE)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    gate = Gate(fronted.digests.name, f"{window.id()}.log.gz", method="PUT")
    fronted.front.rules.append(gate)
    assert fronted.post(window).status == 202
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(deliver, fronted, window)
        assert gate.reached.wait(30)
        first = fronted.worker
        fetched = successors_digest(fronted, window, first)
        puts = len([seen for seen in fronted.front.requests(fronted.digests.name) if seen.method == "PUT"])
        gate.opened.set()
        wait_for(lambda: '"outcome":"lost"' in first.output() or '"outcome":"stored"' in first.output())
        pending.result(60)
    assert puts > 0
    answer = fronted.get(window)
    assert (answer.headers["etag"], answer.body) == (fetched.headers["etag"], fetched.body)
    assert answer.headers["digest-coverage"] == "complete"
    assert fronted.record(window.id())["state"] == "stored"
    assert tables(fronted) == [fronted.manifest(window.id())["edges_table"]["key"]]


def tables(stack) -> list[str]:
    """Keys of all tables of edges."""
    return stack.digests.keys("edges/")


def test_the_table_of_a_killed_workers_attempt_is_removed_by_its_successor(fronted):
    """Killed between its table and its digest. Whoever reads the folder of tables would count its edges twice."""
    fronted.start_api(**HASTE).start_worker(**HASTE)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    gate = Gate(fronted.digests.name, f"{window.id()}.log.gz", method="PUT")
    fronted.front.rules.append(gate)
    assert fronted.post(window).status == 202
    with ThreadPoolExecutor(1) as pool:
        pool.submit(deliver, fronted, window)
        assert gate.reached.wait(30)
        fronted.worker.kill()
    [orphan] = tables(fronted)
    fronted.front.rules.clear()
    fronted.start_worker(**HASTE)
    fetched = fronted.when_stored(window)
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs)
    named = fronted.manifest(window.id())["edges_table"]["key"]
    assert tables(fronted) == [named] and named != orphan
    # Its last request arrives after all.
    gate.opened.set()


def test_a_paused_workers_table_that_comes_behind_its_successors_is_removed(fronted):
    """The first worker is stopped while its table's upload ends: it appears behind all that the successor stored."""
    fronted.start_api(**HASTE).start_worker(**HASTE)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    gate = Gate(fronted.digests.name, "edges/", method="POST", query="uploadId")
    fronted.front.rules.append(gate)
    assert fronted.post(window).status == 202
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(deliver, fronted, window)
        assert gate.reached.wait(30)
        first = fronted.worker
        os.kill(first.child.pid, signal.SIGSTOP)
        try:
            fronted.front.rules.clear()
            fronted.start_worker(**HASTE)
            fronted.when_stored(window)
            [named] = tables(fronted)
            gate.opened.set()
            wait_for(lambda: len(tables(fronted)) == 2)
        finally:
            os.kill(first.child.pid, signal.SIGCONT)
        wait_for(lambda: '"outcome":"lost"' in first.output())
        pending.result(60)
    assert tables(fronted) == [named]
    assert fronted.manifest(window.id())["edges_table"]["key"] == named


def test_a_lost_message_is_made_good_by_the_sweeper(fronted):
    fronted.start_api(**HASTE)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    assert fronted.post(window).status == 202
    fronted.relay.messages.clear()
    fronted.start_worker(**HASTE)
    fetched = fronted.when_stored(window)
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs)


def test_sigterm_lets_the_build_finish(fronted):
    fronted.start_api().start_worker()
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    pending = begin(fronted, gate, window)
    fronted.worker.terminate()
    wait_for(lambda: call("GET", f"{fronted.worker_url}/readyz").status == 503)
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
    wait_for(lambda: call("GET", f"{fronted.worker_url}/readyz").status == 503)
    other = Window.fresh()
    answer = fronted.hand_over(other.job())
    assert answer.status == 503 and int(answer.headers["retry-after"]) > 0
    assert fronted.progress.keys(other.id()) == []
    gate.opened.set()
    assert fronted.worker.wait(30) == 0


def test_the_api_ends_on_sigterm(fronted):
    fronted.start_api()
    fronted.api.terminate()
    assert fronted.api.wait(10) == 0


def test_a_request_in_flight_is_answered_though_the_api_is_told_to_stop(fronted):
    fronted.start_api()
    window, hold = Window.fresh(), Hold()
    fronted.relay.hold = hold
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(fronted.post, window)
        assert hold.reached.wait(20)
        fronted.api.terminate()
        hold.opened.set()
        assert asked.result(20).status == 202
    assert fronted.api.wait(10) == 0
    assert len(fronted.relay.for_id(window.id())) == 1
    assert fronted.record(window.id())["state"] == "queued"


def killed_while_queueing(fronted, window: Window, hold: Hold) -> None:
    """Starts an API, asks it for a digest and kills it while it speaks to the queue."""
    fronted.start_api(**HASTE)
    flow_logs.write(fronted.logs, window)
    fronted.relay.hold = hold
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(call, "POST", f"{fronted.api_url}/?{window.query}")
        assert hold.reached.wait(20)
        fronted.api.kill()
        assert isinstance(asked.exception(20), Exception)
    fronted.relay.hold = None
    assert fronted.record(window.id())["state"] == "claimed"
    fronted.start_api(**HASTE)
    assert fronted.get(window).status == 204
    assert fronted.post(window).status == 409


def test_a_claim_whose_api_was_killed_before_the_queue_is_finished_by_a_sweeper(fronted):
    window, hold = Window.fresh(), Hold()
    killed_while_queueing(fronted, window, hold)
    assert fronted.relay.messages == []
    fronted.start_worker(**HASTE)
    fetched = fronted.when_stored(window)
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs)
    assert fronted.progress.keys(window.id()) == [f"{window.id()}.job.json"]
    hold.opened.set()


def test_a_job_whose_api_was_killed_after_the_queue_took_it_is_built(fronted):
    window, hold = Window.fresh(), Hold(takes_first=True)
    killed_while_queueing(fronted, window, hold)
    fronted.start_worker()
    assert fronted.relay.release(window.id()).status == 200
    assert text_of(fronted.get(window).body) == oracle.digest_of(window, fronted.logs)
    hold.opened.set()


def test_a_caller_that_hangs_up_leaves_nothing_half_done(fronted):
    fronted.start_api()
    window, hold = Window.fresh(), Hold()
    fronted.relay.hold = hold
    parts = urlsplit(fronted.api_url)
    with socket.create_connection((parts.hostname, parts.port)) as caller:
        caller.sendall(f"POST /?{window.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        assert hold.reached.wait(20)
        # Without lingering: the connection is reset, which nobody can take for the end of a request.
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: "request abandoned" in fronted.api.output())
    hold.opened.set()
    wait_for(lambda: fronted.record(window.id())["state"] == "queued")
    assert len(fronted.relay.for_id(window.id())) == 1


def test_who_asks_while_the_go_service_is_at_it_gets_a_digest_though_it_dies(own):
    own.start_api(**HASTE).start_worker(**HASTE)
    window = Window.fresh()
    flow_logs.write(own.logs, window)
    own.progress.put(f"{window.id()}_in_progress", b"")
    assert own.post(window).status == 409
    assert own.get(window).status == 204
    # Its marker runs out, and no digest has come of it.
    assert own.when_stored(window).status == 200
