"""Buckets and jobs of the Go service: its markers, digests and messages are honoured as they stand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import flow_logs
import oracle
from flow_logs import Window
from processes import wait_for
from stack import offset_query, text_of
from web import call

EASTERN = timezone(timedelta(hours=11))


def mark(stack, window: Window, body: str) -> None:
    """Writes a marker as the Go service does."""
    stack.progress.put(f"{window.id()}_in_progress", body.encode())


def go_time(ago: timedelta) -> str:
    """A time in the writer's own offset, with nanoseconds."""
    return (datetime.now(EASTERN) - ago).strftime("%Y-%m-%dT%H:%M:%S.123456789+11:00")


def held(stack, window: Window) -> bool:
    """Whether GET and POST both see the window as in progress."""
    got, posted = stack.get(window).status, stack.post(window).status
    assert (got, posted) in ((204, 409), (404, 202)), (got, posted)
    return got == 204


def test_a_live_marker_in_a_local_offset_holds(stack):
    window = Window.fresh()
    mark(stack, window, go_time(timedelta(seconds=10)))
    assert held(stack, window)
    assert stack.relay.for_id(window.id()) == []


def test_an_empty_marker_counts_from_when_it_was_written(stack):
    window = Window.fresh()
    mark(stack, window, "")
    assert held(stack, window)


def test_an_empty_marker_runs_out(stack):
    api, url = stack.start("digesterd-api", DIGEST_QUEUE_TIMEOUT="2s")
    window = Window.fresh()
    mark(stack, window, "")

    def answered(method: str) -> int:
        return call(method, f"{url}/?{window.query}").status

    assert answered("GET") == 204
    wait_for(lambda: answered("GET") == 404)
    assert answered("POST") == 202
    api.stop()


@pytest.mark.parametrize("body", ["2018-10-17T00:00:00Z", "soon", "\0\xff", "{}", "2018-10-17"])
def test_expired_and_unreadable_markers_hold_nothing(stack, body):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    mark(stack, window, body)
    assert not held(stack, window)
    assert stack.relay.release(window.id()).status == 200
    assert stack.get(window).status == 200
    assert stack.progress.get(f"{window.id()}_in_progress") is None


def test_a_marker_older_than_the_progress_timeout_is_expired(stack):
    window = Window.fresh()
    mark(stack, window, go_time(timedelta(seconds=301)))
    assert not held(stack, window)


def test_a_job_of_the_go_service_is_built_though_its_marker_is_live(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    mark(stack, window, go_time(timedelta(seconds=1)))
    assert stack.hand_over(window.job()).status == 200
    fetched = stack.get(window)
    assert fetched.status == 200
    assert text_of(fetched.body) == oracle.digest_of(window, stack.logs)
    assert stack.progress.get(f"{window.id()}_in_progress") is None


def test_a_job_with_an_offset_id_is_built_and_found(stack):
    window = Window.of("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z")
    flow_logs.write(stack.logs, window)
    job = {
        "id": "5180f218-4eaa-5447-8c4c-ce7daf6c4b5d",
        "start": "2018-10-17T10:00:00+10:00",
        "stop": "2018-10-17T11:00:00+10:00",
    }
    assert stack.hand_over(job).status == 200
    asked = call("GET", f"{stack.api_url}/?{offset_query(job['start'], job['stop'])}")
    assert asked.status == 200
    assert text_of(asked.body) == oracle.digest_of(window, stack.logs)
    assert stack.get(window).body == asked.body
    assert stack.digests.keys() and all(not key.startswith("5180f218") for key in stack.digests.keys())
    assert stack.digests.get("7869fe53-0b48-5a77-9358-32a82efe8858.log.gz")


def test_a_digest_of_the_go_service_is_handed_out_as_it_is(stack):
    window = Window.fresh()
    stored = flow_logs.pack([flow_logs.row(window.first, srcport=0)], header=None)
    stack.digests.put(f"{window.id()}.log.gz", stored)
    fetched = stack.get(window)
    assert (fetched.status, fetched.body) == (200, stored)
    assert fetched.headers["digest-coverage"] == "unknown"
    assert fetched.headers["cache-control"] == "no-cache"
    assert stack.get(window, range="bytes=0-3").body == stored[:4]
    assert stack.post(window).status == 409
    assert stack.relay.for_id(window.id()) == []


def test_a_manifest_of_another_digest_is_not_believed(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    assert stack.build(window).headers["digest-coverage"] == "complete"
    stack.digests.put(f"{window.id()}.log.gz", flow_logs.pack([flow_logs.row(window.first)], header=None))
    assert stack.get(window).headers["digest-coverage"] == "unknown"


def test_the_marker_is_readable_by_the_go_service(stack):
    """Go's API holds a window until the marker's time plus the progress timeout."""
    window = Window.fresh()
    assert stack.post(window).status == 202
    body = stack.progress.get(f"{window.id()}_in_progress").decode()
    assert body.endswith("Z"), body
    written = datetime.fromisoformat(body[:19] + "+00:00")
    left = written + timedelta(seconds=300) - datetime.now(timezone.utc)
    assert timedelta(0) < left <= timedelta(hours=6, minutes=1), body
