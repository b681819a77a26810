"""Objects that vanish or change between the listing and the read, and a store that stumbles."""

from __future__ import annotations

import time

import pytest

import flow_logs
import oracle
from flow_logs import Window
from front import denied
from stack import text_of


def once(fronted, key: str, action):
    """A rule that runs an action just before the first read of a key."""
    done = []

    def rule(seen):
        if seen.method == "GET" and seen.bucket == fronted.logs.name and seen.key == key and not done:
            done.append(True)
            action()
        return None

    fronted.front.rules.append(rule)
    return done


def deliver_until_done(fronted, window: Window, seconds: float = 60) -> int:
    """Delivers as the queue would until the message is deleted; returns the number of deliveries."""
    deadline = time.monotonic() + seconds
    [message] = fronted.relay.for_id(window.id())
    while fronted.relay.deliver(message).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return message.receives


def test_an_object_that_vanishes_is_never_missed_silently(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    keys = flow_logs.write(fronted.logs, window)
    done = once(fronted, keys[1], lambda: fronted.logs.delete(keys[1]))
    assert fronted.post(window).status == 202
    deliver_until_done(fronted, window)
    assert done
    fetched = fronted.get(window)
    assert fetched.status == 200
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs, [keys[0], keys[2]])
    manifest = fronted.manifest(window.id())
    if manifest["coverage"] == "complete":
        assert [entry["key"] for entry in manifest["object_list"]] == [keys[0], keys[2]]
    else:
        assert manifest["coverage"] == "partial" and manifest["reasons"]


def test_an_object_that_changes_is_read_as_one_version(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    keys = flow_logs.write(fronted.logs, window)
    longer = flow_logs.pack(flow_logs.rows_of(window, 333))
    done = once(fronted, keys[1], lambda: fronted.logs.put(keys[1], longer))
    assert fronted.post(window).status == 202
    deliver_until_done(fronted, window)
    assert done
    fetched = fronted.get(window)
    assert fetched.headers["digest-coverage"] == "complete"
    assert text_of(fetched.body) == oracle.digest_of(window, fronted.logs, keys)


def test_reads_name_the_version_that_was_listed(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    keys = flow_logs.write(fronted.logs, window)
    fronted.build(window)
    reads = [seen for seen in fronted.front.requests(fronted.logs.name) if seen.method == "GET" and seen.key in keys]
    assert sorted(seen.key for seen in reads) == keys
    assert all("if-match" in seen.headers for seen in reads)


def test_only_prefixes_of_the_window_are_listed(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    for _ in range(5):
        flow_logs.write(fronted.logs, Window.fresh())
    fronted.build(window)
    listings = [seen for seen in fronted.front.requests(fronted.logs.name) if seen.is_listing]
    prefixes = [seen.query["prefix"][0] for seen in listings if "prefix" in seen.query]
    assert f"{window.start:/%Y/%m/%d}" in "".join(prefixes)
    deep = [prefix for prefix in prefixes if "vpcflowlogs/" in prefix and prefix.count("/") > 5]
    assert all(f"{window.start:%Y/%m/%d}" in prefix for prefix in deep), deep


@pytest.mark.parametrize("told", [{}, {"VPC_FLOW_LOGS_SCAN_CACHE": "5m"}])
def test_a_worker_looks_for_accounts_again_or_not_as_it_is_told(fronted, told):
    fronted.start_api().start_worker(**told)

    def looks():
        """Listings that find accounts or regions: of a folder above all days."""
        listings = [seen for seen in fronted.front.requests(fronted.logs.name) if seen.is_listing]
        above = [seen for seen in listings if seen.query["prefix"][0].count("/") < 4 and "delimiter" in seen.query]
        return len(above)

    # Every plan begins so, and readiness asks once.
    counts = []
    for _ in range(3):
        window = Window.fresh()
        flow_logs.write(fronted.logs, window)
        before = looks()
        fronted.build(window)
        counts.append(looks() - before)
    assert counts[0] >= 2
    assert counts[1:] == ([0, 0] if told else counts[:1] * 2)


def test_a_store_that_stumbles_is_tried_again(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    stumbles = []

    def rule(seen):
        if seen.bucket == fronted.logs.name and len(stumbles) < 3:
            stumbles.append(seen)
            return 503, "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
        return None

    fronted.front.rules.append(rule)
    assert fronted.post(window).status == 202
    deliver_until_done(fronted, window)
    assert len(stumbles) == 3
    assert text_of(fronted.get(window).body) == oracle.digest_of(window, fronted.logs)


def test_a_read_that_is_denied_is_a_reason_and_no_digest(fronted):
    fronted.start_api().start_worker()
    window = Window.fresh()
    keys = flow_logs.write(fronted.logs, window)
    fronted.front.rules.append(
        lambda seen: denied() if seen.method == "GET" and seen.key == keys[2] else None,
    )
    assert fronted.post(window).status == 202
    assert fronted.relay.release(window.id()).status == 200
    answer = fronted.get(window)
    assert answer.status == 404
    assert keys[2] in answer.message() and "denied" in answer.message().lower()
    assert fronted.digests.keys(window.id()) == []


def test_a_lost_answer_to_the_claim_is_settled(fronted):
    """The store takes the record but its answer is a 500: reading back shows whose record it is."""
    fronted.start_api().start_worker()
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    lost = []

    def rule(seen):
        if seen.method == "PUT" and seen.key == f"{window.id()}.job.json" and not lost:
            lost.append(True)
            fronted.progress.put(seen.key, seen.body)
            return 500, "<Error><Code>InternalError</Code><Message>We encountered an internal error</Message></Error>"
        return None

    fronted.front.rules.append(rule)
    assert fronted.post(window).status == 202
    assert len(fronted.relay.for_id(window.id())) == 1
    assert fronted.relay.release(window.id()).status == 200
    assert fronted.get(window).status == 200
