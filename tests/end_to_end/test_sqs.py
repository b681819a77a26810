"""SQS between API and worker, without a daemon: nothing is lost or built twice, what is hopeless is put aside."""

from __future__ import annotations

import json
import time

import pytest
from test_crashes import HASTE
from test_logs import TRACE, about

import flow_logs
import oracle
from flow_logs import Window
from front import Gate
from processes import free_port, wait_for
from sqs import Queue
from stack import text_of
from web import call

# Nobody sweeps: what is built was brought by a message.
UNSWEPT = {**HASTE, "DIGEST_SWEEP_INTERVAL": "1h", "DIGEST_QUEUE_TIMEOUT": "1h", "DIGEST_CLAIM_TIMEOUT": "1h"}


@pytest.fixture
def queued(fronted, moto):
    """A stack whose queue is one of SQS; its S3 has a door, its SQS has none."""
    fronted.queue = Queue(f"http://127.0.0.1:{moto}")
    fronted.settings = {**fronted.queue.variables(), "AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{moto}"}
    return fronted


def test_a_job_goes_through_sqs_and_its_trace_goes_along(queued):
    # Everything by the one endpoint, as a person would set it.
    settings = {**queued.queue.variables(), "WORKER_CONCURRENCY": "2"}
    queued.start_api(**settings).start_worker(**settings)
    window = Window.fresh()
    flow_logs.write(queued.logs, window)
    traced = {"traceparent": TRACE, "x-request-id": "asked-through-sqs"}
    accepted = call("POST", f"{queued.api_url}/?{window.query}", headers=traced)
    assert accepted.status == 202, accepted
    assert text_of(queued.when_stored(window).body) == oracle.digest_of(window, queued.logs)
    wait_for(queued.queue.is_empty)
    [taken] = about(queued.worker, "job taken from the queue")
    assert (taken["traceparent"], taken["request_id"], taken["receives"]) == (TRACE, "asked-through-sqs", 1)
    assert queued.post(window).status == 409

    # Requests are taken as well, at the same time.
    other = Window.fresh()
    flow_logs.write(queued.logs, other)
    assert queued.hand_over(other.job()).status == 200
    assert text_of(queued.get(other).body) == oracle.digest_of(other, queued.logs)
    ready = call("GET", f"{queued.worker_url}/readyz").json()
    assert {"name": "queue", "ok": True, "required": False}.items() <= next(
        part for part in ready["parts"] if part["name"] == "queue"
    ).items()


def test_the_message_of_a_killed_worker_appears_again_and_its_digest_is_stored(queued):
    queued.start_api(**queued.settings, **UNSWEPT).start_worker(**queued.settings, **UNSWEPT)
    window, gate = Window.fresh(), Gate(queued.logs.name)
    flow_logs.write(queued.logs, window)
    queued.front.rules.append(gate)
    assert queued.post(window).status == 202
    assert gate.reached.wait(30)
    queued.worker.kill()
    assert queued.queue.messages() == (0, 1)
    gate.opened.set()
    queued.front.rules.clear()

    queued.start_worker(**queued.settings, **UNSWEPT)
    assert text_of(queued.when_stored(window).body) == oracle.digest_of(window, queued.logs)
    wait_for(queued.queue.is_empty)
    [taken] = about(queued.worker, "job taken from the queue")
    assert taken["receives"] == 2
    assert queued.record(window.id())["lost_leases"] == 1


def test_a_message_stays_hidden_however_long_its_build_takes(queued, moto):
    # Received once more than once, it would be put aside.
    queued.queue = Queue(f"http://127.0.0.1:{moto}", receives=1)
    settings = {**queued.settings, **queued.queue.variables(), **UNSWEPT, "DIGEST_PROGRESS_TIMEOUT": "2000"}
    queued.start_api(**settings).start_worker(**settings)
    idle, _ = queued.start("digesterd-worker", **settings)
    window, gate = Window.fresh(), Gate(queued.logs.name)
    flow_logs.write(queued.logs, window)
    queued.front.rules.append(gate)
    assert queued.post(window).status == 202
    assert gate.reached.wait(30)
    for _ in range(14):
        assert queued.queue.messages() == (0, 1)
        time.sleep(0.5)
    gate.opened.set()
    assert text_of(queued.when_stored(window).body) == oracle.digest_of(window, queued.logs)
    wait_for(queued.queue.is_empty)
    assert queued.queue.dead() == []
    taken = [about(worker, "job taken from the queue") for worker in (queued.worker, idle)]
    assert sum(map(len, taken)) == 1


