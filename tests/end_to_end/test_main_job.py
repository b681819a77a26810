"""Ask for a digest, build it from flow logs, fetch it: what clients see and what lies in the buckets."""

from __future__ import annotations

import gzip

import pytest

import flow_logs
import oracle
from flow_logs import Window
from stack import text_of
from web import call


def test_a_digest_is_asked_for_built_and_fetched(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)

    assert stack.get(window).status == 404
    accepted = stack.post(window)
    assert accepted.status == 202, accepted
    assert int(accepted.headers["retry-after"]) > 0
    location = accepted.headers["location"]
    assert location == f"/v1/digests/{window.id()}"
    assert len(stack.relay.for_id(window.id())) == 1

    waiting = stack.get(window)
    assert (waiting.status, waiting.body) == (204, b"")
    assert int(waiting.headers["retry-after"]) > 0
    assert stack.get(window, method="HEAD").status == 204
    again = stack.post(window)
    assert again.status == 409 and again.message()

    told = call("GET", stack.api_url + location).json()
    assert (told["state"], told["start"], told["stop"]) == ("queued", *window.texts)

    done = stack.relay.release(window.id())
    assert done.status == 200, done
    fetched = stack.get(window)
    assert fetched.status == 200
    told = call("GET", stack.api_url + location).json()
    assert (told["state"], told["digest"]["coverage"]) == ("stored", "complete")
    assert call("GET", stack.api_url + told["links"]["content"]).body == fetched.body
    assert call("GET", stack.api_url + told["links"]["manifest"]).json() == stack.manifest(window.id())
    listed = call("GET", f"{stack.api_url}/v1/digests?{window.query}").json()
    assert [digest["id"] for digest in listed["digests"]] == [window.id()]
    assert text_of(fetched.body) == oracle.digest_of(window, stack.logs)
    assert stack.post(window).status == 409
    assert stack.relay.for_id(window.id()) == []


