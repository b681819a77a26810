"""Queues of SQS with a redrive policy, as an operator makes them."""

from __future__ import annotations

import itertools
import json

import buckets

_numbers = itertools.count(1)


class Queue:
    """A queue, and the dead letter queue behind it."""

    def __init__(self, endpoint: str, receives: int = 10):
        self.sqs = buckets.client("sqs", endpoint)
        number = next(_numbers)
        self.dead_letters = self.sqs.create_queue(QueueName=f"dead-letters-{number}")["QueueUrl"]
        arn = self._attributes(self.dead_letters, "QueueArn")["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})
        self.url = self.sqs.create_queue(QueueName=f"jobs-{number}", Attributes={"RedrivePolicy": policy})["QueueUrl"]

    def _attributes(self, url: str, *names: str) -> dict[str, str]:
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]

    def messages(self, url: str | None = None) -> tuple[int, int]:
        """How many messages are to be seen, and how many are hidden."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        attributes = self._attributes(url or self.url, *names)
        return int(attributes[names[0]]), int(attributes[names[1]])

    def is_empty(self) -> bool:
        """Whether no message is left, seen or hidden."""
        return self.messages() == (0, 0)

    def dead(self) -> list[str]:
        """Takes what the redrive policy put aside."""
        received = self.sqs.receive_message(QueueUrl=self.dead_letters, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    def send(self, body: str) -> None:
        """Puts a message into the queue."""
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def variables(self) -> dict[str, str | None]:
        """The settings of an API and a worker that use this queue and no other."""
        return {"SQS_QUEUE_URL": self.url, "STREAM_APPLIANCE_ENDPOINT": None, "STREAM_APPLIANCE_TOPIC": None}
