"""The instance metadata service in its second version: tokens have to be asked for, and shown."""

from __future__ import annotations

import json
import secrets
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TTL = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "x-aws-ec2-metadata-token"
ROLE = "digesterd-instance-role"
ACCESS_KEY = "ASIAINSTANCEROLE0001"
SESSION_TOKEN = "session-token-of-the-instance"


class Metadata:
    """Listens on loopback; whoever comes without a token is turned away, as on today's instances."""

    def __init__(self):
        self.tokens: set[str] = set()
        self.without_token = 0
        self.handed_out = 0
        metadata = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                ttl = self.headers.get(TTL)
                if self.path != "/latest/api/token" or not ttl or not 1 <= int(ttl) <= 21600:
                    return self.reply(400, "")
                token = secrets.token_urlsafe(24)
                metadata.tokens.add(token)
                self.reply(200, token, {TTL: ttl})

            def do_GET(self):
                if self.headers.get(TOKEN) not in metadata.tokens:
                    metadata.without_token += 1
                    return self.reply(401, "")
                folder = "/latest/meta-data/iam/security-credentials"
                if self.path.rstrip("/") == folder:
                    return self.reply(200, ROLE)
                if self.path == f"{folder}/{ROLE}":
                    metadata.handed_out += 1
                    return self.reply(200, json.dumps(credentials()))
                self.reply(404, "")

            def reply(self, status: int, body: str, headers: dict[str, str] | None = None):
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

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


def credentials() -> dict[str, str]:
    """What an instance with a role is told."""
    now = datetime.now(timezone.utc)
    return {
        "Code": "Success",
        "LastUpdated": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Type": "AWS-HMAC",
        "AccessKeyId": ACCESS_KEY,
        "SecretAccessKey": "secret-of-the-instance",
        "Token": SESSION_TOKEN,
        "Expiration": (now + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
