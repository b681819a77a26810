"""Many clients at once, and one job delivered more than once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import flow_logs
from flow_logs import Window
from front import Gate
from web import call


def at_once(count: int, action) -> list:
    """Runs an action in so many threads that start together."""
    barrier = threading.Barrier(count)

    def run(_):
        barrier.wait()
        return action()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_twenty_posts_at_once_make_one_job(stack):
    for _ in range(3):
        window = Window.fresh()
        answers = at_once(20, lambda window=window: stack.post(window).status)
        assert Counter(answers) == {202: 1, 409: 19}
        assert len(stack.relay.for_id(window.id())) == 1


def test_twenty_posts_at_once_over_two_apis_make_one_job(stack):
    _, second = stack.start("digesterd-api")
    window = Window.fresh()
    urls = [stack.api_url, second] * 10

    def post():
        return call("POST", f"{urls.pop()}/?{window.query}").status

    answers = at_once(20, post)
    assert Counter(answers) == {202: 1, 409: 19}
    assert len(stack.relay.for_id(window.id())) == 1


def test_an_expired_marker_is_taken_over_by_one_of_twenty(stack):
    window = Window.fresh()
    stack.progress.put(f"{window.id()}_in_progress", b"2018-10-17T00:00:00Z")
    answers = at_once(20, lambda: stack.post(window).status)
    assert Counter(answers) == {202: 1, 409: 19}


def test_five_deliveries_of_one_job_build_it_once(fronted):
    fronted.start_worker(WORKER_CONCURRENCY="4")
    window = Window.fresh()
    keys = flow_logs.write(fronted.logs, window, objects=1)
    gate = Gate(fronted.logs.name)
    fronted.front.rules.append(gate)
    threading.Timer(2, gate.opened.set).start()
    answers = at_once(5, lambda: fronted.hand_over(window.job()).status)
    assert answers == [200] * 5
    reads = [seen for seen in fronted.front.requests(fronted.logs.name) if seen.method == "GET" and seen.key in keys]
    assert len(reads) == 1
    assert fronted.record(window.id())["epoch"] <= 2


def test_two_workers_share_one_job(fronted):
    _, first = fronted.start("digesterd-worker")
    _, second = fronted.start("digesterd-worker")
    window = Window.fresh()
    keys = flow_logs.write(fronted.logs, window, objects=1)
    gate = Gate(fronted.logs.name)
    fronted.front.rules.append(gate)
    threading.Timer(2, gate.opened.set).start()
    urls = [first, second]

    def deliver():
        return call("POST", f"{urls.pop()}/", json.dumps(window.job())).status

    assert at_once(2, deliver) == [200, 200]
    reads = [seen for seen in fronted.front.requests(fronted.logs.name) if seen.method == "GET" and seen.key in keys]
    assert len(reads) == 1


def test_a_full_worker_takes_the_job_when_a_slot_is_free(fronted):
    fronted.start_worker(WORKER_CONCURRENCY="1")
    windows = [Window.fresh() for _ in range(3)]
    for window in windows:
        flow_logs.write(fronted.logs, window, objects=1)
    gate = Gate(fronted.logs.name)
    fronted.front.rules.append(gate)
    threading.Timer(2, gate.opened.set).start()
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda window: fronted.hand_over(window.job()).status, windows))
    assert answers == [200] * 3


def test_a_busy_worker_answers_429_when_patience_ends(fronted):
    fronted.start_worker(WORKER_CONCURRENCY="1", SQSD_PATIENCE="1s")
    window = Window.fresh()
    flow_logs.write(fronted.logs, window, objects=1)
    gate = Gate(fronted.logs.name)
    fronted.front.rules.append(gate)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fronted.hand_over, window.job())
        assert gate.reached.wait(20)
        second = fronted.hand_over(window.job())
        assert second.status == 429
        assert int(second.headers["retry-after"]) > 0
        gate.opened.set()
        assert first.result(60).status in (200, 429)
    # The build is a task of its own: whoever hangs up changes nothing.
    assert fronted.hand_over(window.job()).status == 200
