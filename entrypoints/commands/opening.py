"""The objects that commands work with, made only when a command needs them."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import typer

from adapters.sqs_dead_letter_values import DeadLetter, Wanted
from adapters.sqs_move_task_values import MoveTask
from domain.erasing import PurgeUser, RedactCustomer
from domain.ports import (
    Chance,
    CheckpointStore,
    Clock,
    ErasureLedger,
    FailedBatchStore,
    Pause,
    Publisher,
    ShopDirectory,
)
from entrypoints.commands.printing import note


class Look(Protocol):
    """One look into the dead-letter queue."""

    @abstractmethod
    def __iter__(self) -> Iterator[DeadLetter]:
        """Each message that is wanted, once."""

    @abstractmethod
    def redrive(self, letter: DeadLetter) -> bool:
        """Move the message back to the source queue; False if somebody else has it by now."""


class DeadLetters(Protocol):
    """The dead-letter queue; messages are hidden from others while the context lasts."""

    @abstractmethod
    def look(self, wanted: Wanted) -> AbstractContextManager[Look]: ...

    @abstractmethod
    def count(self) -> int:
        """About how many messages there are."""


class MoveTasks(Protocol):
    """SQS's own way of moving everything; may raise `NoMoveTasks`."""

    @abstractmethod
    def start(self, rate: int | None) -> None: ...

    @abstractmethod
    def latest(self) -> MoveTask | None: ...

    @abstractmethod
    def cancel(self, task: MoveTask) -> None: ...


class Steps(Protocol):
    """What was done, in sentences."""

    @property
    def steps(self) -> Sequence[str]: ...


class Problem(Protocol):
    """What would not work, and how to mend it."""

    @property
    def what(self) -> str: ...

    @property
    def mend(self) -> str: ...


class Objects(Protocol):
    """What commands ask the container for."""

    @abstractmethod
    def clock(self) -> Clock: ...

    @abstractmethod
    def chance(self) -> Chance: ...

    @abstractmethod
    def stopping(self) -> Pause: ...

    @abstractmethod
    def checkpoints(self) -> CheckpointStore: ...

    @abstractmethod
    def failed_batches(self) -> FailedBatchStore: ...

    @abstractmethod
    def shops(self) -> ShopDirectory: ...

    @abstractmethod
    def erasures(self) -> ErasureLedger: ...

    @abstractmethod
    def purge_user(self) -> PurgeUser: ...

    @abstractmethod
    def redact_customer(self) -> RedactCustomer: ...

    @abstractmethod
    def publisher(self) -> Publisher: ...

    @abstractmethod
    def dead_letters(self) -> DeadLetters: ...

    @abstractmethod
    def move_tasks(self) -> MoveTasks: ...

    @abstractmethod
    def create_tables(self) -> Sequence[str]: ...

    @abstractmethod
    def create_queues(self) -> Steps: ...

    @abstractmethod
    def settings(self) -> Any: ...

    @abstractmethod
    def misspelt(self) -> tuple[str, ...]: ...

    @abstractmethod
    def time_of_aws(self) -> datetime: ...

    @abstractmethod
    def inspect_queues(self) -> Sequence[Problem]: ...

    @abstractmethod
    def prove_vault(self) -> None: ...

    @abstractmethod
    def inspect_tables(self) -> Sequence[Problem]: ...


def objects(context: typer.Context) -> Objects:
    """The container; a test hands over its own as the context's object.

    It is imported here and not above because it knows every library, and `--help` needs none.
    """
    given: Objects | None = context.obj
    return _from_environment() if given is None else given


def _from_environment() -> Objects:
    from adapters.logs import install  # noqa: PLC0415 - see above
    from config.container import Container  # noqa: PLC0415 - see above
    from config.settings import load  # noqa: PLC0415 - see above
    from entrypoints.messages import encode  # noqa: PLC0415 - see above

    install(sys.stderr, "console", "ERROR")
    made = Container(settings=load(), encode=encode)
    for name in made.misspelt():
        note(f"warning: {name} is no setting and is ignored (misspelt?)")
    return made
