"""Buckets that are missing or closed, on an S3 server that checks signatures and policies."""

from __future__ import annotations

import json
import re

import pytest
from conftest import start_moto

import buckets
import flow_logs
from flow_logs import Window
from front import denied
from processes import REPOSITORY
from stack import MotoBackend, Stack
from web import call


def allow(actions: list[str], *resources: str) -> dict:
    """One statement of a policy."""
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def arn(bucket, objects: bool = True) -> str:
    """A bucket's name as policies write it."""
    return f"arn:aws:s3:::{bucket.name}" + ("/*" if objects else "")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A stack on a server of its own, with one user whose policy the tests set."""
    directory = tmp_path_factory.mktemp("guarded")
    port = start_moto(directory)
    endpoint = f"http://127.0.0.1:{port}"
    iam = buckets.client("iam", endpoint)
    keys = {}
    for user in ("owner", "service", "api", "worker"):
        iam.create_user(UserName=user)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        keys[user] = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    everything = {"Version": "2012-10-17", "Statement": [allow(["*"], "*")]}
    iam.put_user_policy(UserName="owner", PolicyName="all", PolicyDocument=json.dumps(everything))
    assert call("POST", f"{endpoint}/moto-api/reset-auth", "0", {"content-type": "text/plain"}).status == 200

    owner = keys["owner"].values()
    backend = MotoBackend(endpoint)
    backend.s3 = buckets.client("s3", endpoint, *owner)
    stack = Stack(backend, directory)
    stack.iam = buckets.client("iam", endpoint, *owner)
    stack.users, stack.keys = keys, keys["service"]
    yield stack
    stack.close()


def permit(stack, *statements: dict) -> None:
    """Sets what the services may do."""
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    stack.iam.put_user_policy(UserName="service", PolicyName="service", PolicyDocument=document)


def least(stack) -> list[dict]:
    """The least that a worker needs."""
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    return [
        allow(["s3:ListBucket"], *(arn(bucket, False) for bucket in (stack.logs, stack.digests, stack.progress))),
        allow(["s3:GetObject"], arn(stack.logs)),
        allow(objects, arn(stack.digests), arn(stack.progress)),
    ]


def failed(stack, window: Window, **changes: str | None) -> str:
    """Builds with a worker under these settings, which cannot work; returns the reason that GET gives."""
    worker, url = stack.start("digesterd-worker", ready="/livez", **changes)
    stack.worker_url = url
    answer = stack.hand_over(window.job())
    worker.stop()
    assert answer.status == 200, answer
    assert stack.digests.keys(window.id()) == []
    fetched = stack.get(window)
    assert fetched.status == 404
    return fetched.message()


def documented(stack) -> list[dict]:
    """The policies of docs/permissions.md, first the API's, then the worker's, for this stack's buckets."""
    page = (REPOSITORY / "docs" / "permissions.md").read_text()
    for name, bucket in (
        ("vpc-flow-digests-progress", stack.progress),
        ("vpc-flow-digests", stack.digests),
        ("vpc-flow-logs", stack.logs),
    ):
        page = page.replace(f":::{name}", f":::{bucket.name}")
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    # What a queue in SQS needs besides stands there as statements alone.
    return [block for block in blocks if "Statement" in block]


def test_the_documented_permissions_suffice(guarded):
    for user, policy in zip(("api", "worker"), documented(guarded), strict=True):
        guarded.iam.put_user_policy(UserName=user, PolicyName="documented", PolicyDocument=json.dumps(policy))
    guarded.start_api(**guarded.users["api"]).start_worker(**guarded.users["worker"])
    window = Window.fresh()
    flow_logs.write(guarded.logs, window)
    assert guarded.get(window).status == 404
    assert guarded.build(window).status == 200
    assert guarded.progress.keys(window.id()) == [f"{window.id()}.job.json"]
    guarded.api.stop()
    guarded.worker.stop()


def test_wrong_keys_are_said_by_the_worker(guarded):
    """Every bucket refuses: nothing can be recorded, so the job stays with the queue."""
    permit(guarded, *least(guarded))
    wrong = {**guarded.keys, "AWS_SECRET_ACCESS_KEY": "not-the-secret-of-this-key-000000000000"}
    worker, url = guarded.start("digesterd-worker", ready="/livez", **wrong)
    guarded.worker_url = url
    answer = guarded.hand_over(Window.fresh().job())
    assert answer.status == 500, answer
    assert guarded.progress.name in answer.message()
    assert call("GET", url + "/readyz").status == 503
    assert worker.child.poll() is None and "not-the-secret" not in worker.output()
    worker.stop()


