"""One trace from whoever asks to the digest: spans by OTLP, read as a collector reads them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_logs import about

import flow_logs
from buckets import DirectoryBucket
from flow_logs import Window
from processes import Process, binary, wait_for
from sqs import Queue
from web import call

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
KEY = "collector-key-in-no-output"


def fields(message: bytes):
    """The fields of a protobuf message: number and value, an integer or bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        yield tag >> 3, message[at : at + size]
        at += size


def first(message: bytes, number: int, default: bytes = b"") -> bytes:
    """The first field of that number."""
    return next((value for found, value in fields(message) if found == number), default)


@dataclass
class Span:
    """What the tests look at of a span."""

    service: str
    name: str
    trace: str
    id: str
    parent: str


def spans(request: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest."""
    found = []
    for _, resource_spans in fields(request):
        attributes = [value for number, value in fields(first(resource_spans, 1)) if number == 1]
        names = {first(item, 1).decode(): first(first(item, 2), 1).decode() for item in attributes}
        for scope in (value for number, value in fields(resource_spans) if number == 2):
            for span in (value for number, value in fields(scope) if number == 2):
                found.append(
                    Span(
                        names["service.name"],
                        first(span, 5).decode(),
                        first(span, 1).hex(),
                        first(span, 2).hex(),
                        first(span, 4).hex(),
                    )
                )
    return found


class Collector:
    """Takes spans on loopback."""

    def __init__(self):
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.keys: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                assert (self.path, self.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
                collector.keys.add(self.headers["api-key"])
                collector.bodies.append(body)
                collector.spans += spans(body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server.server_address[1]}",
            "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={KEY}",
        }
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector():
    made = Collector()
    try:
        yield made
    finally:
        made.close()


def chain_to(job: Span, found: list[Span]) -> list[Span]:
    """A span and those above it, as far as the collector has them."""
    by_id = {span.id: span for span in found}
    chain = [job]
    while chain[-1].parent in by_id:
        chain.append(by_id[chain[-1].parent])
    return chain


def names(chain: list[Span]) -> list[tuple[str, str]]:
    """Who made these spans, and what of."""
    return [(span.service, span.name) for span in chain]


def test_one_trace_goes_from_the_request_through_the_queue_to_the_build(own, collector):
    own.start_api(**collector.settings).start_worker(**collector.settings)
    window = Window.fresh()
    flow_logs.write(own.logs, window)
    asked = call("POST", f"{own.api_url}/?{window.query}", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    assert asked.status == 202
    [message] = own.relay.for_id(window.id())
    version, trace, sender, flags = message.headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01") and sender != CALLER
    assert own.relay.release(window.id()).status == 200

    def ours() -> list[Span]:
        return [span for span in collector.spans if span.trace == TRACE]

    wait_for(lambda: {"job"} <= {span.name for span in ours()}, 30)
    [job] = [span for span in ours() if span.name == "job"]
    chain = chain_to(job, ours())
    assert [span.service for span in chain] == ["digesterd-worker", "digesterd-worker", "digesterd-api"], chain
    assert chain[-1].parent == CALLER and chain[-1].id == sender
    assert collector.keys == {KEY}
    [ended] = about(own.worker, "job ended", job_id=window.id())
    assert ended["trace_id"] == TRACE
    [request] = about(own.api, "request", method="POST")
    assert request["trace_id"] == TRACE
    for process in (own.api, own.worker):
        assert KEY not in process.output()


def test_one_trace_goes_through_sqs_to_the_build(fronted, moto, collector):
    endpoint = f"http://127.0.0.1:{moto}"
    settings = {**Queue(endpoint).variables(), "AWS_ENDPOINT_URL_SQS": endpoint, **collector.settings}
    fronted.start_api(**settings).start_worker(**settings)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    asked = call("POST", f"{fronted.api_url}/?{window.query}", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    assert asked.status == 202
    fronted.when_stored(window)
    # The last spans are sent when the processes end.
    fronted.worker.stop()
    fronted.api.stop()
    ours = [span for span in collector.spans if span.trace == TRACE]
    [job] = [span for span in ours if span.name == "job"]
    chain = chain_to(job, ours)
    assert names(chain) == [
        ("digesterd-worker", "job"),
        ("digesterd-worker", "message"),
        ("digesterd-api", "request"),
    ]
    assert chain[-1].parent == CALLER
    [ended] = about(fronted.worker, "job ended", job_id=window.id())
    assert ended["trace_id"] == TRACE


def test_one_trace_goes_through_one_process_that_is_both(collector, tmp_path):
    logs = DirectoryBucket(tmp_path / "data" / "flow-logs")
    serve = [binary("digesterd"), "serve", "--data", str(tmp_path / "data"), "--listen-address", "127.0.0.1"]
    process = Process([*serve, "--port", "0"], collector.settings, tmp_path / "serve.log")
    try:
        url = f"http://{process.address()}"
        process.wait_until_it_answers(f"{url}/livez")
        window = Window.fresh()
        flow_logs.write(logs, window)
        asked = call("POST", f"{url}/?{window.query}", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
        assert asked.status == 202
        wait_for(lambda: about(process, "job ended", job_id=window.id()))
    finally:
        process.stop()
    ours = [span for span in collector.spans if span.trace == TRACE]
    [job] = [span for span in ours if span.name == "job"]
    chain = chain_to(job, ours)
    assert [span.name for span in chain] == ["job", "message", "request"]
    assert {span.service for span in chain} == {"digesterd"}
    assert chain[-1].parent == CALLER


def test_without_a_collector_a_callers_trace_is_passed_on_as_it_came(own):
    own.start_api().start_worker()
    window = Window.fresh()
    flow_logs.write(own.logs, window)
    given = f"00-{TRACE}-{CALLER}-01"
    assert call("POST", f"{own.api_url}/?{window.query}", headers={"traceparent": given}).status == 202
    [message] = own.relay.for_id(window.id())
    assert message.headers["traceparent"] == given
    assert own.relay.release(window.id()).status == 200
    [request] = about(own.api, "request", method="POST")
    assert request["trace_id"] == TRACE


def test_a_request_without_a_trace_begins_one_and_a_deaf_collector_harms_nothing(own, collector):
    own.start_api(**collector.settings)
    own.start_worker(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    window = Window.fresh()
    flow_logs.write(own.logs, window)
    token = "dgst_" + "e" * 64
    assert call("POST", f"{own.api_url}/?{window.query}").status == 202
    call("GET", f"{own.api_url}/{token}?token={token}", headers={"authorization": f"Bearer {token}"})
    assert own.relay.release(window.id()).status == 200
    assert own.get(window).status == 200
    own.api.stop()
    [line] = about(own.api, "request", method="POST")
    # The last spans were sent before the process ended.
    assert [span for span in collector.spans if span.trace == line["trace_id"]]
    assert not [body for body in collector.bodies if token[5:40].encode() in body]
