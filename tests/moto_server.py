"""moto's server (S3, STS, SQS, IAM) with one S3 request at a time.

moto looks at a condition (If-None-Match, If-Match) and then writes, in one of many threads, and reads an object's
bytes and its ETag one after the other: on a busy machine two writers both pass the look, and one write is lost. S3
promises that this cannot be, and the suites are about that promise, so each request here ends before the next begins.
Bodies are read first: a slow client holds up nobody else.

    tests/moto_server.py PORT       listens on 127.0.0.1:PORT
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


class OneAtATime:
    """The application, its S3 requests one after the other."""

    def __init__(self, application):
        self.application = application
        self.busy = threading.Lock()

    def __call__(self, environ, start_response):
        if may_wait(environ):
            return self.application(environ, start_response)
        length = environ.get("CONTENT_LENGTH")
        if length:
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(length)))
        with self.busy:
            return self.application(environ, start_response)


def may_wait(environ) -> bool:
    """Whether a request may take long, such as SQS's long polls: all that S3 is asked by POST has a query."""
    return environ["REQUEST_METHOD"] == "POST" and not environ.get("QUERY_STRING")


def main() -> None:
    port = int(sys.argv[1])
    os.environ.setdefault("MOTO_PORT", str(port))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", port, application, threaded=True)


if __name__ == "__main__":
    main()
