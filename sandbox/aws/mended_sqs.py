"""Where moto's SQS does not do what a worker depends on, or takes seconds to do it: put right.

A receipt handle of an earlier delivery neither deletes the message (SQS says it did) nor changes
its visibility, and that of a message that is visible again changes nothing either (SQS refuses:
it isn't in flight). Source: the API reference of DeleteMessage and ChangeMessageVisibility.
moto also reads the clock thrice for every message of the queue in every request, and works out
every attribute of the queue to read one: 380 ms for ten of 500 messages.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from moto.sqs import models as sqs
from moto.sqs.exceptions import ReceiptHandleIsInvalid, SQSException

ACCOUNT = "123456789012"
NOT_IN_FLIGHT = {
    "SenderFault": True,
    "Code": "AWS.SimpleQueueService.MessageNotInflight",
    "Message": "The message referred to isn't in flight.",
}

_moto_deletes = sqs.Queue.delete_message
_moto_changes = sqs.SQSBackend.change_message_visibility
_moto_changes_batch = sqs.SQSBackend.change_message_visibility_batch


class MessageNotInflight(ReceiptHandleIsInvalid):
    """A receipt handle that no longer stands for a message in flight."""

    def __init__(self) -> None:
        SQSException.__init__(self, str(NOT_IN_FLIGHT["Code"]), str(NOT_IN_FLIGHT["Message"]))


def mend() -> None:
    """Put moto's queues right, in this process; to be done before the first request."""
    replaced: Mapping[tuple[Any, str], Any] = {
        (sqs, "unix_time"): time.time,
        (sqs, "unix_time_millis"): lambda: time.time() * 1000.0,
        (sqs.Queue, "delete_message"): _delete_message,
        (sqs.SQSBackend, "change_message_visibility"): _change_visibility,
        (sqs.SQSBackend, "change_message_visibility_batch"): _change_visibility_batch,
        (sqs.SQSBackend, "is_message_valid_based_on_retention_period"): _is_retained,
    }
    for (owner, name), instead in replaced.items():
        setattr(owner, name, instead)


def queue_named(region: str, name: str) -> Any:
    """The queue of that name, or None."""
    return sqs.sqs_backends[ACCOUNT][region].queues.get(name)


def _is_stale(queue: Any, receipt_handle: str) -> bool:
    return any(
        message.receipt_handle != receipt_handle
        for message in queue._messages  # noqa: SLF001 - moto has no other door
        if message.had_receipt_handle(receipt_handle)
    )


def _is_not_in_flight(queue: Any, receipt_handle: str) -> bool:
    return any(
        message.receipt_handle != receipt_handle or message.visible
        for message in queue._messages  # noqa: SLF001 - moto has no other door
        if message.had_receipt_handle(receipt_handle)
    )


def _delete_message(self: Any, receipt_handle: str) -> None:
    if not _is_stale(self, receipt_handle):
        _moto_deletes(self, receipt_handle)


def _change_visibility(
    self: Any, queue_name: str, receipt_handle: str, visibility_timeout: int
) -> None:
    if _is_not_in_flight(self.get_queue(queue_name), receipt_handle):
        raise MessageNotInflight
    _moto_changes(self, queue_name, receipt_handle, visibility_timeout)


def _change_visibility_batch(
    self: Any, queue_name: str, entries: Sequence[Mapping[str, Any]]
) -> tuple[list[str], list[dict[str, Any]]]:
    queue = self.get_queue(queue_name)
    refused = {e["Id"] for e in entries if _is_not_in_flight(queue, e["ReceiptHandle"])}
    changed, failed = _moto_changes_batch(
        self, queue_name, [dict(entry) for entry in entries if entry["Id"] not in refused]
    )
    return changed, [*failed, *({"Id": each, **NOT_IN_FLIGHT} for each in sorted(refused))]


def _is_retained(self: Any, queue_name: str, message: Any) -> bool:
    kept_for = self.get_queue(queue_name).message_retention_period
    return bool(message.sent_timestamp / 1000 + kept_for > time.time())
