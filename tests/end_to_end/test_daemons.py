"""A worker behind sqsd and its clones, over SQS: whatever they do with an answer, no job is lost or put aside."""

from __future__ import annotations

import json

import pytest
from daemon import PROFILES, Daemon, Profile
from test_crashes import HASTE

import flow_logs
import oracle
from flow_logs import Window
from front import Gate
from processes import wait_for
from sqs import Queue
from stack import text_of


@pytest.fixture
def daemons(moto):
    """Starts daemons over a queue of their own, and ends them."""
    running: list[Daemon] = []

    def start(worker: str, profile: Profile, receives: int = 10) -> Daemon:
        running.append(Daemon(Queue(f"http://127.0.0.1:{moto}", receives), worker, profile))
        return running[-1]

    yield start
    for daemon in running:
        daemon.close()


def is_stored(stack, window: Window) -> bool:
    """Whether a window's digest is there, by the bucket: no API runs."""
    return (
        stack.digests.get(f"{window.id()}.manifest.json") is not None and stack.record(window.id())["state"] == "stored"
    )


def text(stack, window: Window) -> str:
    """The stored digest's text."""
    return text_of(stack.digests.get(f"{window.id()}.log.gz"))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_daemon_of_every_kind_gets_its_jobs_done(fronted, daemons, profile):
    """One job is built, one fails for good, one is delivered while it is built and no slot is free."""
    fronted.start_worker(**HASTE, SQSD_PATIENCE="500ms")
    first, second, bad = Window.fresh(), Window.fresh(), Window.fresh()
    for window in (first, second):
        flow_logs.write(fronted.logs, window, objects=1)
    flow_logs.write(fronted.logs, bad, ["2 short"], objects=1)
    gate = Gate(fronted.logs.name)
    fronted.front.rules.append(gate)
    # So short a patience is for this test alone; how many receives a real one costs is another's matter.
    daemon = daemons(fronted.worker_url, profile, receives=1000)
    daemon.queue.send(json.dumps(first.job()))
    assert gate.reached.wait(30)
    for window in (second, bad):
        daemon.queue.send(json.dumps(window.job()))
    # Whoever is not answered in time is told that the worker is busy.
    wait_for(lambda: 429 in daemon.statuses())
    gate.opened.set()
    for window in (first, second):
        wait_for(lambda window=window: is_stored(fronted, window))
        assert text(fronted, window) == oracle.digest_of(window, fronted.logs)
    failed = wait_for(lambda: (record := fronted.record(bad.id())) and record["state"] == "failed" and record)
    assert "short" not in failed["failure"]["reason"] and failed["failure"]["reason"]
    wait_for(daemon.queue.is_empty)
    assert daemon.queue.dead() == []
    assert daemon.statuses() <= {200, 429}


def test_a_build_that_outlasts_the_daemons_patience_many_times_is_never_put_aside(fronted, daemons):
    """Ten minutes to the usual patience of 150 s are 8 s to 2 s; an error makes a message visible again at once."""
    fronted.start_worker(**HASTE, SQSD_PATIENCE="2s")
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    flow_logs.write(fronted.logs, window, objects=1)
    fronted.front.rules.append(gate)
    daemon = daemons(fronted.worker_url, Profile())
    daemon.queue.send(json.dumps(window.job()))
    assert gate.reached.wait(30)
    gate.opened.wait(8)
    gate.opened.set()
    wait_for(lambda: is_stored(fronted, window))
    assert text(fronted, window) == oracle.digest_of(window, fronted.logs)
    wait_for(daemon.queue.is_empty)
    assert daemon.queue.dead() == []
    assert daemon.answers[-1][0] == 200 and 3 <= daemon.answers[-1][1] <= 10
    record = fronted.record(window.id())
    assert (record["attempts"], record["lost_leases"]) == (0, 0)


def test_a_daemon_that_does_not_wait_for_answers_redelivers_to_a_build_that_goes_on(fronted, daemons):
    """Its InactivityTimeout is shorter than the worker's patience: it hangs up, and the message appears again."""
    fronted.start_worker(**HASTE, SQSD_PATIENCE="25s")
    window, gate = Window.fresh(), Gate(fronted.logs.name)
    keys = flow_logs.write(fronted.logs, window, objects=1)
    fronted.front.rules.append(gate)
    daemon = daemons(fronted.worker_url, Profile("impatient", inactivity=1))
    daemon.queue.send(json.dumps(window.job()))
    assert gate.reached.wait(30)
    gate.opened.wait(5)
    assert daemon.answers == []
    gate.opened.set()
    wait_for(daemon.queue.is_empty)
    assert is_stored(fronted, window) and text(fronted, window) == oracle.digest_of(window, fronted.logs)
    assert daemon.queue.dead() == []
    assert daemon.statuses() == {200} and 3 <= daemon.answers[-1][1] <= 10
    reads = [seen for seen in fronted.front.requests(fronted.logs.name) if seen.method == "GET" and seen.key in keys]
    assert len(reads) == 1


@pytest.mark.parametrize("profile", [PROFILES[0], PROFILES[2]], ids=lambda profile: profile.name)
def test_what_is_no_job_is_400_and_goes_to_the_dead_letters_of_a_daemon_that_keeps_it(fronted, daemons, profile):
    fronted.start_worker()
    daemon = daemons(fronted.worker_url, profile, receives=2)
    hopeless = ["no job", json.dumps({**Window.fresh().job(), "id": Window.fresh().id()})]
    for body in hopeless:
        daemon.queue.send(body)
    dead: list[str] = []
    wanted = [] if profile.deletes(400) else sorted(hopeless)
    wait_for(lambda: dead.extend(daemon.queue.dead()) or (daemon.queue.is_empty() and len(dead) == len(wanted)))
    assert sorted(dead) == wanted
    assert daemon.statuses() == {400}
    assert fronted.progress.keys() == []


def test_50_jobs_at_once_for_a_worker_with_one_slot_are_all_built_and_none_is_put_aside(fronted, daemons):
    fronted.start_worker(WORKER_CONCURRENCY="1", SQSD_PATIENCE="25s")
    windows = [Window.fresh() for _ in range(50)]
    for window in windows:
        flow_logs.write(fronted.logs, window, objects=1)
    gate = Gate(fronted.logs.name)
    fronted.front.rules.append(gate)
    daemon = daemons(fronted.worker_url, Profile())
    for window in windows:
        daemon.queue.send(json.dumps(window.job()))
    # All of them have been delivered before the first is built.
    wait_for(lambda: daemon.queue.messages() == (0, 50))
    gate.opened.set()
    wait_for(daemon.queue.is_empty, 240)
    assert daemon.queue.dead() == []
    assert all(is_stored(fronted, window) for window in windows)
    assert text(fronted, windows[-1]) == oracle.digest_of(windows[-1], fronted.logs)
    assert max(receives for _, receives in daemon.answers) <= 10
