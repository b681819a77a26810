"""From an empty account to the first digest: the steps of docs/operations.md, with the settings that it shows."""

from __future__ import annotations

import os
import re
import subprocess

import buckets
from processes import REPOSITORY, Process, binary
from sqs import Queue

HOUR = ["--start", "2026-01-05T09:00:00Z", "--stop", "2026-01-05T10:00:00Z"]


def documented_settings() -> dict[str, str]:
    """The settings file of that section."""
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    _, section = page.split("## From an empty account to the first digest\n", 1)
    section, _ = section.split("\n## ", 1)
    (text,) = re.findall(r"cat > digesterd\.env <<END\n(.*?)\n +END\n", section, re.DOTALL)
    return dict(line.strip().split("=", 1) for line in text.splitlines())


def run(environment: dict[str, str], *arguments: str) -> str:
    """What a command prints; it has to succeed."""
    given = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run([binary("digesterd"), *arguments], env=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_documented_steps_lead_from_nothing_to_a_digest(moto, tmp_path):
    endpoint = f"http://127.0.0.1:{moto}"
    s3 = buckets.client("s3", endpoint)
    names = {role: f"first-{role}" for role in ("flow-logs", "digests", "digests-progress")}
    for name in names.values():
        buckets.S3Bucket(s3, name)
    sample = tmp_path / "sample"
    run({}, "sample-logs", str(sample))
    for path in sorted(path for path in sample.rglob("*") if path.is_file()):
        s3.put_object(Bucket=names["flow-logs"], Key=str(path.relative_to(sample)), Body=path.read_bytes())
    filled = {"$name-flow-logs": names["flow-logs"], "$name-digests": names["digests"]}
    filled["$name-digests-progress"] = names["digests-progress"]
    filled["$queue"] = Queue(endpoint).url
    settings = {name: filled.get(value, value) for name, value in documented_settings().items()}
    assert set(filled.values()) <= set(settings.values()), "the page sets other names"
    settings |= {"AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true", "PORT": "0"}
    settings |= {"REGION": buckets.REGION, "LISTEN_ADDRESS": "127.0.0.1"}
    settings |= {"AWS_ACCESS_KEY_ID": buckets.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": buckets.SECRET_KEY}

    for program in ("api", "worker"):
        assert "FAILED" not in run(settings, "check", program)
    api = Process([binary("digesterd-api")], settings, tmp_path / "api.log")
    worker = Process([binary("digesterd-worker")], settings, tmp_path / "worker.log")
    try:
        url = f"http://{api.address()}"
        api.wait_until_it_answers(f"{url}/readyz")
        worker.wait_until_it_answers(f"http://{worker.address()}/readyz")
        asked = {"DIGESTERD_API": url}
        run(asked, "create", *HOUR, "--wait")
        assert "complete" in run(asked, "status", *HOUR)
        digest = run(asked, "get", *HOUR)
    finally:
        api.stop()
        worker.stop()
    assert digest == run({}, "digest", "--logs", str(sample / "AWSLogs"), *HOUR)
    assert len(digest.splitlines()) > 100
