"""A plain HTTP client: sends what it is told byte for byte and unwraps nothing."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Answer:
    """One answer of a server."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        """The body as JSON."""
        return json.loads(self.body)

    def message(self) -> str:
        """The message of a problem document, whose shape is checked on the way."""
        assert self.headers["content-type"].startswith("application/problem+json"), self
        document = self.json()
        assert document["status"] == self.status, document
        assert document["message"], document
        return document["message"]


def call(
    method: str,
    url: str,
    body: bytes | str | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 200,
) -> Answer:
    """One request on a connection of its own. Header names of the answer are in lower case."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = parts.path or "/"
        if parts.query:
            target += "?" + parts.query
        if isinstance(body, str):
            body = body.encode()
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        content = answer.read()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
    finally:
        connection.close()
