"""Windows as clients write them: offsets, fractions, and those that are refused before anything is queued."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import flow_logs
from flow_logs import Window
from stack import offset_query, text_of
from web import call

HOUR = Window.of("2013-05-06T02:00:00Z", "2013-05-06T03:00:00Z")


def ask(stack, method: str, query: str):
    """One request with the query as it is."""
    return call(method, f"{stack.api_url}/?{query}")


@pytest.mark.parametrize(
    "query",
    [
        "start=2013-05-06T12:00:00+10:00&stop=2013-05-06T13:00:00+10:00",
        "start=2013-05-06T12:00:00%2B10:00&stop=2013-05-06T13:00:00%2B10:00",
        "start=2013-05-06T12:00:00%2010:00&stop=2013-05-06T13:00:00%2010:00",
        "start=2013-05-05T21:30:00-04:30&stop=2013-05-05T22:30:00-04:30",
        "start=2013-05-06T02:00:00.000000001Z&stop=2013-05-06T03:00:59.999999999Z",
        "start=2013-05-06T02%3A00%3A00Z&stop=2013-05-06T03%3A00%3A00Z",
    ],
)
def test_one_window_has_one_id_however_it_is_written(stack, query):
    if stack.get(HOUR).status == 404:
        flow_logs.write(stack.logs, HOUR)
        stack.build(HOUR)
    assert ask(stack, "POST", query).status == 409
    fetched = ask(stack, "GET", query)
    assert fetched.status == 200 and text_of(fetched.body)


def test_a_window_with_an_offset_is_queued_in_utc(stack):
    window = Window.fresh()
    start, stop = (
        time.astimezone(timezone(timedelta(hours=10))).strftime("%Y-%m-%dT%H:%M:%S+10:00")
        for time in (window.start, window.stop)
    )
    accepted = ask(stack, "POST", f"start={start}&stop={stop}")
    assert accepted.status == 202
    [message] = stack.relay.for_id(window.id())
    assert message.job() == window.job()
    stack.relay.release(window.id())


@pytest.mark.parametrize(
    ("name", "start", "stop"),
    [
        ("empty", "2013-05-07T00:00:00Z", "2013-05-07T00:00:00Z"),
        ("empty after the cut", "2013-05-07T00:00:01Z", "2013-05-07T00:00:59.999Z"),
        ("reversed", "2013-05-07T01:00:00Z", "2013-05-07T00:00:00Z"),
        ("no time", "2013-05-07", "2013-05-08"),
        ("no zone", "2013-05-07T00:00:00", "2013-05-07T01:00:00"),
        ("no such day", "2013-02-30T00:00:00Z", "2013-03-01T00:00:00Z"),
        ("words", "yesterday", "today"),
        ("nothing", "", ""),
        ("unicode", "２013-05-07T00:00:00Z", "2013-05-07T01:00:00Z"),
    ],
)
def test_windows_that_are_none_are_refused_by_both(stack, name, start, stop):
    before = stack.relay.accepted
    for method in ("POST", "GET"):
        answer = ask(stack, method, offset_query(start, stop))
        assert answer.status == 400, (name, method)
        assert answer.message()
    assert ask(stack, "HEAD", offset_query(start, stop)).status == 400
    assert stack.relay.accepted == before


@pytest.mark.parametrize("query", ["", "start=2013-05-07T00:00:00Z", "stop=2013-05-07T00:00:00Z"])
def test_a_missing_bound_is_named(stack, query):
    for method in ("POST", "GET"):
        answer = ask(stack, method, query)
        assert answer.status == 400
        assert ("stop" if query.startswith("start") else "start") in answer.message()


def test_a_window_that_starts_in_the_future_is_refused_at_post_only(stack):
    start = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(minutes=10)
    window = Window(start, start + timedelta(hours=1))
    answer = stack.post(window)
    assert answer.status == 400 and "future" in answer.message()
    assert stack.get(window).status == 404


def test_a_window_that_has_begun_may_be_asked_for(stack):
    start = datetime.now(timezone.utc).replace(second=0, microsecond=0) - timedelta(minutes=10)
    window = Window(start, start + timedelta(hours=1))
    flow_logs.write(stack.logs, window, objects=1)
    fetched = stack.build(window)
    assert fetched.status == 200
    assert fetched.headers["digest-coverage"] == "partial"
    assert fetched.headers["cache-control"] == "no-cache"
    # Begun before its stop had passed long enough, but that is still so: no second build yet.
    assert stack.post(window).status == 409


def test_a_window_longer_than_31_days_is_refused_at_post_only(stack):
    window = Window.of("2012-01-01T00:00:00Z", "2012-02-01T00:01:00Z")
    answer = stack.post(window)
    assert answer.status == 400 and "long" in answer.message()
    assert stack.get(window).status == 404
    # The Go service's longer digests stay readable.
    stack.digests.put(f"{window.id()}.log.gz", flow_logs.pack([flow_logs.row(window.first)], header=None))
    assert stack.get(window).status == 200


def test_a_window_of_31_days_is_accepted(stack):
    window = Window.of("2012-01-01T00:00:00Z", "2012-02-01T00:00:00Z")
    flow_logs.write(stack.logs, window, objects=2)
    assert stack.build(window).status == 200


@pytest.mark.parametrize("scope", ["account=", "account=a/b", "region=..%2F..", "account=1,,2", "region=us east 1"])
def test_impossible_scopes_are_refused(stack, scope):
    for method in ("POST", "GET"):
        answer = ask(stack, method, f"{HOUR.query}&{scope.replace(' ', '%20')}")
        assert answer.status == 400, method
        assert answer.message()
