"""The queue between API and worker: keeps the jobs it is posted and hands them out when told, as aws-sqsd does.

Exactly 200 deletes a message; after any other answer it stays and its receive count grows.
"""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from web import Answer, call

TOPIC = "digest-queue"


@dataclass
class Message:
    """One queued job."""

    body: bytes
    headers: dict[str, str]
    path: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    received_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    receives: int = 0

    def job(self) -> dict:
        """The job inside."""
        return json.loads(self.body)


class Hold:
    """Keeps senders waiting until it is opened: before their job is taken, or between that and the answer."""

    def __init__(self, takes_first: bool = False):
        self.takes_first = takes_first
        self.reached = threading.Event()
        self.opened = threading.Event()

    def wait(self) -> None:
        """What a sender's thread does."""
        self.reached.set()
        self.opened.wait(timeout=60)


class Relay:
    """Listens on loopback; `worker` is the URL that jobs are handed to."""

    def __init__(self):
        self.messages: list[Message] = []
        self.accepted = 0
        self.refuse_with: int | None = None
        self.hold: Hold | None = None
        self.worker: str | None = None
        self._lock = threading.Lock()
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status = relay._take(self.path, dict(self.headers), body)
                try:
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except ConnectionError:
                    self.close_connection = True  # The sender was killed.

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self.server.shutdown()
        self.server.server_close()

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        hold = self.hold
        if hold is not None and not hold.takes_first:
            hold.wait()
        status = self._keep(path, headers, body)
        if hold is not None and hold.takes_first:
            hold.wait()
        return status

    def _keep(self, path: str, headers: dict[str, str], body: bytes) -> int:
        with self._lock:
            if self.refuse_with is not None:
                return self.refuse_with
            if path != f"/{TOPIC}/event":
                return 404
            lowered = {name.lower(): value for name, value in headers.items()}
            self.messages.append(Message(body, lowered, path))
            self.accepted += 1
            return 200

    def for_id(self, digest: str) -> list[Message]:
        """The waiting messages of one digest."""
        with self._lock:
            return [message for message in self.messages if message.job()["id"] == digest]

    def deliver(self, message: Message, path: str = "/") -> Answer:
        """Hands one message to the worker once."""
        message.receives += 1
        answer = call(
            "POST",
            f"{self.worker}{path}",
            message.body,
            {
                "Content-Type": "application/json",
                "User-Agent": "aws-sqsd/3.0.4",
                "X-Aws-Sqsd-Msgid": message.id,
                "X-Aws-Sqsd-Queue": TOPIC,
                "X-Aws-Sqsd-First-Received-At": message.received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "X-Aws-Sqsd-Receive-Count": str(message.receives),
            },
        )
        if answer.status == 200:
            with self._lock:
                if message in self.messages:
                    self.messages.remove(message)
        return answer

    def release(self, digest: str) -> Answer:
        """Hands over the one message that waits for this digest."""
        waiting = self.for_id(digest)
        assert len(waiting) == 1, f"{len(waiting)} messages for {digest}"
        return self.deliver(waiting[0])
