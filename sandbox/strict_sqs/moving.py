"""Message move tasks: from a dead-letter queue back, as fast as was asked for.

Source: the API reference of StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.strict_sqs.limits import whole
from sandbox.strict_sqs.queue import Queue, Stored
from sandbox.strict_sqs.refusals import Refused, bad_value

FASTEST = 500
_LISTED = 10


class Status(StrEnum):
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(slots=True)
class MoveTask:
    """A task from `source`; without a `target` each message goes where SQS moved it from."""

    handle: str
    source: Queue
    target: Queue | None
    rate: int | None
    started_at: float
    to_move: int
    moved: int = 0
    status: Status = Status.RUNNING
    failure: str | None = None

    def go_on(self, queues: Mapping[str, Queue], now: float) -> None:
        """Move what may have been moved by now: with a rate, so many a second since the start."""
        self.source.wake(now)
        may = int((self.rate or FASTEST) * max(now - self.started_at, 0))
        for message in list(self.source.visible.values())[: max(may - self.moved, 0)]:
            target = self.target or _origin(queues, message)
            if target is None:
                self.status, self.failure = Status.FAILED, "CouldNotDetermineMessageSource"
                return
            self._move(message, target, now)
        if not self.source.messages:
            self.status = Status.COMPLETED

    def _move(self, message: Stored, target: Queue, now: float) -> None:
        self.source.remove(message)
        self.moved += 1
        target.put(message.afresh(now), now)


def start(queues: Mapping[str, Queue], asked: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The task's handle. Refuses a source that is no queue's dead-letter queue, or is busy."""
    source = _by_arn(queues, asked.get("SourceArn"))
    target = _by_arn(queues, asked["DestinationArn"]) if asked.get("DestinationArn") else None
    rate = whole(asked, "MaxNumberOfMessagesPerSecond", FASTEST, 1)
    if source.arn not in {queue.settings.dead_letters for queue in queues.values()}:
        raise bad_value(source.arn, "SourceArn", "Source queue must be configured as a DLQ")
    if any(task.status is Status.RUNNING for task in source.tasks):
        raise Refused(
            "UnsupportedOperation", "There is already a task running for the source queue."
        )
    source.wake(now)
    handle = f"task-{source.name}-{len(source.tasks) + 1}"
    source.tasks.append(MoveTask(handle, source, target, rate, now, len(source.messages)))
    return {"TaskHandle": handle}


def listed(queues: Mapping[str, Queue], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The latest tasks of a source queue, one unless more are asked for."""
    source = _by_arn(queues, asked.get("SourceArn"))
    most = whole(asked, "MaxResults", _LISTED, 1) or 1
    return {"Results": [_shown(task) for task in reversed(source.tasks[-most:])]}


def cancel(queues: Mapping[str, Queue], asked: Mapping[str, Any]) -> dict[str, Any]:
    for queue in queues.values():
        for task in queue.tasks:
            if task.handle == asked.get("TaskHandle") and task.status is Status.RUNNING:
                task.status = Status.CANCELLED
                return {"ApproximateNumberOfMessagesMoved": task.moved}
    raise Refused("ResourceNotFoundException", "No running task has this handle.")


def go_on(queues: Mapping[str, Queue], now: float) -> None:
    """Running tasks go as far as time allows."""
    for queue in queues.values():
        for task in queue.tasks:
            if task.status is Status.RUNNING:
                task.go_on(queues, now)


def _origin(queues: Mapping[str, Queue], message: Stored) -> Queue | None:
    return next((queue for queue in queues.values() if queue.arn == message.source), None)


def _by_arn(queues: Mapping[str, Queue], arn: object) -> Queue:
    found = next((queue for queue in queues.values() if queue.arn == arn), None)
    if found is None:
        raise Refused("ResourceNotFoundException", f"There is no queue {arn}.")
    return found


def _shown(task: MoveTask) -> dict[str, Any]:
    found = {
        "TaskHandle": task.handle if task.status is Status.RUNNING else None,
        "Status": task.status.value,
        "SourceArn": task.source.arn,
        "DestinationArn": None if task.target is None else task.target.arn,
        "MaxNumberOfMessagesPerSecond": task.rate,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure,
        "StartedTimestamp": int(task.started_at * 1000),
    }
    return {name: value for name, value in found.items() if value is not None}
