"""What the processes write about themselves: one JSON object a line, one for each request and job, no secret."""

from __future__ import annotations

import json

import flow_logs
from flow_logs import Window
from relay import TOPIC
from web import call

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def lines(process) -> list[dict]:
    """The log, read as what it promises to be."""
    return [json.loads(line) for line in process.output().splitlines()]


def about(process, message: str, **members) -> list[dict]:
    """Lines with this message and these members."""
    return [
        line
        for line in lines(process)
        if line.get("message") == message and all(line.get(name) == value for name, value in members.items())
    ]


def test_every_request_leaves_one_line(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    for number, (method, status) in enumerate((("GET", 404), ("POST", 202), ("GET", 204), ("POST", 409), ("PUT", 405))):
        id_ = f"one-line-{number}-{stack.backend.name}"
        answer = call(method, f"{stack.api_url}/?{window.query}", headers={"x-request-id": id_, "user-agent": "tests"})
        assert (answer.status, answer.headers["x-request-id"]) == (status, id_)
        [line] = about(stack.api, "request", request_id=id_)
        assert (line["method"], line["path"], line["status"]) == (method, "/", status)
        assert line["query"] == window.query and line["user_agent"] == "tests"
        assert line["duration_ms"] >= 0 and line["level"] == "INFO" and line["timestamp"].endswith("Z")
    assert stack.relay.release(window.id()).status == 200
    assert not [line for line in lines(stack.api) if line.get("path") in ("/livez", "/readyz", "/healthz")]


def test_every_job_leaves_one_line(stack):
    window = Window.fresh()
    flow_logs.write(stack.logs, window, objects=4)
    fetched = stack.build(window)
    [line] = about(stack.worker, "job ended", job_id=window.id())
    assert (line["outcome"], line["coverage"], line["level"]) == ("stored", "complete", "INFO")
    assert line["objects"] == 4 and line["seconds"] > 0 and "error" not in line
    assert line["records"] == stack.manifest(window.id())["records"]["counted"]
    assert line["bytes_stored"] == len(fetched.body)
    assert about(stack.api, "job queued", job_id=window.id())

    broken = Window.fresh()
    [key] = flow_logs.write(stack.logs, broken, ["2 short"], objects=1)
    assert stack.post(broken).status == 202
    assert stack.relay.release(broken.id()).status == 200
    [line] = about(stack.worker, "job ended", job_id=broken.id())
    assert (line["outcome"], line["level"]) == ("failed", "WARN")
    assert key in line["error"]


def test_a_request_is_followed_from_the_api_into_the_queue(stack):
    window = Window.fresh()
    given = {"x-request-id": "followed-17", "traceparent": TRACE}
    assert call("POST", f"{stack.api_url}/?{window.query}", headers=given).status == 202
    [message] = stack.relay.for_id(window.id())
    assert {name: message.headers[name] for name in given} == given
    [line] = about(stack.api, "request", request_id="followed-17", method="POST")
    assert line["traceparent"] == TRACE
    assert stack.relay.release(window.id()).status == 200


def test_an_id_that_is_no_plain_word_is_replaced(stack):
    for given in ("a b", "x" * 129, "{}", 'say "hi"'):
        answer = call("GET", f"{stack.api_url}/livez", headers={"x-request-id": given})
        assert answer.headers["x-request-id"] not in ("", given)


def test_no_secret_is_logged_however_much_is(fronted):
    """At the finest level the libraries below log as well: what they say of keys must not be the keys."""
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "secret-key-in-no-log",
        "AWS_SESSION_TOKEN": "session-token-in-no-log",
        "VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID": "external-id-in-no-log",
    }
    host = fronted.relay.endpoint.removeprefix("http://")
    settings = {
        **secrets,
        "VPC_FLOW_LOGS_BUCKET_ROLE": "arn:aws:iam::999999999999:role/read-flow-logs",
        "STREAM_APPLIANCE_ENDPOINT": f"http://user:password-in-no-log@{host}",
        "STREAM_APPLIANCE_TOPIC": TOPIC,
        "RUST_LOG": "trace",
    }
    fronted.start_api(**settings).start_worker(**settings)
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    assert fronted.build(window).status == 200
    for process in (fronted.api, fronted.worker):
        assert about(process, "request")
        for secret in [*secrets.values(), "password-in-no-log"]:
            found = [line for line in process.output().splitlines() if secret in line]
            assert not found, found[0][:600]
