"""What the service's worker takes beside the command line for the same digest, on a plain S3 server on loopback and in
directories, and what showing its progress costs.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .contestant import START, STOP
from .corpus import Corpus
from .digest_text import DigestText
from .program import build_release
from .settings import Settings
from .table import table
from .usage import Usage, measured

# The keys of crates/digest-storage/examples/s3_server.rs.
KEYS = {"AWS_ACCESS_KEY_ID": "AKIACONTRACT00000001", "AWS_SECRET_ACCESS_KEY": "the contract's secret"}
# The worker writes its progress each quarter of the lease, at least every 10 s: this is a hundred times as often.
HASTY = {"DIGEST_PROGRESS_TIMEOUT": "400"}
TIMES_AS_OFTEN = 100
# And with this one hardly ever: builds are over before the first 10 s.
CALM = {"DIGEST_PROGRESS_TIMEOUT": "1h"}
HEAD = ["", "wall s", "least", "most", "user s", "sys s", "peak MB", "CPU / command", "user / command"]


class Row(NamedTuple):
    """One way to make the digest."""

    name: str
    is_worker: bool
    is_in_s3: bool
    environment: dict[str, str] = {}


ROWS = [
    Row("digesterd digest, a directory", False, False),
    Row("digesterd digest, S3", False, True),
    Row("worker, a directory", True, False, CALM),
    Row(f"worker, a directory, progress {TIMES_AS_OFTEN} times as often", True, False, HASTY),
    Row("worker, S3", True, True, CALM),
]


class Took(NamedTuple):
    """What one run took, and how often the job's record was written in it."""

    usage: Usage
    digest: DigestText
    writes: int


def worker(settings: Settings, corpus: Corpus) -> None:
    """Measures and tells one corpus."""
    print(f"\n## The worker: {corpus}")
    program = settings.worker or build_release("digesterd-worker", ["--bin", "digesterd-worker"])
    server = settings.s3_server or build_release("digest-storage", ["--example", "s3_server"])
    root = settings.scratch / "s3"
    root.mkdir()
    (root / "flow-logs").symlink_to(corpus.directory.resolve())
    took: dict[str, list[Took]] = {row.name: [] for row in ROWS}
    with _served(server, root) as endpoint:
        for _ in range(settings.rounds):
            for row in ROWS:
                run = _work if row.is_worker else _command
                took[row.name].append(run(settings, program, root, endpoint, row))
    digests = {each.digest for rounds in took.values() for each in rounds}
    if len(digests) != 1:
        raise SystemExit(f"{len(digests)} different digests were made: {digests}")
    print(f"{digests.pop().edges:,} edges, the same by all")
    print(table(HEAD, [_line(row, took) for row in ROWS]))
    for line in _remarks(took):
        print(f"* {line}")


def _line(row: Row, took: dict[str, list[Took]]) -> list[str]:
    usages = [each.usage for each in took[row.name]]
    walls = [usage.wall for usage in usages]
    command = next(other for other in ROWS if not other.is_worker and other.is_in_s3 == row.is_in_s3)
    return [
        row.name,
        f"{median(walls):.2f}",
        f"{min(walls):.2f}",
        f"{max(walls):.2f}",
        f"{median(usage.user for usage in usages):.2f}",
        f"{median(usage.system for usage in usages):.2f}",
        f"{median(usage.resident for usage in usages) / 1e6:.0f}",
        f"{_over(took[row.name], took[command.name], lambda usage: usage.processor):.3f}",
        f"{_over(took[row.name], took[command.name], lambda usage: usage.user):.3f}",
    ]


def _over(own: list[Took], others: list[Took], figure) -> float:
    pairs = zip(own, others, strict=True)
    return median(figure(one.usage) / figure(other.usage) for one, other in pairs)