def test_the_answer_says_what_it_is(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    fetched = stack.build(window)
    assert fetched.status == 200
    headers = fetched.headers
    assert headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in headers
    assert headers["digest-coverage"] == "complete"
    assert headers["cache-control"] == "private, max-age=300"
    assert headers["etag"].startswith('"')
    assert headers["accept-ranges"] == "bytes"
    assert int(headers["content-length"]) == len(fetched.body)
    # A client that offers gzip gets the same bytes: Go's would unwrap a Content-Encoding unasked.
    offered = stack.get(window, accept_encoding="gzip, deflate, br")
    assert offered.body == fetched.body and "content-encoding" not in offered.headers

    head = stack.get(window, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "content-length", "content-type", "digest-coverage"):
        assert head.headers[name] == headers[name], name


def test_the_buckets_hold_what_the_go_service_would_look_for(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    accepted = stack.post(window)
    assert accepted.status == 202
    assert stack.progress.keys(window.id()) == [f"{window.id()}.job.json", f"{window.id()}_in_progress"]
    assert b"T" in stack.progress.get(f"{window.id()}_in_progress")
    assert stack.relay.release(window.id()).status == 200
    assert stack.digests.keys(window.id()) == [f"{window.id()}.log.gz", f"{window.id()}.manifest.json"]
    assert stack.progress.keys(window.id()) == [f"{window.id()}.job.json"]
    assert stack.record(window.id())["state"] == "stored"
    assert stack.digests.get(f"{window.id()}.log.gz") == stack.get(window).body


def test_the_manifest_tells_what_the_digest_was_made_of(stack):
    window = Window.fresh()
    keys = flow_logs.write(stack.logs, window, objects=4)
    assert stack.build(window).status == 200
    manifest = stack.manifest(window.id())
    assert manifest["coverage"] == "complete" and manifest["reasons"] == []
    assert manifest["skipdata"] is True
    assert manifest["objects"]["read"] == 4
    assert [entry["key"] for entry in manifest["object_list"]] == keys
    records = manifest["records"]
    assert (records["nodata"], records["skipdata"], records["unusable"], records["bad"]) == (1, 1, 0, 0)
    assert records["outside_window"] > 0
    assert records["counted"] + records["outside_window"] == 202
    stored = stack.digests.get(f"{window.id()}.log.gz")
    assert manifest["gzip"]["bytes"] == len(stored)
    assert manifest["text"]["bytes"] == len(gzip.decompress(stored))


def test_a_known_etag_answers_not_modified(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    etag = stack.build(window).headers["etag"]
    for condition in (etag, f'"other", {etag}', "*", f"W/{etag}"):
        answer = stack.get(window, if_none_match=condition)
        assert (answer.status, answer.body) == (304, b""), condition
        assert answer.headers["etag"] == etag
    assert stack.get(window, if_none_match='"other"').status == 200


def test_ranges_give_parts(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    whole = stack.build(window)
    size = len(whole.body)
    for asked, first, last in (
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, size - 1),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=5-{size * 9}", 5, size - 1),
    ):
        part = stack.get(window, range=asked)
        assert part.status == 206, asked
        assert part.body == whole.body[first : last + 1], asked
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}", asked
    beyond = stack.get(window, range=f"bytes={size}-")
    assert beyond.status == 416 and beyond.headers["content-range"] == f"bytes */{size}"
    etag = whole.headers["etag"]
    assert stack.get(window, range="bytes=0-9", if_range=etag).status == 206
    assert stack.get(window, range="bytes=0-9", if_range='"other"').status == 200
    assert stack.get(window, range="lines=1-2").status == 200


def test_text_is_given_to_those_who_prefer_it(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    stack.build(window)
    answer = stack.get(window, accept="text/plain")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.body.decode() == oracle.digest_of(window, stack.logs)
    assert answer.headers["vary"].lower() == "accept"
    gzip_tag, text_tag = stack.get(window).headers["etag"], answer.headers["etag"]
    assert gzip_tag != text_tag
    assert stack.get(window, accept="text/plain", if_none_match=text_tag).status == 304
    assert stack.get(window, accept="text/plain", if_none_match=gzip_tag).status == 200
    for accept in ("*/*", "text/plain;q=0.5, application/octet-stream", "application/json"):
        assert stack.get(window, accept=accept).headers["etag"] == gzip_tag, accept


def test_an_unknown_window_is_not_found(stack):
    answer = stack.get(Window.fresh())
    assert answer.status == 404 and answer.message()
    head = stack.get(Window.fresh(), method="HEAD")
    assert (head.status, head.body) == (404, b"")


@pytest.mark.parametrize(
    ("start", "stop", "digest"),
    [
        ("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z", "7869fe53-0b48-5a77-9358-32a82efe8858"),
        ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "f541d344-5034-5b26-9d30-972df627cc10"),
        ("2024-02-29T23:59:00Z", "2024-03-01T00:00:00Z", "d43f41f0-fe7f-575e-b0d2-7bc807d7e4d8"),
    ],
)
def test_ids_are_those_of_the_go_service(stack, start, stop, digest):
    window = Window.of(start, stop)
    flow_logs.write(stack.logs, window, [flow_logs.row(window.first)], objects=1)
    assert stack.build(window).status == 200
    assert f"{digest}.log.gz" in stack.digests.keys(digest)


def test_a_scope_makes_a_digest_of_its_own(stack):
    window = Window.fresh()
    ours = flow_logs.write(stack.logs, window, account="111111111111", region="us-east-1")
    other = [flow_logs.row(window.first, src="10.77.0.1")]
    for account, region in (("222222222222", "us-east-1"), ("111111111111", "us-east-2")):
        flow_logs.write(stack.logs, window, other, objects=1, account=account, region=region)
    scope = " account=111111111111 region=us-east-1"
    narrow = stack.build(window, "&account=111111111111&region=us-east-1", scope)
    assert narrow.status == 200
    assert text_of(narrow.body) == oracle.digest_of(window, stack.logs, ours)
    assert stack.get(window).status == 404

    whole = stack.build(window)
    assert text_of(whole.body) == oracle.digest_of(window, stack.logs)
    assert whole.body != narrow.body


def test_the_order_of_a_scope_does_not_matter(stack):
    window = Window.of("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z")
    scope = "&account=222222222222,111111111111,222222222222&region=us-east-1"
    assert stack.post(window, scope).status == 202
    digest = "15d1343b-a4a1-5343-97b1-3c247145e4df"
    [message] = stack.relay.for_id(digest)
    assert message.job()["account"] == ["111111111111", "222222222222"]
    assert message.job()["region"] == ["us-east-1"]
    assert stack.relay.release(digest).status == 200
    assert stack.get(window, scope).headers["digest-coverage"] == "no-data"


def test_adjacent_windows_share_no_record(stack):
    hour = Window.fresh()
    rows = [line for line in flow_logs.rows_of(hour) if line.endswith("OK")]
    flow_logs.write_by_time(stack.logs, rows)
    middle = hour.start + (hour.stop - hour.start) / 2
    texts = [text_of(stack.build(part).body) for part in (Window(hour.start, middle), Window(middle, hour.stop), hour)]
    packets = [sum(int(line.split()[8]) for line in text.splitlines()) for text in texts]
    assert packets[0] > 0 and packets[1] > 0
    assert packets[0] + packets[1] == packets[2]


def test_an_hour_without_any_flow_log_is_an_empty_digest(stack):
    answer = stack.build(Window.fresh())
    assert answer.status == 200
    assert answer.headers["digest-coverage"] == "no-data"
    assert text_of(answer.body) == ""


def test_the_jobs_of_the_go_library_fold_as_they_did(stack):
    window = Window.of("2014-12-14T04:06:00Z", "2014-12-14T04:07:00Z")
    assert window.first <= 1418530010 < window.first + 60
    rows = [
        flow_logs.row(1418530010, end=1818530070, srcport=port, action="REJECT" if port == 20341 else "ACCEPT")
        for port in (20641, 20541, 20441, 20241, 20341)
    ]
    flow_logs.write(stack.logs, window, rows, objects=2)
    edge = f"2 {flow_logs.ACCOUNT} eni-0a1b2c3d 172.31.16.139 172.31.16.21 0 80 6"
    assert text_of(stack.build(window).body).splitlines() == [
        f"{edge} 80 4000 1418530010 1818530070 ACCEPT OK",
        f"{edge} 20 1000 1418530010 1818530070 REJECT OK",
    ]


def test_a_worker_takes_jobs_under_topic_and_event_too(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    assert stack.post(window).status == 202
    [message] = stack.relay.for_id(window.id())
    assert message.headers["prefer"] == "respond-async"
    assert stack.relay.deliver(message, "/digest-queue/event").status == 200
    assert stack.get(window).status == 200


def test_a_caller_that_asks_for_it_is_answered_at_once(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    answer = stack.hand_over(window.job(), prefer="respond-async")
    assert answer.status == 202, answer
    assert stack.record(window.id())["state"] in ("queued", "building", "stored")
    # A second delivery follows the running one until the digest is stored.
    assert stack.hand_over(window.job()).status == 200
    assert stack.get(window).status == 200


def test_other_methods_are_not_allowed(stack):
    for method in ("PUT", "DELETE", "PATCH"):
        answer = call(method, f"{stack.api_url}/?{Window.fresh().query}")
        assert answer.status == 405, method
        assert {name.strip() for name in answer.headers["allow"].split(",")} >= {"GET", "HEAD", "POST"}
    assert call("GET", f"{stack.worker_url}/digest-queue/event").status == 405


def test_health_is_told(stack):
    for url in (stack.api_url, stack.worker_url):
        for path in ("/livez", "/readyz", "/healthz"):
            assert call("GET", url + path).status == 200, path
