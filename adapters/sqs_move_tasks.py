"""SQS's own move tasks: everything in the dead-letter queue back to the source queue.

Source: the API reference of StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from adapters.aws_failures import AWS_ERRORS, AwsError, code_of, failure
from adapters.sqs_clients import QueueUrls
from adapters.sqs_move_task_values import MoveStatus, MoveTask, NoMoveTasks
from domain.failures import Reason

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        ListMessageMoveTasksResultEntryTypeDef,
        StartMessageMoveTaskRequestTypeDef,
    )

_UNKNOWN = frozenset(
    {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException"}
)
_NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class SqsMoveTasks:
    """Raises `Transient` or `Permanent` like the inbox, and `NoMoveTasks`."""

    client: SQSClient
    urls: QueueUrls

    def start(self, rate: int | None) -> None:
        """Begin to move everything, at most `rate` messages a second (None: as fast as SQS can).

        The destination is named: SQS does not know where messages belong that a consumer has sent.
        """
        request: StartMessageMoveTaskRequestTypeDef = {
            "SourceArn": self._arn(self.urls.dlq),
            "DestinationArn": self._arn(self.urls.source),
        }
        if rate is not None:
            request["MaxNumberOfMessagesPerSecond"] = rate
        with _asking("starting a move task"):
            self.client.start_message_move_task(**request)

    def latest(self) -> MoveTask | None:
        """The task that was started last from the dead-letter queue; None if there was none."""
        arn = self._arn(self.urls.dlq)
        with _asking("looking for a move task"):
            answer = self.client.list_message_move_tasks(SourceArn=arn, MaxResults=1)
        return next(map(_task, answer.get("Results", ())), None)

    def cancel(self, task: MoveTask) -> None:
        """Leave what has not been moved yet where it is."""
        with _asking("cancelling a move task"):
            self.client.cancel_message_move_task(TaskHandle=task.handle or "")

    def _arn(self, url: str) -> str:
        with _asking("reading the ARN of a queue"):
            answer = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]


@contextmanager
def _asking(what: str) -> Iterator[None]:
    try:
        yield
    except AWS_ERRORS as error:
        if isinstance(error, ClientError) and _is_unknown(error):
            raise NoMoveTasks(
                Reason.DATABASE_ERROR, "this SQS endpoint has no move tasks"
            ) from error
        found = failure(error, what, Reason.DATABASE_ERROR)
        raise type(found)(found.reason, f"{found.message}{_words_of(error)}") from error


def _words_of(error: AwsError) -> str:
    """AWS's own words: with these calls they name queues and tasks only."""
    text = error.response.get("Error", {}).get("Message") if isinstance(error, ClientError) else ""
    return f" ({text})" if text else ""


def _is_unknown(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == _NOT_IMPLEMENTED or code_of(error).rpartition(".")[2] in _UNKNOWN


def _task(entry: ListMessageMoveTasksResultEntryTypeDef) -> MoveTask:
    return MoveTask(
        status=MoveStatus(entry["Status"]),
        started_at=entry.get("StartedTimestamp", 0),
        moved=entry.get("ApproximateNumberOfMessagesMoved", 0),
        expected=entry.get("ApproximateNumberOfMessagesToMove"),
        failure=entry.get("FailureReason", ""),
        handle=entry.get("TaskHandle"),
    )
