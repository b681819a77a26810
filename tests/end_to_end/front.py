"""A door in front of the S3 server: notes who asks for what, and can fail, delay or change things in between."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def bucket(self) -> str:
        return unquote(self.path).lstrip("/").split("/", 1)[0]

    @property
    def key(self) -> str:
        return (unquote(self.path).lstrip("/").split("/", 1) + [""])[1]

    @property
    def is_listing(self) -> bool:
        return self.method == "GET" and not self.key and bool(self.bucket)

    @property
    def access_key(self) -> str | None:
        """The access key that the request is signed with."""
        found = re.search(r"Credential=([^/]+)/", self.headers.get("authorization", ""))
        return found.group(1) if found else None


Rule = Callable[[Seen], "tuple[int, str] | None"]


def denied() -> tuple[int, str]:
    """S3's answer to a caller without the right."""
    return 403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class Front:
    """Listens on loopback and passes everything to the server at `port`, unless a rule answers first."""

    def __init__(self, port: int):
        self.seen: list[Seen] = []
        self.rules: list[Rule] = []
        self._lock = threading.Lock()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

            def pass_on(self):
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, parts.path, parse_qs(parts.query, True), headers, body)
                with front._lock:
                    front.seen.append(seen)
                    rules = list(front.rules)
                for rule in rules:
                    answer = rule(seen)
                    if answer is not None:
                        return self.answer(answer[0], {"content-type": "application/xml"}, answer[1].encode())
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                try:
                    forwarded = {name: value for name, value in headers.items() if name != "connection"}
                    connection.request(self.command, self.path, body=body, headers=forwarded)
                    upstream = connection.getresponse()
                    content = upstream.read()
                    self.answer(upstream.status, dict(upstream.getheaders()), content)
                finally:
                    connection.close()

            def answer(self, status: int, headers: dict[str, str], body: bytes):
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                length = headers.get("Content-Length", str(len(body))) if self.command == "HEAD" else str(len(body))
                if status not in (204, 304):
                    self.send_header("content-length", length)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on

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

    def requests(self, bucket: str | None = None) -> list[Seen]:
        """What came in so far, of one bucket or all."""
        with self._lock:
            return [seen for seen in self.seen if bucket is None or seen.bucket == bucket]


class Gate:
    """A rule that holds requests, reads of flow log objects above all, until it is opened."""

    def __init__(self, bucket: str, matching: str = ".log.gz", method: str = "GET", query: str | None = None):
        self.bucket = bucket
        self.matching = matching
        self.method = method
        self.query = query
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, seen: Seen):
        is_such = self.query is None or self.query in seen.query
        if is_such and seen.method == self.method and seen.bucket == self.bucket and self.matching in seen.key:
            self.reached.set()
            self.opened.wait(timeout=120)
        return None
