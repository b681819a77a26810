"""From an empty account to the first digest: the shell lines of docs/operations.md as they stand, one after the other.

The account is moto's, the `aws` command is Amazon's own, from the Python registry.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import start_moto

import buckets
from processes import BINARIES, REPOSITORY, free_port

# What a reader fills in. Nothing else of the page is changed.
FILLED = {
    "AWS_ACCESS_KEY_ID=…": f"AWS_ACCESS_KEY_ID={buckets.ACCESS_KEY}",
    "AWS_SECRET_ACCESS_KEY=…": f"AWS_SECRET_ACCESS_KEY={buckets.SECRET_KEY}",
}


def documented_steps() -> list[str]:
    """The shell of each step of that section."""
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    _, section = page.split("## From an empty account to the first digest\n", 1)
    section, _ = section.split("\n## ", 1)
    return re.findall(r"^ +```sh\n(.*?)^ +```\n", section, re.DOTALL | re.MULTILINE)


def unindented(step: str) -> str:
    """A step as it reads in a terminal: lists are indented, and the end of a here-document must not be."""
    return "".join(line.removeprefix("   ") for line in step.splitlines(keepends=True))


def command(account: str, directory: Path) -> Path:
    """Directory of an `aws` for the account: for SQS in us-east-1 the real one does not look at AWS_ENDPOINT_URL."""
    commands = directory / "commands"
    commands.mkdir()
    aws = commands / "aws"
    aws.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).parent}/aws" --endpoint-url {account} "$@"\n')
    aws.chmod(0o755)
    return commands


def walk(account: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Runs all steps in one shell, and ends what they have left running."""
    filled = FILLED | {"8080": str(free_port()), "8081": str(free_port())}
    lines = ["set -euo pipefail", "trap 'kill $(jobs -p) || true; wait' EXIT"]
    for number, step in enumerate(map(unindented, documented_steps()), 1):
        for written, value in filled.items():
            step = step.replace(written, value)
        lines += [f"echo == {number}", step]
    environment = {
        "PATH": os.pathsep.join([str(command(account, directory)), str(BINARIES), os.environ["PATH"]]),
        "HOME": str(directory),
        "AWS_ENDPOINT_URL": account,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": buckets.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": buckets.SECRET_KEY,
        "LISTEN_ADDRESS": "127.0.0.1",
    }
    shell = [shutil.which("bash") or "bash", "-c", "\n".join(lines)]
    return subprocess.run(
        shell, env=environment, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180
    )


def test_the_documented_lines_lead_from_nothing_to_a_digest(tmp_path):
    account = tmp_path / "account"
    account.mkdir()
    # An account of its own: what the page names must not be there before.
    walked = walk(f"http://127.0.0.1:{start_moto(account)}", tmp_path)
    said = walked.stdout + walked.stderr
    assert walked.returncode == 0, said
    steps = re.split(r"^== \d+\n", walked.stdout, flags=re.MULTILINE)
    assert len(steps) == 1 + 7, said
    *_, checked, ready, digest = steps
    assert "FAILED" not in checked and checked.count("flow logs") >= 1, checked
    assert ready.count("ok") >= 2, ready
    assert "complete" in digest, digest
    # Fields of a digest's lines as the Go service wrote them.
    rows = [line for line in digest.splitlines() if line.startswith("2 ")]
    assert len(rows) == 3 and all(len(row.split(" ")) == 14 for row in rows), digest
