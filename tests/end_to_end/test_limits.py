"""Limits of requests and builds, set small and gone over again and again: answered as documented, and memory stays."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

import flow_logs
from flow_logs import Window, row
from web import call

TIMES = 150
# What a process may grow by while it refuses the same thing over and over.
MOST_GROWTH = 12
SMALL = {
    "DIGEST_MAX_BODY": "1KiB",
    "DIGEST_MAX_HEADERS": "2KiB",
    "DIGEST_MAX_QUERY": "1KiB",
    "DIGEST_MAX_WINDOW": "2h",
    "DIGEST_REQUEST_TIMEOUT": "1s",
}
OF_BUILDS = {
    "DIGEST_MAX_ROW": "256",
    "DIGEST_MAX_COLUMNS": "15",
    "DIGEST_MAX_RATIO": "20",
    "DIGEST_MAX_EDGES": "50",
    "DIGEST_MAX_OUTPUT": "1KiB",
    "DIGEST_MAX_MEMORY": "16MiB",
    "DIGEST_MAX_TEMP": "64KiB",
}


def slow(url: str, sent: bytes) -> int:
    """The status that is answered to a request which is begun and never ended."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(sent)
        answer = connection.recv(4096)
    return int(answer.split()[1]) if answer else 0


def too_much(url: str) -> dict[str, tuple]:
    """What goes over each limit of a request, and what is answered."""
    year = Window.of("2015-01-01T00:00:00Z", "2016-01-01T00:00:00Z").query
    post = b"POST / HTTP/1.1\r\nhost: x\r\n"
    return {
        "body": (413, lambda: call("POST", url + "/", b"x" * 2000).status),
        "headers": (431, lambda: call("POST", url + "/", headers={"x-long": "x" * 3000}).status),
        "query": (414, lambda: call("POST", f"{url}/?x={'x' * 2000}").status),
        "window": (400, lambda: call("POST", f"{url}/?{year}").status),
        "slow headers": (408, lambda: slow(url, post + b"x-begun: ")),
        "slow body": (408, lambda: slow(url, post + b"content-length: 100\r\n\r\n{")),
    }


def test_requests_over_every_limit_are_answered_as_documented_and_cost_no_memory(own):
    own.start_worker(**SMALL).start_api(**SMALL)
    year = Window.of("2015-01-01T00:00:00Z", "2016-01-01T00:00:00Z")
    tried = [(own.api, too_much(own.api_url)), (own.worker, too_much(own.worker_url))]
    # A worker is given its window in the body.
    tried[1][1]["window"] = (400, lambda: own.hand_over(year.job()).status)
    # The API reads bodies of no request that needs none, and does not wait for them.
    del tried[0][1]["slow body"]
    for process, over in tried:
        for turn in range(2):
            with ThreadPoolExecutor(16) as crowd:
                for name, (status, ask) in over.items():
                    told = set(crowd.map(lambda _, ask=ask: ask(), range(TIMES if "slow" not in name else 32)))
                    assert told == {status}, (process.log.name, name)
            if turn == 0:
                before = process.memory()
        assert process.memory() - before <= MOST_GROWTH, process.log.name
    assert call("GET", f"{own.api_url}/readyz").status == call("GET", f"{own.worker_url}/readyz").status == 200


def many(first: int, count: int) -> list[str]:
    """Records of so many edges."""
    return [row(first, src=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", srcport=40000, dstport=443) for n in range(count)]


@pytest.mark.parametrize(
    "name, words",
    [
        ("row", "longer than"),
        ("columns", "columns"),
        ("ratio", "DIGEST_MAX_RATIO"),
        ("edges", "too large"),
        ("output", "too large"),
        ("temporary", "DIGEST_MAX_TEMP"),
    ],
)
def test_a_job_over_a_limit_of_builds_fails_with_its_reason_and_leaves_nothing(own, name, words):
    variables = {
        "row": ("DIGEST_MAX_ROW",),
        "columns": ("DIGEST_MAX_COLUMNS",),
        "ratio": ("DIGEST_MAX_RATIO",),
        "edges": ("DIGEST_MAX_EDGES",),
        "output": ("DIGEST_MAX_OUTPUT",),
        "temporary": ("DIGEST_MAX_MEMORY", "DIGEST_MAX_TEMP"),
    }[name]
    temporary = own.directory / "temporary"
    temporary.mkdir()
    settings = {variable: OF_BUILDS[variable] for variable in variables}
    own.start_api().start_worker(**settings, DIGEST_TEMP_DIR=str(temporary), DIGEST_MAX_ATTEMPTS="1")
    for attempt in range(4):
        window = Window.fresh()
        made = {
            "row": lambda first: flow_logs.pack([row(first, eni="eni-" + "0" * 300)]),
            "columns": lambda first: flow_logs.pack([row(first) + " - -"], flow_logs.COLUMNS + " vpc-id subnet-id"),
            "ratio": lambda first: flow_logs.pack([row(first)] * 300_000),
            "edges": lambda first: flow_logs.pack(many(first, 100)),
            "output": lambda first: flow_logs.pack(many(first, 2000)),
            "temporary": lambda first: flow_logs.pack(many(first, 400_000)),
        }[name](window.first)
        own.logs.put(flow_logs.key(window.start + timedelta(minutes=5)), made)
        assert own.post(window).status == 202
        assert own.relay.release(window.id()).json()["state"] == "failed"
        refused = own.get(window)
        assert refused.status == 404 and words in refused.message(), refused
        assert own.digests.keys() == []
        assert not [path for path in temporary.rglob("*") if path.is_file()]
        if attempt == 1:
            before = own.worker.memory()
    assert own.worker.memory() - before <= MOST_GROWTH + 20
    assert call("GET", f"{own.worker_url}/readyz").status == 200
