"""Requests that are no requests: refused at once, with a reason, and the processes live on."""

from __future__ import annotations

import select
import socket
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

import flow_logs
from flow_logs import Window
from web import call

HOUR = Window.of("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z")


def pour(url: str, size: int, chunked: bool) -> tuple[int, int]:
    """Sends a body of `size` bytes until an answer comes; returns its status and the bytes sent."""
    parts = urlsplit(url)
    piece = b"x" * 65536
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    head = f"POST {parts.path or '/'}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n{framing}\r\n\r\n"
    sent = 0
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(head.encode())
        while sent < size:
            readable, writable, _ = select.select([connection], [connection], [], 60)
            if readable:
                break
            if writable:
                data = b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece
                try:
                    connection.sendall(data)
                except (BrokenPipeError, ConnectionResetError):
                    break
                sent += len(piece)
        answer = connection.recv(4096)
    return int(answer.split()[1]), sent


@pytest.mark.parametrize(
    "body",
    [b"", b"start", b"{", b"[]", b"null", b"{}", b'{"id":1}', b"\xff\xfe", b'{"id":"a","start":"b"}', b"{" * 5000],
)
def test_a_body_that_is_no_job_is_refused(stack, body):
    answer = stack.hand_over(body)
    assert answer.status == 400, answer
    assert answer.message()
    assert stack.worker.child.poll() is None


@pytest.mark.parametrize("id_", ["", "../../etc/passwd", "00000000-0000-0000-0000-000000000000", HOUR.id().upper()])
def test_an_id_that_is_not_the_windows_is_refused(stack, id_):
    answer = stack.hand_over({**HOUR.job(), "id": id_})
    assert answer.status == 400
    assert HOUR.id() in answer.message()
    assert stack.digests.keys() == [] and stack.progress.keys() == []


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ("2018-10-17T00:00:00Z", "2018-10-17T00:00:00Z"),
        ("2018-10-17T01:00:00Z", "2018-10-17T00:00:00Z"),
        ("2018-10-17", "2018-10-18"),
        ("2018-10-17T00:00:00Z", "2019-10-17T00:00:00Z"),
    ],
)
def test_a_job_with_an_impossible_window_is_refused_and_leaves_nothing(stack, start, stop):
    job = {"id": HOUR.id(), "start": start, "stop": stop}
    if len(start) == len("2018-10-17T00:00:00Z"):
        job["id"] = Window.of(start, stop).id()
    answer = stack.hand_over(job)
    assert answer.status == 400 and answer.message()
    assert stack.digests.keys() == [] and stack.progress.keys() == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_mb_is_refused_by_the_worker(stack, chunked):
    status, _ = pour(stack.worker_url + "/", 100_000_000, chunked)
    assert status == 413
    assert stack.worker.peak_memory() < 200
    assert call("GET", stack.worker_url + "/livez").status == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_mb_does_not_hurt_the_api(stack, chunked):
    """The API reads no body at all: it may answer the request or refuse it, but never hold the bytes."""
    status, _ = pour(f"{stack.api_url}/?{Window.fresh().query}", 100_000_000, chunked)
    assert status in (202, 413)
    assert stack.api.peak_memory() < 200
    assert call("GET", stack.api_url + "/livez").status == 200


def test_a_queue_that_is_down_is_said_and_the_window_is_free_again(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    stack.relay.refuse_with = 500
    try:
        answer = stack.post(window)
    finally:
        stack.relay.refuse_with = None
    assert answer.status == 503, answer
    assert int(answer.headers["retry-after"]) > 0 and answer.message()
    assert stack.build(window).status == 200


def test_a_second_delivery_of_a_finished_job_is_answered_200(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    first = stack.build(window)
    assert stack.hand_over(window.job()).status == 200
    assert stack.get(window).headers["etag"] == first.headers["etag"]


def test_two_builds_of_the_same_logs_give_the_same_bytes(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window, objects=7)
    whole = stack.build(window)
    later = Window(window.start - timedelta(minutes=1), window.stop)
    before = [line for line in flow_logs.rows_of(window) if int(line.split()[10]) < window.first]
    assert before, "the longer window must hold more records"
    assert stack.build(later).body != whole.body
    for suffix in (".log.gz", ".manifest.json"):
        stack.digests.delete(f"{window.id()}{suffix}")
    stack.progress.delete(f"{window.id()}.job.json")
    assert stack.build(window).body == whole.body
