"""What is wrong with the two queues on Amazon SQS, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import ClientError

from adapters.aws_failures import translated
from adapters.sqs_attributes import LONGEST_HIDING, whole_seconds
from adapters.sqs_clients import QueueUrls
from adapters.sqs_queues import MAX_RECEIVE_COUNT, is_missing, queue_name
from domain.redelivery import FRESH_AFTER

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs import SQSClient

Attributes: TypeAlias = Mapping[str, str]
_BOOTSTRAP = "run `shopify-sync bootstrap`"
_STANDARD = "make a standard queue: a FIFO queue has no delay for a single message"


@dataclass(frozen=True, slots=True)
class QueueProblem:
    """What would not work, and how to mend it."""

    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the settings say that the queues have to fit to."""

    visibility: timedelta
    max_attempts: int


def inspect_queues(
    client: SQSClient, urls: QueueUrls, expected: Expected
) -> tuple[QueueProblem, ...]:
    """Raises `Transient` or `Permanent` if SQS does not let us look."""
    queues = {url: _attributes(client, url) for url in (urls.source, urls.dlq)}
    found = [problem for url, queue in queues.items() for problem in _alone(url, queue)]
    source, dlq = queues[urls.source], queues[urls.dlq]
    if source is not None:
        found += _source(queue_name(urls.source), source, expected)
    if source is not None and dlq is not None:
        found += _together(urls, source, dlq)
    return tuple(found)


def _attributes(client: SQSClient, url: str) -> Attributes | None:
    with translated(f"queue {queue_name(url)}"):
        try:
            return _read(client, url)
        except ClientError as error:
            if is_missing(error):
                return None
            raise


def _read(client: SQSClient, url: str) -> Attributes:
    answer: Any = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return dict(answer.get("Attributes", {}))


def _fifo(url: str, queue: Attributes) -> bool:
    return url.endswith(".fifo") or queue.get("FifoQueue") == "true"


def _alone(url: str, queue: Attributes | None) -> Iterator[QueueProblem]:
    name = queue_name(url)
    if queue is None:
        yield QueueProblem(f"queue {name} does not exist", _BOOTSTRAP)
    elif _fifo(url, queue):
        yield QueueProblem(f"queue {name} is a FIFO queue", _STANDARD)


def _source(name: str, queue: Attributes, expected: Expected) -> Iterator[QueueProblem]:
    visibility = int(queue.get("VisibilityTimeout", 0))
    wanted = whole_seconds(expected.visibility, LONGEST_HIDING)
    if visibility != wanted:
        yield QueueProblem(
            f"queue {name} hides messages for {visibility} s, "
            f"SYNC_VISIBILITY_TIMEOUT says {wanted} s",
            f"set the queue's VisibilityTimeout to {wanted}, or the setting to {visibility}",
        )
    policy = _redrive(queue)
    if not policy:
        yield QueueProblem(f"queue {name} has no redrive policy", _BOOTSTRAP)
        return
    count = int(policy.get("maxReceiveCount", 0))
    least = max(expected.max_attempts, FRESH_AFTER)
    if count <= least:
        yield QueueProblem(
            f"queue {name} gives a message up after {count} receives, before its "
            f"{expected.max_attempts} attempts (SYNC_MAX_ATTEMPTS) or the {FRESH_AFTER} waits "
            "after which it is sent anew are over",
            f"set maxReceiveCount in the queue's RedrivePolicy to {MAX_RECEIVE_COUNT} or more",
        )


def _together(urls: QueueUrls, source: Attributes, dlq: Attributes) -> Iterator[QueueProblem]:
    name, other = queue_name(urls.source), queue_name(urls.dlq)
    target = _redrive(source).get("deadLetterTargetArn")
    if target not in {None, dlq.get("QueueArn")}:
        yield QueueProblem(
            f"queue {name} moves messages to {target}, SYNC_DLQ_URL names {other}",
            f"let the queue's RedrivePolicy point to {dlq.get('QueueArn')}, or SYNC_DLQ_URL there",
        )
    kept, dead = (int(queue.get("MessageRetentionPeriod", 0)) for queue in (source, dlq))
    if dead < kept:
        yield QueueProblem(
            f"queue {other} keeps messages for {dead} s, queue {name} for {kept} s: a message "
            "that is moved keeps its age and may be gone at once",
            f"set MessageRetentionPeriod of {other} to 1209600 (14 days)",
        )


def _redrive(queue: Attributes) -> dict[str, Any]:
    policy = queue.get("RedrivePolicy")
    return dict(json.loads(policy)) if policy else {}