def test_a_message_that_is_no_job_is_put_aside_by_the_redrive_policy(queued, moto):
    queued.queue = Queue(f"http://127.0.0.1:{moto}", receives=2)
    queued.start_worker(**{**queued.settings, **queued.queue.variables(), **UNSWEPT})
    hopeless = ["no job", json.dumps({**Window.fresh().job(), "id": Window.fresh().id()})]
    for body in hopeless:
        queued.queue.send(body)
    dead: list[str] = []
    wait_for(lambda: dead.extend(queued.queue.dead()) or len(dead) == 2, 60)
    assert sorted(dead) == sorted(hopeless)
    assert queued.queue.is_empty()
    assert queued.progress.keys() == []
    assert "redrive policy" in queued.worker.output()


def test_the_message_of_a_job_that_failed_for_good_is_deleted_and_the_reason_recorded(queued):
    queued.start_api(**queued.settings, **UNSWEPT).start_worker(**queued.settings, **UNSWEPT)
    window = Window.fresh()
    [key] = flow_logs.write(queued.logs, window, ["2 short"], objects=1)
    assert queued.post(window).status == 202
    failed = wait_for(lambda: (answer := queued.get(window)).status == 404 and answer)
    assert key in failed.message()
    wait_for(queued.queue.is_empty)
    assert queued.queue.dead() == []
    assert queued.record(window.id())["state"] == "failed"


def test_two_messages_of_one_job_build_it_once(queued):
    settings = {**queued.settings, **UNSWEPT}
    queued.start_api(**settings).start_worker(**settings)
    other, _ = queued.start("digesterd-worker", **settings)
    window, gate = Window.fresh(), Gate(queued.logs.name)
    flow_logs.write(queued.logs, window)
    queued.front.rules.append(gate)
    assert queued.post(window).status == 202
    assert gate.reached.wait(30)
    queued.queue.send(json.dumps(window.job()))
    wait_for(lambda: queued.queue.messages() == (0, 2))
    time.sleep(3)
    assert queued.queue.messages() == (0, 2)
    gate.opened.set()
    assert text_of(queued.when_stored(window).body) == oracle.digest_of(window, queued.logs)
    wait_for(queued.queue.is_empty)
    ended = [line for worker in (queued.worker, other) for line in about(worker, "job ended", job_id=window.id())]
    assert [line["outcome"] for line in ended] == ["stored"]


def test_a_worker_that_shuts_down_gives_its_message_back(queued):
    settings = {**queued.settings, **UNSWEPT, "DIGEST_PROGRESS_TIMEOUT": "60s", "DIGEST_SHUTDOWN_GRACE": "1s"}
    queued.start_api(**settings).start_worker(**settings)
    window, gate = Window.fresh(), Gate(queued.logs.name)
    flow_logs.write(queued.logs, window)
    queued.front.rules.append(gate)
    assert queued.post(window).status == 202
    assert gate.reached.wait(30)
    queued.worker.terminate()
    assert queued.worker.wait(20) == 0
    gate.opened.set()
    queued.front.rules.clear()
    # Long before the lease is over.
    wait_for(lambda: queued.queue.messages() == (1, 0), 10)
    queued.start_worker(**settings)
    assert text_of(queued.when_stored(window, seconds=30).body) == oracle.digest_of(window, queued.logs)
    wait_for(queued.queue.is_empty)


@pytest.mark.parametrize("fault", ["nobody listens", "no such queue"])
def test_a_queue_of_sqs_that_is_down_is_said_in_time_and_the_window_is_free_again(queued, fault):
    settings = dict(queued.settings)
    if fault == "nobody listens":
        settings["AWS_ENDPOINT_URL_SQS"] = f"http://127.0.0.1:{free_port()}"
    else:
        settings["SQS_QUEUE_URL"] += "-that-is-not-there"
    queued.start_api(**settings)
    window = Window.fresh()
    for _ in range(2):
        began = time.monotonic()
        refused = queued.post(window)
        assert (refused.status, "queued" in refused.message()) == (503, True), refused
        assert time.monotonic() - began < 5
        assert queued.record(window.id())["state"] == "failed"
    queued.start_api(**queued.settings)
    assert queued.post(window).status == 202
    assert queued.queue.messages() == (1, 0)
