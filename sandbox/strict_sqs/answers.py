"""A message and a queue as SQS's answers show them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sandbox.strict_sqs.queue import Queue, Stored


def _redrive_policy(queue: Queue) -> str | None:
    settings = queue.settings
    if settings.dead_letters is None:
        return None
    return (
        f'{{"deadLetterTargetArn":"{settings.dead_letters}",'
        f'"maxReceiveCount":{settings.most_receives}}}'
    )


_SYSTEM: Mapping[str, Callable[[Stored], str | None]] = {
    "ApproximateReceiveCount": lambda message: str(message.receives),
    "SentTimestamp": lambda message: str(int(message.sent_at * 1000)),
    "ApproximateFirstReceiveTimestamp": lambda message: str(int(message.first_received_at * 1000)),
    "SenderId": lambda _: "AIDASANDBOX",
    "MessageGroupId": lambda message: message.group,
    "DeadLetterQueueSourceArn": lambda message: message.source,
}
_ALL = tuple(_SYSTEM)
_QUEUE: Mapping[str, Callable[[Queue], object]] = {
    "QueueArn": lambda queue: queue.arn,
    "ApproximateNumberOfMessages": lambda queue: len(queue.visible),
    "ApproximateNumberOfMessagesNotVisible": lambda queue: queue.in_flight,
    "ApproximateNumberOfMessagesDelayed": lambda queue: queue.delayed,
    "VisibilityTimeout": lambda queue: queue.settings.visibility,
    "DelaySeconds": lambda queue: queue.settings.delay,
    "ReceiveMessageWaitTimeSeconds": lambda queue: queue.settings.wait,
    "MessageRetentionPeriod": lambda queue: queue.settings.retention,
    "MaximumMessageSize": lambda queue: queue.settings.largest,
    "RedrivePolicy": _redrive_policy,
}
QUEUE_ATTRIBUTES = frozenset(_QUEUE)


def shown(message: Stored, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The message as ReceiveMessage gives it: only the attributes that were asked for."""
    found: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    system = _system(message, asked)
    if system:
        found["Attributes"] = system
    wanted = asked.get("MessageAttributeNames") or ()
    own = {name: value for name, value in message.attributes.items() if _is_asked(name, wanted)}
    if own:
        found["MessageAttributes"] = own
    return found


def queue_attributes(queue: Queue, names: Collection[str]) -> dict[str, str]:
    """Values as texts; those that a queue does not have are left out."""
    wanted = _QUEUE if "All" in names else names
    values = {name: _QUEUE[name](queue) for name in wanted}
    return {name: str(value) for name, value in values.items() if value is not None}


def _system(message: Stored, asked: Mapping[str, Any]) -> dict[str, str]:
    names = asked.get("MessageSystemAttributeNames") or asked.get("AttributeNames") or ()
    if "All" in names:
        names = _ALL
    return {
        name: value
        for name in names
        if name in _SYSTEM and (value := _SYSTEM[name](message)) is not None
    }


def _is_asked(name: str, wanted: Collection[str]) -> bool:
    return any(
        each in {"All", ".*", name} or (each.endswith(".*") and name.startswith(each[:-2]))
        for each in wanted
    )
