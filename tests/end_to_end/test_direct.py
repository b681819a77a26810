"""The API posts its jobs straight to a worker, with no queue between: nothing accepted is lost."""

from __future__ import annotations

import time

import pytest
from test_crashes import HASTE

import flow_logs
import oracle
from flow_logs import Window
from front import Gate
from relay import TOPIC
from stack import text_of
from web import call


@pytest.mark.parametrize("topic", [TOPIC, None])
def test_an_api_feeds_a_worker(stack, topic):
    api, url = stack.start("digesterd-api", STREAM_APPLIANCE_ENDPOINT=stack.worker_url, STREAM_APPLIANCE_TOPIC=topic)
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    assert call("POST", f"{url}/?{window.query}").status == 202
    assert text_of(stack.when_stored(window).body) == oracle.digest_of(window, stack.logs)
    api.stop()


def test_a_request_is_answered_long_before_its_digest_is_built(fronted):
    fronted.start_worker()
    fronted.start_api(STREAM_APPLIANCE_ENDPOINT=fronted.worker_url)
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    flow_logs.write(fronted.logs, window)
    fronted.front.rules.append(gate)
    began = time.monotonic()
    assert fronted.post(window).status == 202
    assert time.monotonic() - began < 5
    assert gate.reached.wait(20)
    assert fronted.get(window).status == 204
    assert fronted.post(window).status == 409
    gate.opened.set()
    assert text_of(fronted.when_stored(window).body) == oracle.digest_of(window, fronted.logs)


def test_a_full_worker_accepts_and_builds_one_after_the_other(fronted):
    haste = {**HASTE, "WORKER_CONCURRENCY": "1"}
    fronted.start_worker(**haste)
    fronted.start_api(STREAM_APPLIANCE_ENDPOINT=fronted.worker_url)
    windows, gate = [Window.fresh() for _ in range(4)], Gate(fronted.logs.name)
    for window in windows:
        flow_logs.write(fronted.logs, window, objects=1)
    fronted.front.rules.append(gate)
    assert [fronted.post(window).status for window in windows] == [202] * 4
    gate.opened.set()
    for window in windows:
        assert text_of(fronted.when_stored(window).body) == oracle.digest_of(window, fronted.logs)


def test_what_a_killed_worker_had_accepted_is_built_by_the_next(fronted):
    fronted.start_worker(**HASTE)
    fronted.start_api(STREAM_APPLIANCE_ENDPOINT=fronted.worker_url)
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    flow_logs.write(fronted.logs, window)
    fronted.front.rules.append(gate)
    assert fronted.post(window).status == 202
    assert gate.reached.wait(20)
    fronted.worker.kill()
    gate.opened.set()
    fronted.front.rules.clear()
    fronted.start_worker(**HASTE)
    assert text_of(fronted.when_stored(window).body) == oracle.digest_of(window, fronted.logs)


def test_a_worker_that_is_down_is_told_and_the_window_is_free_again(fronted):
    fronted.start_worker()
    fronted.start_api(STREAM_APPLIANCE_ENDPOINT=fronted.worker_url)
    window = Window.fresh()
    fronted.worker.stop()
    began = time.monotonic()
    answer = fronted.post(window)
    assert answer.status == 503 and time.monotonic() - began < 5, answer
    assert int(answer.headers["retry-after"]) > 0 and answer.message()
    assert fronted.record(window.id())["state"] == "failed"
    assert fronted.progress.get(f"{window.id()}_in_progress") is None
    fetched = fronted.get(window)
    assert fetched.status == 404 and "queued" in fetched.message()
