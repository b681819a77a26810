"""Second chances: failed attempts, requests after a failure, and digests that are made anew."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import flow_logs
import oracle
from flow_logs import Window, row
from front import denied
from stack import text_of

REFRESH = "&refresh=true"


def unlistable(stack):
    """A rule: the flow logs cannot be listed for the moment."""

    def rule(seen):
        if seen.bucket == stack.logs.name and seen.is_listing:
            return 503, "<Error><Code>ServiceUnavailable</Code><Message>Please try again</Message></Error>"
        return None

    return rule


def just_ended(minutes: int = 10) -> Window:
    """A window that stops with the present minute."""
    stop = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    return Window(stop - timedelta(minutes=minutes), stop)


def test_a_failed_attempt_is_500_is_counted_and_is_made_good_by_the_next(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    fronted.front.rules.append(unlistable(fronted))
    assert fronted.post(window).status == 202
    failed = fronted.relay.release(window.id())
    assert failed.status == 500 and int(failed.headers["retry-after"]) > 0, failed
    assert fronted.logs.name in failed.message()
    record = fronted.record(window.id())
    assert (record["state"], record["attempts"]) == ("queued", 1)
    assert record["failure"]["transient"] is True
    assert fronted.get(window).status == 204
    assert fronted.post(window).status == 409

    fronted.front.rules.clear()
    assert fronted.relay.release(window.id()).status == 200
    assert text_of(fronted.get(window).body) == oracle.digest_of(window, fronted.logs)
    record = fronted.record(window.id())
    assert (record["state"], record["attempts"]) == ("stored", 1)


def test_a_job_is_given_up_after_its_last_attempt_and_may_be_asked_for_again(fronted):
    fronted.start_api().start_worker(DIGEST_MAX_ATTEMPTS="1")
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    fronted.front.rules.append(unlistable(fronted))
    assert fronted.post(window).status == 202
    assert fronted.relay.release(window.id()).status == 200, "recorded, so that the message is deleted"
    answer = fronted.get(window)
    assert answer.status == 404 and "given up after 1" in answer.message()
    assert fronted.record(window.id())["failure"]["transient"] is True
    assert fronted.digests.keys(window.id()) == []

    fronted.front.rules.clear()
    assert fronted.build(window).status == 200


def test_a_job_that_failed_for_good_is_made_again_only_on_request(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    keys = flow_logs.write(fronted.logs, window)
    fronted.front.rules.append(lambda seen: denied() if seen.method == "GET" and seen.key == keys[1] else None)
    assert fronted.post(window).status == 202
    assert fronted.relay.release(window.id()).status == 200
    fronted.front.rules.clear()
    refused = fronted.post(window)
    assert refused.status == 409 and keys[1] in refused.message()
    assert fronted.relay.for_id(window.id()) == []
    assert fronted.post(window, REFRESH).status == 202
    assert fronted.get(window).status == 204
    assert fronted.relay.release(window.id()).status == 200
    assert text_of(fronted.get(window).body) == oracle.digest_of(window, fronted.logs)


def test_a_stored_digest_is_replaced_on_request_and_served_meanwhile(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    old = stack.build(window)
    late = flow_logs.key(window.stop + timedelta(minutes=20), hash_="0000beef")
    stack.logs.put(late, flow_logs.pack([row(window.first, src="10.66.0.1")]))
    assert stack.post(window, REFRESH).status == 202
    assert stack.post(window, REFRESH).status == 409
    meanwhile = stack.get(window)
    assert (meanwhile.status, meanwhile.body) == (200, old.body)
    assert meanwhile.headers["digest-coverage"] == "complete"
    assert stack.relay.release(window.id()).status == 200
    new = stack.get(window)
    assert text_of(new.body) == oracle.digest_of(window, stack.logs)
    assert new.headers["etag"] != old.headers["etag"]
    assert new.headers["digest-coverage"] == "complete"
    assert stack.get(window, if_none_match=old.headers["etag"]).status == 200


def test_a_digest_that_was_begun_too_early_is_made_again_once_its_flow_logs_have_arrived(stack):
    window = just_ended()
    waits = (datetime.now(timezone.utc) - window.stop).total_seconds() + 4
    worker, url = stack.start("digesterd-worker", VPC_FLOW_LOGS_LATE_ARRIVAL=f"{int(waits)}s")
    usual, stack.relay.worker = stack.relay.worker, url
    try:
        flow_logs.write(stack.logs, window, [row(window.first)], objects=1)
        early = stack.build(window)
        assert early.headers["digest-coverage"] == "partial"
        assert early.headers["cache-control"] == "no-cache"
        assert stack.post(window).status == 409
        assert stack.relay.for_id(window.id()) == []

        late = flow_logs.key(window.stop, hash_="0000beef")
        stack.logs.put(late, flow_logs.pack([row(window.first, src="10.66.0.1")]))
        time.sleep(max(0.0, window.stop.timestamp() + int(waits) + 0.1 - time.time()))
        assert stack.post(window).status == 202
        assert stack.get(window).body == early.body
        assert stack.relay.release(window.id()).status == 200
        whole = stack.get(window)
    finally:
        stack.relay.worker = usual
        worker.stop()
    assert whole.headers["digest-coverage"] == "complete"
    assert len(text_of(whole.body).splitlines()) == 2
    assert stack.post(window).status == 409


def test_a_digest_that_was_removed_is_made_again(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    first = stack.build(window)
    stack.digests.delete(f"{window.id()}.log.gz")
    assert stack.get(window).status == 404
    again = stack.build(window)
    assert (again.body, again.headers["digest-coverage"]) == (first.body, "complete")
