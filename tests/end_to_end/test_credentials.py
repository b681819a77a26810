"""Where credentials come from: each request to S3 is signed with the keys that the settings name."""

from __future__ import annotations

import json
import stat
import sys
from urllib.parse import parse_qs

import pytest

import buckets
import flow_logs
import metadata
from flow_logs import Window
from processes import Process, binary
from web import call

NO_KEYS: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
ASSUMED = "ASIA"


def build_once(stack, **settings: str | None) -> None:
    """Runs a whole job with these settings."""
    stack.start_api(**settings).start_worker(**settings)
    window = Window.fresh()
    flow_logs.write(stack.logs, window)
    assert stack.build(window).status == 200


def keys_used(stack, bucket: str | None = None) -> set[str | None]:
    """Access keys of the requests to a bucket."""
    own = {stack.logs.name, stack.digests.name, stack.progress.name}
    return {seen.access_key for seen in stack.front.requests(bucket) if seen.bucket in own}


@pytest.fixture
def instance():
    """The metadata service of an instance that has a role."""
    running = metadata.Metadata()
    yield running
    running.close()


def test_static_keys_sign_the_requests(fronted):
    build_once(fronted)
    assert keys_used(fronted) == {buckets.ACCESS_KEY}


def test_a_session_token_is_sent_with_static_keys(fronted):
    build_once(fronted, AWS_SESSION_TOKEN="token-beside-the-keys")
    tokens = {seen.headers.get("x-amz-security-token") for seen in fronted.front.requests(fronted.logs.name)}
    assert tokens == {"token-beside-the-keys"}


@pytest.mark.parametrize("yes", ["true", "1", "T"])
def test_an_instance_role_is_used_by_imdsv2(fronted, instance, yes):
    build_once(
        fronted,
        **NO_KEYS,
        USE_IAM=yes,
        AWS_EC2_METADATA_DISABLED=None,
        AWS_EC2_METADATA_SERVICE_ENDPOINT=instance.endpoint,
    )
    assert keys_used(fronted) == {metadata.ACCESS_KEY}
    tokens = {seen.headers.get("x-amz-security-token") for seen in fronted.front.requests(fronted.logs.name)}
    assert tokens == {metadata.SESSION_TOKEN}
    assert instance.without_token == 0
    # Kept until they run out, not asked for with every request: a first look and one for use, for each bucket that
    # a process opens (both of them three).
    assert len(fronted.front.requests()) > 2 * 10
    assert 2 <= instance.handed_out <= 12


def test_a_credentials_file_and_its_profile_are_used(fronted, tmp_path):
    file = tmp_path / "credentials"
    file.write_text(
        "[default]\naws_access_key_id = AKIADEFAULT000000001\naws_secret_access_key = no\n\n"
        "[digests]\naws_access_key_id = AKIAPROFILE000000001\naws_secret_access_key = yes\n"
    )
    build_once(fronted, **NO_KEYS, AWS_CREDENTIALS_FILE=str(file), AWS_CREDENTIALS_PROFILE="digests")
    assert keys_used(fronted) == {"AKIAPROFILE000000001"}


def test_without_a_profile_name_the_default_one_is_used(fronted, tmp_path):
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = AKIADEFAULT000000001\naws_secret_access_key = yes\n")
    build_once(fronted, **NO_KEYS, AWS_CREDENTIALS_FILE=str(file))
    assert keys_used(fronted) == {"AKIADEFAULT000000001"}


def test_a_tilde_stands_for_the_home_directory(fronted, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAATHOME0000000001\naws_secret_access_key = yes\n"
    )
    build_once(fronted, **NO_KEYS, AWS_CREDENTIALS_FILE="~/.aws/credentials", HOME=str(tmp_path))
    assert keys_used(fronted) == {"AKIAATHOME0000000001"}


def test_a_credential_process_is_run(fronted, tmp_path):
    program = tmp_path / "give-keys"
    answer = {"Version": 1, "AccessKeyId": "AKIAPROCESS000000001", "SecretAccessKey": "yes"}
    program.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(answer))})\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    file = tmp_path / "credentials"
    file.write_text(f"[digests]\ncredential_process = {program}\n")
    build_once(fronted, **NO_KEYS, AWS_CREDENTIALS_FILE=str(file), AWS_CREDENTIALS_PROFILE="digests")
    assert keys_used(fronted) == {"AKIAPROCESS000000001"}


