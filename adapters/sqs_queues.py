"""The two queues on Amazon SQS, made if they are missing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.aws_failures import code_of, translated
from adapters.sqs_attributes import LONGEST_HIDING, whole_seconds
from adapters.sqs_clients import QueueUrls

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs import SQSClient

MAX_RECEIVE_COUNT = 50
"""The last net, for messages that kill their worker: failed attempts are counted elsewhere."""
SOURCE_RETENTION = timedelta(days=4)
DLQ_RETENTION = timedelta(days=14)
"""The longest there is. A message that SQS itself moves keeps the age it had."""
_MISSING = ("NonExistentQueue", "QueueDoesNotExist")


@dataclass(frozen=True, slots=True)
class Created:
    """What was done, in sentences, and where the queues are."""

    steps: tuple[str, ...]
    urls: QueueUrls


def queue_name(url: str) -> str:
    """The last segment of the queue's URL."""
    return url.rstrip("/").rpartition("/")[2]


def is_missing(error: ClientError) -> bool:
    """Whether SQS says that there is no such queue."""
    return code_of(error).endswith(_MISSING)


def find_queue(client: SQSClient, name: str) -> str | None:
    """The URL of the account's queue of that name; None if there is none."""
    with translated(f"queue {name}"):
        try:
            return client.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            if is_missing(error):
                return None
            raise


def create_queues(client: SQSClient, urls: QueueUrls, visibility: timedelta) -> Created:
    """Make what is missing, with a redrive policy from the source queue to the other one.

    Of a queue that exists only a missing redrive policy is added. The names are taken from the
    URLs; account and region are those of the client.
    """
    steps: list[str] = []
    retention = {"MessageRetentionPeriod": _seconds(DLQ_RETENTION)}
    dlq = _create(client, queue_name(urls.dlq), retention, steps)
    redrive = _redrive_policy(client, dlq)
    source = _create(
        client,
        queue_name(urls.source),
        {
            "VisibilityTimeout": str(whole_seconds(visibility, LONGEST_HIDING)),
            "ReceiveMessageWaitTimeSeconds": "0",
            "MessageRetentionPeriod": _seconds(SOURCE_RETENTION),
            "RedrivePolicy": redrive,
        },
        steps,
    )
    _add_redrive_policy(client, source, redrive, steps)
    steps += [
        f"{variable} names {given}, but the queue is {made}"
        for variable, given, made in (
            ("SYNC_QUEUE_URL", urls.source, source),
            ("SYNC_DLQ_URL", urls.dlq, dlq),
        )
        if given != made
    ]
    return Created(tuple(steps), QueueUrls(source, dlq))


def _create(client: SQSClient, name: str, attributes: dict[str, str], steps: list[str]) -> str:
    url = find_queue(client, name)
    if url is not None:
        steps.append(f"queue {name} exists")
        return url
    with translated(f"queue {name}"):
        url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type] # names as SQS has them
    steps.append(f"queue {name} created")
    return url


def _redrive_policy(client: SQSClient, dlq: str) -> str:
    with translated(f"queue {queue_name(dlq)}"):
        answer = client.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"])
    arn = answer["Attributes"]["QueueArn"]
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": str(MAX_RECEIVE_COUNT)})


def _add_redrive_policy(client: SQSClient, source: str, redrive: str, steps: list[str]) -> None:
    name = queue_name(source)
    with translated(f"queue {name}"):
        answer = client.get_queue_attributes(QueueUrl=source, AttributeNames=["RedrivePolicy"])
        if answer.get("Attributes", {}).get("RedrivePolicy"):
            return
        client.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": redrive})
    steps.append(f"queue {name}: redrive policy added")


def _seconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds()))
