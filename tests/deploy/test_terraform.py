"""Terraform: what the buckets, the queue and the roles must have. Read as HCL; no provider checks it here."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from files import DEPLOY, documented_policies, labelled, terraform

# What Terraform calls what docs/permissions.md gives an example of.
RESOURCES = {
    "${local.storage_arn}": "arn:aws:s3:::vpc-flow-digests",
    "${local.progress_arn}": "arn:aws:s3:::vpc-flow-digests-progress",
    "${local.flow_logs_arn}": "arn:aws:s3:::vpc-flow-logs",
    "${local.flow_logs_objects}": "arn:aws:s3:::vpc-flow-logs/AWSLogs/*",
    "${aws_sqs_queue.jobs.arn}": "arn:aws:sqs:us-west-2:123456789012:digest-jobs",
    "${aws_kms_key.digests.arn}": "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}


@pytest.fixture(scope="module")
def blocks() -> dict[str, list]:
    """All blocks by kind."""
    return terraform()


def test_every_block_begins_and_ends_on_a_line_of_its_own():
    """What HCL readers forgive and Terraform does not."""
    for file in sorted((DEPLOY / "terraform").glob("*.tf")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            code = re.sub(r'"[^"]*"', "", line).split("#")[0]
            assert not re.search(r"\}\s*\w+.*\{$", code), f"{file.name}:{number}: {line}"


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no Terraform on this machine")
def test_terraform_reads_every_file_and_finds_it_laid_out_its_way():
    checked = subprocess.run(
        ["terraform", f"-chdir={DEPLOY / 'terraform'}", "fmt", "-check", "-diff"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def as_set(value) -> frozenset[str]:
    """IAM's one or several."""
    return frozenset([value] if isinstance(value, str) else value)


def documented(program: str) -> dict[str, tuple[frozenset, frozenset]]:
    """Statements of a program's policy with those for queue and key, by Sid: actions and resources."""
    api, worker, *single = documented_policies()
    for statement in single:
        for sid, one in statement.items():
            if sid != {"api": "TakeJobs", "worker": "SendJobs"}[program]:
                (api if program == "api" else worker)[sid] = one
    policy = api if program == "api" else worker
    return {sid: (as_set(one["Action"]), as_set(one["Resource"])) for sid, one in policy.items()}


def resource(text: str) -> str:
    """A resource as docs/permissions.md writes it."""
    for name, arn in sorted(RESOURCES.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(name, arn)
    return text


@pytest.mark.parametrize("program", ["api", "worker"])
def test_roles_may_what_the_documentation_says_and_nothing_else(blocks, program):
    policy = labelled(blocks, "data", "aws_iam_policy_document")[program]
    granted = {
        one["sid"]: (as_set(one["actions"]), frozenset(resource(text) for text in one["resources"]))
        for one in policy["statement"]
    }
    assert granted == documented(program)
    assert not [one for one in policy["statement"] if one.get("effect", "Allow") != "Allow"]


def test_the_api_reads_flow_logs_only_where_it_is_told_to(blocks):
    policies = labelled(blocks, "data", "aws_iam_policy_document")
    asked = [one["statement"] for one in policies["api"]["dynamic"]]
    assert all(one["for_each"].startswith("${var.api_reads_flow_logs") for one in asked)
    contents = [content for one in asked for content in one["content"]]
    assert {one["sid"]: as_set(one["actions"]) for one in contents} == {
        "ReadFlowLogs": documented("worker")["ReadFlowLogs"][0],
        "ReadEncryptedFlowLogs": frozenset(["kms:Decrypt"]),
    }
    variables = {name: body for block in blocks["variable"] for name, body in block.items()}
    assert variables["api_reads_flow_logs"]["default"] is False


def test_no_role_has_a_wildcard_for_its_actions(blocks):
    for name, policy in labelled(blocks, "data", "aws_iam_policy_document").items():
        if name != "tls_only":
            for one in policy.get("statement", []):
                assert not [action for action in one["actions"] if "*" in action], (name, one)


def test_buckets_are_closed_encrypted_and_cleaned(blocks):
    def only(kind):
        (found,) = labelled(blocks, "resource", kind).values()
        return found

    each = "${local.buckets}"
    closed = only("aws_s3_bucket_public_access_block")
    assert closed["for_each"] == each
    for setting in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
        assert closed[setting] is True, setting
    encrypted = only("aws_s3_bucket_server_side_encryption_configuration")
    (rule,) = encrypted["rule"]
    (default,) = rule["apply_server_side_encryption_by_default"]
    assert encrypted["for_each"] == each and default["sse_algorithm"] == "aws:kms"
    assert default["kms_master_key_id"] == "${aws_kms_key.digests.arn}" and rule["bucket_key_enabled"] is True
    assert only("aws_kms_key")["enable_key_rotation"] is True
    cleaned = only("aws_s3_bucket_lifecycle_configuration")
    (rule,) = cleaned["rule"]
    assert cleaned["for_each"] == each and rule["status"] == "Enabled"
    # The longest build takes its time: a rule of hours would cut it off.
    assert rule["abort_incomplete_multipart_upload"][0]["days_after_initiation"] >= 2
    assert only("aws_s3_bucket_policy")["for_each"] == each
    tls = labelled(blocks, "data", "aws_iam_policy_document")["tls_only"]["statement"][0]
    assert (tls["effect"], tls["condition"][0]["variable"]) == ("Deny", "aws:SecureTransport")


def test_the_queue_has_dead_letters_after_enough_deliveries(blocks):
    queues = labelled(blocks, "resource", "aws_sqs_queue")
    redrive = queues["jobs"]["redrive_policy"]
    assert "aws_sqs_queue.dead_letters.arn" in redrive and "var.max_receive_count" in redrive
    assert all(queue["sqs_managed_sse_enabled"] is True for queue in queues.values())
    assert not [queue for queue in queues.values() if queue.get("fifo_queue")]
    count = {name: body for block in blocks["variable"] for name, body in block.items()}["max_receive_count"]
    (validation,) = count["validation"]
    floor = int(re.search(r"var\.max_receive_count >= (\d+)", validation["condition"]).group(1))
    assert floor >= 10 and count["default"] >= floor


def test_s3_is_reached_by_a_gateway(blocks):
    (endpoint,) = labelled(blocks, "resource", "aws_vpc_endpoint").values()
    assert endpoint["vpc_endpoint_type"] == "Gateway" and endpoint["service_name"].endswith(".s3")
    assert endpoint["route_table_ids"] == "${var.route_table_ids}"


def test_every_reference_leads_somewhere(blocks):
    """What `terraform validate` finds first: names of variables, locals, resources and data that are not there."""
    there = {f"var.{name}" for block in blocks["variable"] for name in block}
    there |= {f"local.{name}" for block in blocks["locals"] for name in block}
    for kind, before in (("resource", ""), ("data", "data.")):
        there |= {
            f"{before}{label}.{name}" for block in blocks[kind] for label, named in block.items() for name in named
        }
    text = str(blocks)
    used = set(re.findall(r"(?<![\w.])(?:var|local)\.\w+", text))
    used |= set(re.findall(r"(?<![\w.])(?:data\.)?aws_\w+\.\w+(?=[.\[])", text))
    assert used - there == set()
    assert {name for name in there if name.startswith(("var.", "local."))} - used == set(), "never used"