def test_web_identity_takes_a_role_by_its_token(fronted, tmp_path):
    token = tmp_path / "token"
    token.write_text("a.web.token\n")
    build_once(
        fronted,
        **NO_KEYS,
        USE_IAM="true",
        AWS_WEB_IDENTITY_TOKEN_FILE=str(token),
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/pod",
        AWS_ROLE_SESSION_NAME="digesterd",
    )
    assert all(key and key.startswith(ASSUMED) for key in keys_used(fronted))
    asked = [parse_qs(seen.body.decode()) for seen in fronted.front.requests() if b"WebIdentity" in seen.body]
    assert asked and asked[0]["RoleArn"] == ["arn:aws:iam::123456789012:role/pod"]


def test_a_role_of_a_bucket_is_assumed_for_that_bucket_alone(fronted):
    role = "arn:aws:iam::999999999999:role/read-flow-logs"
    build_once(fronted, VPC_FLOW_LOGS_BUCKET_ROLE=role, VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID="agreed-42")
    [of_logs] = keys_used(fronted, fronted.logs.name)
    assert of_logs.startswith(ASSUMED)
    assert keys_used(fronted, fronted.digests.name) == {buckets.ACCESS_KEY}
    assert keys_used(fronted, fronted.progress.name) == {buckets.ACCESS_KEY}
    assumed = [parse_qs(seen.body.decode()) for seen in fronted.front.requests() if b"AssumeRole" in seen.body]
    assert {call["RoleArn"][0] for call in assumed} == {role}
    assert {call["ExternalId"][0] for call in assumed} == {"agreed-42"}


def test_buckets_may_lie_in_regions_of_their_own(fronted):
    build_once(fronted, VPC_FLOW_LOGS_BUCKET_REGION="eu-central-1")
    scopes = {
        name: {
            seen.headers["authorization"].split("Credential=")[1].split("/")[2]
            for seen in fronted.front.requests(bucket.name)
        }
        for name, bucket in (("logs", fronted.logs), ("digests", fronted.digests))
    }
    assert scopes == {"logs": {"eu-central-1"}, "digests": {buckets.REGION}}


def test_whatever_is_stored_asks_for_the_key_of_the_settings(fronted):
    key = f"arn:aws:kms:{buckets.REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    build_once(fronted, DIGEST_STORAGE_SSE_KMS_KEY_ID=key)
    stored = fronted.digests.keys()
    assert len(stored) > 1
    for name in stored:
        head = fronted.backend.s3.head_object(Bucket=fronted.digests.name, Key=name)
        assert head.get("SSEKMSKeyId") == key, name
    for name in fronted.progress.keys():
        assert "SSEKMSKeyId" not in fronted.backend.s3.head_object(Bucket=fronted.progress.name, Key=name), name


def test_an_api_that_may_not_open_the_flow_logs_starts_without_them(tmp_path):
    for name in ("digests", "progress"):
        (tmp_path / name).mkdir()
    settings = {
        "DIGEST_STORAGE_BUCKET": f"file://{tmp_path / 'digests'}",
        "DIGEST_PROGRESS_BUCKET": f"file://{tmp_path / 'progress'}",
        "STREAM_APPLIANCE_ENDPOINT": "http://127.0.0.1:9",
        # Of nobody: there are no credentials to be had.
        "VPC_FLOW_LOGS_BUCKET": "flow-logs",
        "REGION": "us-east-1",
        "USE_IAM": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LISTEN_ADDRESS": "127.0.0.1",
        "PORT": "0",
    }
    api = Process([binary("digesterd-api")], settings, tmp_path / "api.log")
    try:
        api.wait_until_it_answers(f"http://{api.address()}/livez")
        refused = call("GET", f"http://{api.address()}/v1/records?since=1h")
    finally:
        api.stop()
    assert refused.status == 404 and b"VPC_FLOW_LOGS_BUCKET" in refused.body, refused
    assert "raw records are not answered" in api.output()