def _remarks(took: dict[str, list[Took]]) -> Iterator[str]:
    directory, s3, calm, hasty, in_s3 = (took[row.name] for row in ROWS)
    for name, command in (("from the same server", s3), ("from a directory", directory)):
        ratio = _over(in_s3, command, lambda usage: usage.processor)
        yield f"the worker on S3 takes {ratio:.3f}x the CPU of the command line {name}"
    more = _over(hasty, calm, lambda usage: usage.user) - 1
    processor = _over(hasty, calm, lambda usage: usage.processor) - 1
    writes = median(one.writes - other.writes for one, other in zip(hasty, calm, strict=True))
    yield (
        f"progress shown {TIMES_AS_OFTEN} times as often as in service: {writes:.0f} writes of the record more,"
        f" {more:+.2%} user CPU, {processor:+.2%} CPU; as often as in service a {TIMES_AS_OFTEN}th of it:"
        f" {more / TIMES_AS_OFTEN:+.4%} and {processor / TIMES_AS_OFTEN:+.4%}"
    )


def _command(settings: Settings, _: Path, root: Path, endpoint: str, row: Row) -> Took:
    output = settings.scratch / "command.log.gz"
    start, stop = (datetime.fromtimestamp(time_, timezone.utc).isoformat() for time_ in (START, STOP))
    logs = "s3://flow-logs" if row.is_in_s3 else str(root / "flow-logs")
    command = [str(settings.programs[0].path), "digest", "--logs", logs, "--start", start, "--stop", stop]
    command += ["--threads", str(settings.threads), "--output", str(output)]
    usage = measured(command, settings.threads, _reaching(endpoint) if row.is_in_s3 else {})
    digest = settings.reader.read(output)
    output.unlink()
    return Took(usage, digest, 0)


def _work(settings: Settings, program: Path, root: Path, endpoint: str, row: Row) -> Took:
    digests, progress = (root / name for name in ("digests", "progress"))
    for place in (digests, progress):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    names = ("flow-logs", "digests", "progress")
    places = names if row.is_in_s3 else tuple(f"file://{root / name}" for name in names)
    port = _free_port()
    environment = {
        "VPC_FLOW_LOGS_BUCKET": places[0],
        "DIGEST_STORAGE_BUCKET": places[1],
        "DIGEST_PROGRESS_BUCKET": places[2],
        # What the command line has where nobody says.
        "VPC_MAX_BYTES_PREFETCH": "256MiB",
        "VPC_MAX_CONCURRENT_PREFETCH": "4",
        "PORT": str(port),
        "LISTEN_ADDRESS": "127.0.0.1",
        # The command line makes no tables either.
        "DIGEST_EDGES": "off",
        **_reaching(endpoint),
        **row.environment,
    }

    def hand_over(child: subprocess.Popen) -> None:
        _ask_for_digest(port, child)
        child.send_signal(signal.SIGTERM)

    # The command line has the worker in it as well.
    command = [str(program), *(["serve"] if program.name == "digesterd" else [])]
    usage = measured(command, settings.threads, environment, hand_over)
    [record] = progress.glob("*.job.json")
    return Took(usage, settings.reader.read(digests / f"{_id()}.log.gz"), json.loads(record.read_text())["revision"])


def _reaching(endpoint: str) -> dict[str, str]:
    """How a program reaches the server, and no other."""
    return {"AWS_ENDPOINT_URL": endpoint, "REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", **KEYS}


def _id() -> str:
    """The id of the digest of the corpora's hour."""
    printed = (datetime.fromtimestamp(time_, timezone.utc).strftime("%Y-%m-%d %H:%M:%S") for time_ in (START, STOP))
    namespace = uuid.uuid5(uuid.UUID(int=0), "digest")
    return str(uuid.uuid5(namespace, "".join(f"{text} +0000 UTC" for text in printed)))


def _ask_for_digest(port: int, child: subprocess.Popen) -> None:
    """Posts the job, once somebody listens, and waits until the digest is stored."""
    texts = (datetime.fromtimestamp(time_, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") for time_ in (START, STOP))
    body = json.dumps(dict(zip(("id", "start", "stop"), (_id(), *texts), strict=True)))
    while child.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        try:
            connection.request("POST", "/jobs/event", body)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != 200:
                child.kill()
                raise SystemExit(f"the worker answered {answer.status}: {told.decode()}")
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _served(server: Path, root: Path) -> Iterator[str]:
    """The server over this directory; its address."""
    child = subprocess.Popen([server, root], stdout=subprocess.PIPE, text=True, env={**os.environ, "RUST_LOG": "off"})
    try:
        yield child.stdout.readline().strip()
    finally:
        child.kill()
        child.wait()