def test_wrong_keys_are_said_by_the_api(guarded):
    permit(guarded, *least(guarded))
    wrong = {**guarded.keys, "AWS_ACCESS_KEY_ID": "AKIANOSUCHKEY0000001"}
    api, url = guarded.start("digesterd-api", ready="/livez", **wrong)
    window = Window.fresh()
    for method in ("POST", "GET"):
        answer = call(method, f"{url}/?{window.query}")
        assert answer.status >= 500, (method, answer)
        assert answer.message()
    assert guarded.relay.messages == []
    assert call("GET", url + "/readyz").status == 503
    api.stop()


def test_flow_logs_that_may_not_be_listed_are_a_reason(guarded):
    permit(
        guarded,
        *least(guarded)[1:],
        allow(["s3:ListBucket"], arn(guarded.digests, False), arn(guarded.progress, False)),
    )
    guarded.start_api(**guarded.keys)
    window = Window.fresh()
    flow_logs.write(guarded.logs, window)
    reason = failed(guarded, window, **guarded.keys)
    assert guarded.logs.name in reason and "ListBucket" in reason, reason
    guarded.api.stop()


def test_flow_logs_that_may_not_be_read_are_a_reason(guarded):
    listing, _, writing = least(guarded)
    permit(guarded, listing, writing)
    guarded.start_api(**guarded.keys)
    window = Window.fresh()
    keys = flow_logs.write(guarded.logs, window, objects=1)
    assert keys[0] in failed(guarded, window, **guarded.keys)
    guarded.api.stop()


def test_a_storage_bucket_that_may_not_be_written_is_a_reason(guarded):
    listing, reading, _ = least(guarded)
    permit(
        guarded,
        listing,
        reading,
        allow(["s3:GetObject"], arn(guarded.digests)),
        allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], arn(guarded.progress)),
    )
    guarded.start_api(**guarded.keys)
    window = Window.fresh()
    flow_logs.write(guarded.logs, window)
    assert guarded.digests.name in failed(guarded, window, **guarded.keys)
    guarded.api.stop()


def test_a_missing_flow_logs_bucket_is_a_reason(fronted):
    fronted.start_api()
    reason = failed(fronted, Window.fresh(), VPC_FLOW_LOGS_BUCKET="no-such-bucket-anywhere")
    assert "no-such-bucket-anywhere" in reason


def test_a_missing_storage_bucket_is_a_reason(fronted):
    fronted.start_api()
    window = Window.fresh()
    flow_logs.write(fronted.logs, window)
    reason = failed(fronted, window, DIGEST_STORAGE_BUCKET="no-such-bucket-anywhere")
    assert "no-such-bucket-anywhere" in reason


def test_a_missing_progress_bucket_is_said(fronted):
    api, url = fronted.start("digesterd-api", ready="/livez", DIGEST_PROGRESS_BUCKET="no-such-bucket-anywhere")
    answer = call("POST", f"{url}/?{Window.fresh().query}")
    assert answer.status >= 500 and "bucket" in answer.message()
    # Callers need not know the names of buckets; operators do.
    assert "no-such-bucket-anywhere" in api.output()
    ready = call("GET", url + "/readyz")
    assert ready.status == 503
    assert [part["name"] for part in ready.json()["parts"] if not part["ok"]] == ["progress"]
    api.stop()


def test_a_missing_digest_is_told_where_listing_is_not_allowed(fronted):
    """S3 answers 403 for an absent key to those who may not list: that is no "not found", and the log says why."""
    own = {fronted.digests.name: fronted.digests, fronted.progress.name: fronted.progress}

    def rule(seen):
        if seen.bucket not in own:
            return None
        absent = seen.method in ("GET", "HEAD") and own[seen.bucket].get(seen.key) is None
        return denied() if seen.is_listing or absent else None

    fronted.front.rules.append(rule)
    fronted.start_api(ready="/livez")
    answer = fronted.get(Window.fresh())
    assert answer.status >= 500, answer
    assert "denied" in answer.message() or "denies" in answer.message()
    assert "ListBucket" in fronted.api.output()
