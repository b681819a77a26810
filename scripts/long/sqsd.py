"""A stream appliance and its daemons, as Elastic Beanstalk's sqsd behaves, over a real queue of SQS.

The appliance takes the API's jobs into the queue. A daemon stands beside each worker: it polls, posts each body to its
worker, and deletes the message after exactly 200. After any other answer the message appears again two seconds later,
without an answer when its visibility ends, whether or not the request that carries it is still held. A daemon passes on
no receipt handle: its worker cannot keep a message hidden.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from relay import TOPIC
from sqs import Queue
from web import call

# What AWS's daemon does unless it is told otherwise.
ERROR_VISIBILITY = 2
INACTIVITY = 299


class Appliance:
    """Takes jobs from APIs on loopback and puts them into the queue."""

    def __init__(self, queue: Queue):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                queue.send(body.decode())
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def variables(self) -> dict[str, str]:
        """The settings of an API that sends its jobs here."""
        return {"STREAM_APPLIANCE_ENDPOINT": self.endpoint, "STREAM_APPLIANCE_TOPIC": TOPIC}

    def close(self) -> None:
        """Stops listening."""
        self.server.shutdown()
        self.server.server_close()


class Daemon:
    """Polls for one worker, whatever becomes of it, with so many requests at once."""

    def __init__(self, queue: Queue, worker: str, visibility: int, connections: int = 10):
        self.queue = queue
        self.worker = worker
        self.visibility = visibility
        self.free = threading.Semaphore(connections)
        self.pool = ThreadPoolExecutor(connections)
        self.receives: list[int] = []
        self._stopped = threading.Event()
        self._poller = threading.Thread(target=self._poll, daemon=True)
        self._poller.start()

    def stop(self) -> None:
        """No further message; requests that are held end with their worker."""
        self._stopped.set()
        self._poller.join()
        self.pool.shutdown()

    def _poll(self) -> None:
        while not self._stopped.is_set():
            if not self.free.acquire(timeout=0.5):
                continue
            received = self.queue.sqs.receive_message(
                QueueUrl=self.queue.url,
                VisibilityTimeout=self.visibility,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"],
            )
            messages = received.get("Messages", [])
            if not messages:
                self.free.release()
            for message in messages:
                self.pool.submit(self._deliver, message)

    def _deliver(self, message: dict) -> None:
        attributes = message["Attributes"]
        receives = int(attributes["ApproximateReceiveCount"])
        self.receives.append(receives)
        first = time.gmtime(int(attributes["ApproximateFirstReceiveTimestamp"]) / 1000)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "aws-sqsd/3.0.4",
            "X-Aws-Sqsd-Msgid": message["MessageId"],
            "X-Aws-Sqsd-Queue": TOPIC,
            "X-Aws-Sqsd-First-Received-At": time.strftime("%Y-%m-%dT%H:%M:%SZ", first),
            "X-Aws-Sqsd-Receive-Count": str(receives),
        }
        handle = {"QueueUrl": self.queue.url, "ReceiptHandle": message["ReceiptHandle"]}
        try:
            status = call("POST", self.worker, message["Body"], headers, INACTIVITY).status
        except OSError:
            status = 0  # The worker is gone.
        try:
            if status == 200:
                self.queue.sqs.delete_message(**handle)
            else:
                self.queue.sqs.change_message_visibility(**handle, VisibilityTimeout=ERROR_VISIBILITY)
        except self.queue.sqs.exceptions.ClientError:
            pass  # Its visibility ended first, and somebody else has dealt with it.
        finally:
            self.free.release()
