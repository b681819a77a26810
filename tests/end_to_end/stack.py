"""The service as deployed: api and worker as two processes, the relay between them, three buckets."""

from __future__ import annotations

import itertools
import json
import os
import zlib
from pathlib import Path
from urllib.parse import quote

import buckets
from flow_logs import Window
from processes import Process, binary, wait_for
from relay import TOPIC, Relay
from web import Answer, call

_numbers = itertools.count(1)


class MotoBackend:
    """Buckets on an S3 server."""

    name = "s3"

    def __init__(self, endpoint: str, behind: str | None = None):
        """`endpoint` is what the services use; `behind` the server itself, where a front stands before it."""
        self.endpoint = endpoint
        self.s3 = buckets.client("s3", behind or endpoint)

    def bucket(self, name: str):
        return buckets.S3Bucket(self.s3, f"{name}-{next(_numbers)}")

    def environment(self) -> dict[str, str]:
        chosen = os.environ.get("DIGESTERD_S3_CLIENT")
        return {"AWS_ENDPOINT_URL": self.endpoint, **({"S3_CLIENT": chosen} if chosen else {})}


class DirectoryBackend:
    """Buckets in local directories."""

    name = "file"

    def __init__(self, directory: Path):
        self.directory = directory

    def bucket(self, name: str):
        return buckets.DirectoryBucket(self.directory / f"{name}-{next(_numbers)}")

    def environment(self) -> dict[str, str]:
        return {}


class Stack:
    """Api, worker, relay and buckets. Nothing runs until asked for, so that tests can break things first."""

    def __init__(self, backend, directory: Path, front=None):
        self.backend = backend
        self.directory = directory
        self.front = front
        self.logs = backend.bucket("flow-logs")
        self.digests = backend.bucket("digests")
        self.progress = backend.bucket("progress")
        self.relay = Relay()
        self.api: Process | None = None
        self.worker: Process | None = None
        self.api_url = self.worker_url = ""
        self._processes: list[Process] = []

    def environment(self) -> dict[str, str]:
        """The variables of the Go service, all of them, and nothing else but where S3 is and loopback."""
        return {
            "PORT": "0",
            "VPC_FLOW_LOGS_BUCKET": self.logs.variable,
            "VPC_MAX_BYTES_PREFETCH": "150000000",
            "VPC_MAX_CONCURRENT_PREFETCH": "2",
            "DIGEST_STORAGE_BUCKET": self.digests.variable,
            "DIGEST_PROGRESS_BUCKET": self.progress.variable,
            "STREAM_APPLIANCE_ENDPOINT": self.relay.endpoint,
            "STREAM_APPLIANCE_TOPIC": TOPIC,
            "REGION": buckets.REGION,
            "USE_IAM": "false",
            "AWS_ACCESS_KEY_ID": buckets.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": buckets.SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "LISTEN_ADDRESS": "127.0.0.1",
            **self.backend.environment(),
        }

    def start(self, program: str, ready: str = "/readyz", **changes: str | None) -> tuple[Process, str]:
        """Starts a program on a port that the system chooses; `changes` set variables, None takes one away.

        Without `ready` the program is not expected to come up, and there is no URL.
        """
        environment = {**self.environment(), **changes}
        given = {name: value for name, value in environment.items() if value is not None}
        process = Process([binary(program)], given, self.directory / f"{program}-{next(_numbers)}.log")
        self._processes.append(process)
        if not ready:
            return process, ""
        url = f"http://{process.address()}"
        process.wait_until_it_answers(url + ready)
        return process, url

    def start_api(self, ready: str = "/readyz", **changes: str | None) -> Stack:
        """Starts the API."""
        self.api, self.api_url = self.start("digesterd-api", ready, **changes)
        return self

    def start_worker(self, **changes: str | None) -> Stack:
        """Starts a worker; the relay delivers to it from now on."""
        self.worker, self.worker_url = self.start("digesterd-worker", **changes)
        self.relay.worker = self.worker_url
        return self

    def close(self) -> None:
        """Stops everything that was started here. Whatever a test did to the processes, none of them may panic."""
        for process in self._processes:
            process.stop()
        self.relay.close()
        if self.front is not None:
            self.front.close()
        for process in self._processes:
            assert "panicked" not in process.output(), process.output()[-4000:]

    # What a client does

    def post(self, window: Window, extra: str = "") -> Answer:
        """Asks for a digest."""
        return call("POST", f"{self.api_url}/?{window.query}{extra}")

    def get(self, window: Window, extra: str = "", method: str = "GET", **headers: str) -> Answer:
        """Fetches a digest; header names are given with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(method, f"{self.api_url}/?{window.query}{extra}", headers=sent)

    def build(self, window: Window, extra: str = "", scope: str = "") -> Answer:
        """Asks, lets the worker build, and fetches."""
        accepted = self.post(window, extra)
        assert accepted.status == 202, accepted
        done = self.relay.release(window.id(scope))
        assert done.status == 200, done
        return self.get(window, extra)

    def when_stored(self, window: Window, extra: str = "", seconds: float = 40) -> Answer:
        """The digest, once it is there and its job has ended."""
        answer = wait_for(lambda: (answer := self.get(window, extra)).status == 200 and answer, seconds)
        # It is visible a moment before its record says so and its marker goes.
        wait_for(lambda: self.has_ended(window.id()), seconds)
        return answer

    def has_ended(self, digest: str) -> bool:
        """Whether no job of this digest is under way."""
        record = self.record(digest)
        ended = record is None or record["state"] in ("stored", "failed")
        return ended and self.progress.get(f"{digest}_in_progress") is None

    def hand_over(self, job: dict | bytes, path: str = "/", **headers: str) -> Answer:
        """Posts a job to the worker without any queue."""
        body = job if isinstance(job, bytes) else json.dumps(job).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return call("POST", f"{self.worker_url}{path}", body, sent)

    def record(self, digest: str) -> dict | None:
        """The job record as stored, if there is one."""
        stored = self.progress.get(f"{digest}.job.json")
        return None if stored is None else json.loads(stored)

    def manifest(self, digest: str) -> dict:
        """The manifest as stored."""
        return json.loads(self.digests.get(f"{digest}.manifest.json"))


def text_of(digest: bytes) -> str:
    """The text as a reader sees it that stops after the first gzip member."""
    reader = zlib.decompressobj(wbits=31)
    text = reader.decompress(digest) + reader.flush()
    assert reader.eof, "the gzip member does not end"
    assert reader.unused_data == b"", "something follows the first gzip member"
    return text.decode()


def offset_query(start: str, stop: str) -> str:
    """A query of two texts as they are, percent-encoded."""
    return f"start={quote(start, safe='')}&stop={quote(stop, safe='')}"
