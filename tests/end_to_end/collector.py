"""A collector of spans by OTLP on loopback: what it was sent, read as a collector reads it."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "collector-key-in-no-output"


def fields(message: bytes):
    """The fields of a protobuf message: number and value, an integer or bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        yield tag >> 3, message[at : at + size]
        at += size


def first(message: bytes, number: int, default: bytes = b"") -> bytes:
    """The first field of that number."""
    return next((value for found, value in fields(message) if found == number), default)


@dataclass
class Span:
    """What the tests look at of a span."""

    service: str
    name: str
    trace: str
    id: str
    parent: str


def spans(request: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest."""
    found = []
    for _, resource_spans in fields(request):
        attributes = [value for number, value in fields(first(resource_spans, 1)) if number == 1]
        names = {first(item, 1).decode(): first(first(item, 2), 1).decode() for item in attributes}
        for scope in (value for number, value in fields(resource_spans) if number == 2):
            for span in (value for number, value in fields(scope) if number == 2):
                found.append(
                    Span(
                        names["service.name"],
                        first(span, 5).decode(),
                        first(span, 1).hex(),
                        first(span, 2).hex(),
                        first(span, 4).hex(),
                    )
                )
    return found


class Collector:
    """Takes spans on loopback, behind TLS where it has a certificate."""

    def __init__(self, certificate: str | None = None, key: str | None = None):
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.keys: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                assert (self.path, self.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
                collector.keys.add(self.headers["api-key"])
                collector.bodies.append(body)
                collector.spans += spans(body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{scheme}://127.0.0.1:{self.server.server_address[1]}",
            "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={KEY}",
        }
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
