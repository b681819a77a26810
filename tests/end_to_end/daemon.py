"""sqsd and its clones: daemons that poll a queue of SQS and post each message to a worker.

AWS's deletes a message for exactly 200 and leaves it to its visibility otherwise; clones differ, and a `Profile` says
in what. The daemon passes no receipt on: the worker cannot keep a message hidden.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone

from sqs import Queue
from web import Answer, call


@dataclass(frozen=True)
class Profile:
    """What a daemon does. The defaults are those of AWS's, but for the times, which are scaled down."""

    name: str = "aws"
    deletes: Callable[[int], bool] = lambda status: status == 200
    path: str = "/"
    content_type: str | None = "application/json"
    headers: bool = True
    epoch: bool = False  # X-Aws-Sqsd-First-Received-At in milliseconds since 1970
    honours_retry_after: bool = False
    connections: int = 50
    error_visibility: int = 0  # seconds, of 2
    inactivity: int = 60  # seconds, of 299


PROFILES = [
    Profile(),
    Profile("any-2xx-deletes", deletes=lambda status: 200 <= status < 300),
    Profile("below-500-deletes", deletes=lambda status: status < 500),
    Profile("epoch-milliseconds", epoch=True),
    Profile("no-headers", headers=False),
    Profile("retry-after", honours_retry_after=True),
    Profile("other-path", path="/digest-queue/event"),
    Profile("form-content-type", content_type="application/x-www-form-urlencoded"),
    Profile("no-content-type", content_type=None),
    Profile("one-connection", connections=1),
]


class Daemon:
    """Polls a queue and posts what it finds, until it is closed."""

    def __init__(self, queue: Queue, worker: str, profile: Profile):
        self.queue = queue
        self.worker = worker
        self.profile = profile
        self.answers: list[tuple[int, int]] = []  # status and receive count, of every delivery
        self._free = threading.Semaphore(profile.connections)
        self._pool = ThreadPoolExecutor(profile.connections)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the daemon; deliveries under way end by themselves."""
        self._closed.set()
        self._thread.join(30)
        self._pool.shutdown(wait=False)

    def statuses(self) -> set[int]:
        """Every status that the worker has answered with."""
        return {status for status, _ in self.answers}

    def _poll(self) -> None:
        while not self._closed.is_set():
            self._free.acquire()
            received = self.queue.sqs.receive_message(
                QueueUrl=self.queue.url,
                MaxNumberOfMessages=1,
                VisibilityTimeout=self.profile.inactivity,
                WaitTimeSeconds=0,
                AttributeNames=["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"],
            )
            messages = received.get("Messages", [])
            if not messages:
                self._free.release()
                time.sleep(0.05)
            for message in messages:
                self._pool.submit(self._hand_over, message)

    def _hand_over(self, message: dict) -> None:
        try:
            answer = self._post(message)
        except OSError:
            answer = None  # No answer in time, or none at all: the message appears again when its time is over.
        finally:
            self._free.release()
        if answer is None:
            return
        self.answers.append((answer.status, int(message["Attributes"]["ApproximateReceiveCount"])))
        handle = {"QueueUrl": self.queue.url, "ReceiptHandle": message["ReceiptHandle"]}
        if self.profile.deletes(answer.status):
            self.queue.sqs.delete_message(**handle)
            return
        pause = self.profile.error_visibility
        if self.profile.honours_retry_after and answer.status == 429:
            pause = int(answer.headers["retry-after"])
        self.queue.sqs.change_message_visibility(**handle, VisibilityTimeout=pause)

    def _post(self, message: dict) -> Answer:
        sent: dict[str, str] = {}
        if self.profile.content_type is not None:
            sent["Content-Type"] = self.profile.content_type
        if self.profile.headers:
            attributes = message["Attributes"]
            first = int(attributes["ApproximateFirstReceiveTimestamp"])
            told = datetime.fromtimestamp(first / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            sent |= {
                "User-Agent": "aws-sqsd/3.0.4",
                "X-Aws-Sqsd-Msgid": message["MessageId"],
                "X-Aws-Sqsd-Queue": self.queue.url.rsplit("/", 1)[1],
                "X-Aws-Sqsd-First-Received-At": str(first) if self.profile.epoch else told,
                "X-Aws-Sqsd-Receive-Count": attributes["ApproximateReceiveCount"],
                "X-Aws-Sqsd-Attr-color": "any",
            }
        body = message["Body"].encode()
        return call("POST", self.worker + self.profile.path, body, sent, timeout=self.profile.inactivity)
