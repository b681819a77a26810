"""Settings: what is missing or wrong is said in one message, by the variable's name, before anything starts."""

from __future__ import annotations

import socket

import pytest

from stack import DirectoryBackend, Stack
from web import call

NEEDED_BY_BOTH = ["DIGEST_STORAGE_BUCKET", "DIGEST_PROGRESS_BUCKET"]
NEEDED_BY_API = [*NEEDED_BY_BOTH, "STREAM_APPLIANCE_ENDPOINT"]
NEEDED_BY_WORKER = [
    *NEEDED_BY_BOTH,
    "VPC_FLOW_LOGS_BUCKET",
    "VPC_MAX_BYTES_PREFETCH",
    "VPC_MAX_CONCURRENT_PREFETCH",
]
WORDS = {"digesterd-api": NEEDED_BY_API, "digesterd-worker": NEEDED_BY_WORKER}


@pytest.fixture
def local(tmp_path):
    """A stack over local directories, not started."""
    made = Stack(DirectoryBackend(tmp_path), tmp_path)
    yield made
    made.close()


def fails(stack, program: str, **changes: str | None) -> tuple[int, str]:
    """Exit code and output of a program that cannot start."""
    process, _ = stack.start(program, ready="", **changes)
    return process.wait(20), process.output()


@pytest.mark.parametrize("program", WORDS)
@pytest.mark.parametrize("empty", [None, ""])
def test_every_variable_that_is_missing_is_named_at_once(local, program, empty):
    unset = dict.fromkeys(local.environment(), empty)
    code, output = fails(local, program, **unset)
    assert code == 2, output
    for name in WORDS[program]:
        assert name in output, name
    assert "panicked" not in output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("VPC_MAX_BYTES_PREFETCH", "many"),
        ("VPC_MAX_BYTES_PREFETCH", "0"),
        ("VPC_MAX_CONCURRENT_PREFETCH", "-1"),
        ("USE_IAM", "perhaps"),
        ("DIGEST_PROGRESS_TIMEOUT", "soon"),
        ("DIGEST_SWEEP_INTERVAL", "30"),
        ("AWS_ENDPOINT_URL", "not a url"),
        ("DIGEST_STORAGE_BUCKET", "ftp://somewhere"),
        ("LISTEN_ADDRESS", "everywhere"),
    ],
)
def test_a_value_that_cannot_be_is_named(local, name, value):
    code, output = fails(local, "digesterd-worker", **{name: value})
    assert code == 2, output
    assert name in output
    assert "panicked" not in output


def test_several_problems_are_named_together_and_no_secret_is_shown(local):
    code, output = fails(
        local,
        "digesterd-worker",
        PORT="eighty",
        USE_IAM="perhaps",
        AWS_ACCESS_KEY_ID=None,
        AWS_SECRET_ACCESS_KEY="very-secret-value",
        DIGEST_STORAGE_BUCKET=None,
    )
    assert code == 2
    for name in ("PORT", "USE_IAM", "DIGEST_STORAGE_BUCKET"):
        assert name in output, name
    assert "very-secret-value" not in output


def test_half_a_pair_of_keys_is_refused(fronted):
    code, output = fails(fronted, "digesterd-api", AWS_SECRET_ACCESS_KEY=None)
    assert code == 2, output
    assert "AWS_SECRET_ACCESS_KEY" in output


@pytest.mark.parametrize("program", WORDS)
def test_a_port_in_use_is_said(local, program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, output = fails(local, program, PORT=port)
    assert code == 1, output
    assert port in output and "panicked" not in output


def test_the_topic_may_be_left_out(local):
    local.start_api(STREAM_APPLIANCE_TOPIC=None)
    assert call("GET", local.api_url + "/livez").status == 200


def test_the_region_may_be_left_out_where_each_bucket_has_one(fronted):
    regions = {f"{name}_BUCKET_REGION": "us-west-2" for name in ("VPC_FLOW_LOGS", "DIGEST_STORAGE", "DIGEST_PROGRESS")}
    fronted.start_worker(REGION=None, **regions)
    code, output = fails(fronted, "digesterd-worker", REGION=None, VPC_FLOW_LOGS_BUCKET_REGION="us-west-2")
    assert code == 2 and "REGION" in output


def test_nothing_is_asked_of_the_environment_but_variables(local):
    """A variable that is no UTF-8 and means nothing to the service does no harm."""
    process, url = local.start("digesterd-api", SOMETHING_ELSE=b"\xff\xfe".decode("utf-8", "surrogateescape"))
    assert call("GET", url + "/livez").status == 200
    process.stop()


def test_the_default_port_is_8080(local):
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass  # Somebody else has it, which is just as well.
        code, output = fails(local, "digesterd-api", PORT=None)
    assert code == 1, output
    assert "127.0.0.1:8080" in output
