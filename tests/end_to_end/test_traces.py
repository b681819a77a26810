"""One trace from whoever asks to the digest: spans by OTLP, read as a collector reads them."""

from __future__ import annotations

from test_logs import about

import flow_logs
from buckets import DirectoryBucket
from collector import KEY, Collector, Span
from flow_logs import Window
from processes import Process, binary, wait_for
from sqs import Queue
from web import call

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


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
    [queued] = about(own.api, "job queued")
    [ended] = about(own.worker, "job ended")
    assert request["trace_id"] == queued["trace_id"] == ended["trace_id"] == TRACE


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


def test_a_collector_behind_tls_is_believed_by_the_certificate_that_is_named_for_it(own, authority):
    certificate, key = authority
    collector = Collector(certificate, key)
    try:
        own.start_api(**collector.settings)
        own.start_worker(**collector.settings, OTEL_EXPORTER_OTLP_CERTIFICATE=certificate)
        window = Window.fresh()
        flow_logs.write(own.logs, window)
        assert call("POST", f"{own.api_url}/?{window.query}").status == 202
        [_] = own.relay.for_id(window.id())
        assert own.relay.release(window.id()).status == 200
        wait_for(lambda: "job" in {span.name for span in collector.spans}, 30)
        # The API was told of no certificate: it sends nothing to whom nobody vouches for, and goes on.
        assert {span.service for span in collector.spans} == {"digesterd-worker"}
        assert KEY not in own.api.output()
    finally:
        collector.close()
