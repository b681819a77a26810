"""What the processes tell Prometheus, read as Prometheus' own Python client reads it."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families

import flow_logs
from flow_logs import Window
from web import call


def value(url: str, name: str, **labels: str) -> float:
    """The sum of the samples with these labels."""
    answer = call("GET", f"{url}/metrics")
    assert answer.status == 200, answer
    families = text_string_to_metric_families(answer.body.decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def test_a_job_is_seen_from_its_request_to_its_digest(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window, objects=2)
    before = value(stack.worker_url, "digesterd_records_counted_total")
    stored = value(stack.worker_url, "digesterd_jobs_ended_total", outcome="stored")
    asked = value(stack.api_url, "digesterd_http_requests_total", route="/", method="POST", status="202")
    assert stack.build(window).status == 200
    counted = stack.manifest(window.id())["records"]["counted"]
    assert counted > 0 and value(stack.worker_url, "digesterd_records_counted_total") - before == counted
    assert value(stack.worker_url, "digesterd_jobs_ended_total", outcome="stored") - stored == 1
    assert value(stack.api_url, "digesterd_http_requests_total", route="/", method="POST", status="202") - asked == 1
    for url in (stack.api_url, stack.worker_url):
        assert value(url, "process_resident_memory_bytes") > 1e6
        assert value(url, "digesterd_store_requests_total", store="progress", operation="put", outcome="ok") > 0
    assert value(stack.worker_url, "digesterd_store_requests_total", store="flow logs", operation="get") >= 2
    assert value(stack.worker_url, "digesterd_jobs_building") == 0
    assert value(stack.worker_url, "digesterd_prefetch_bytes") == 0
