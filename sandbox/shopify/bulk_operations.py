"""The bulk operations of one shop: submitted, made as time passes, looked at, cancelled."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from threading import Event, Lock
from typing import Any

from sandbox.shopify.bulk_plan import Rows, bulk_rows
from sandbox.shopify.bulk_results import Recipe, ResultFile, Walk
from sandbox.shopify.copies import Copies
from sandbox.shopify.faults import OPERATION_FAULTS, SUBMIT_FAULTS, Fault
from sandbox.shopify.refusals import Refused
from sandbox.shopify.timeline import OrderKey

AT_ONCE = 5
"""Queries that may run at once for an app and a shop, from version 2026-01 on."""
MADE_IN_ONE_LOOK = 2.0
"""Seconds: what takes longer to make is made in the background, and is looked at again."""
IN_PROGRESS = "A bulk query operation for this app and shop is already in progress: {}."
GOING_ON = ("CREATED", "RUNNING", "CANCELING")
ENDS: Mapping[Fault | None, tuple[str, str | None]] = {
    Fault.BULK_FAILS: ("FAILED", "INTERNAL_SERVER_ERROR"),
    Fault.BULK_TIMES_OUT: ("FAILED", "TIMEOUT"),
    Fault.BULK_DENIED: ("FAILED", "ACCESS_DENIED"),
    Fault.BULK_CANCELED: ("CANCELED", None),
    Fault.BULK_EXPIRES: ("EXPIRED", None),
}

Seconds = Callable[[], float]


@dataclass(slots=True)
class Pace:
    """How long operations take, and how long the URL of a result is good for, in seconds."""

    created: float = 1.0
    running: float = 2.0
    url_life: float = 7 * 86_400


@dataclass(slots=True)
class Operation:
    """One operation; its times are the sandbox's clock and, for people, the wall clock."""

    number: int
    query: str
    file: ResultFile
    began: float
    created_at: float
    fate: Fault | None
    status: str = "CREATED"
    error: str | None = None
    completed_at: float | None = None

    @property
    def gid(self) -> str:
        return f"gid://shopify/BulkOperation/{self.number}"


@dataclass(slots=True)
class BulkOperations:
    """What a shop's `bulkOperation…` fields answer. Safe to use from many threads."""

    walk_of: Callable[[Mapping[str, Any]], Walk]
    make: Callable[[OrderKey], Mapping[str, Any]]
    next_fault: Callable[[frozenset[Fault]], Fault | None]
    url_of: Callable[[Operation, bool], str]
    clock: Seconds
    wall: Seconds
    pace: Pace
    ending: Event
    kinds: int = 0
    """How many different orders the shop has; 0: no two are alike."""
    _all: dict[str, Operation] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(4_300_000_000_001))
    _lock: Lock = field(default_factory=Lock)

    def answer(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The value of that field of a query or a mutation; None if there is no such field."""
        with self._lock:
            match name:
                case "bulkOperationRunQuery":
                    return self._submit(arguments["query"], grouped=arguments["groupObjects"])
                case "bulkOperationCancel":
                    return self._cancel(arguments["id"])
                case "bulkOperation":
                    found = self._all.get(arguments["id"])
                    return found and self._described(found)
                case "bulkOperations":
                    return [self._described(each) for each in self._all.values()]
                case _:
                    return None

    def find(self, number: int) -> Operation | None:
        """The operation of that number, whose file is to be sent."""
        with self._lock:
            return next((each for each in self._all.values() if each.number == number), None)

    def _submit(self, query: str, *, grouped: bool) -> dict[str, Any]:
        try:
            rows = bulk_rows(query)
            walk = self.walk_of(rows.arguments)
        except Refused as refused:
            return _refusal(str(refused), "INVALID", ["query"])
        busy = [each for each in self._all.values() if self._look(each) in GOING_ON]
        refuse = self.next_fault(SUBMIT_FAULTS) is not None
        if len(busy) >= AT_ONCE or refuse:
            other = busy[0].gid if busy else "gid://shopify/BulkOperation/1"
            return _refusal(IN_PROGRESS.format(other), "OPERATION_IN_PROGRESS", None)
        operation = self._begun(query, rows, walk, grouped=grouped)
        return {"bulkOperation": self._described(operation), "userErrors": []}

    def _begun(self, query: str, rows: Rows, walk: Walk, *, grouped: bool) -> Operation:
        operation = Operation(
            number=next(self._numbers),
            query=query,
            file=ResultFile(self._recipe(walk, rows, grouped=grouped)),
            began=self.clock(),
            created_at=self.wall(),
            fate=self.next_fault(OPERATION_FAULTS),
        )
        self._all[operation.gid] = operation
        return operation

    def _recipe(self, walk: Walk, rows: Rows, *, grouped: bool) -> Recipe:
        copies = Copies(self.kinds, self.make, rows) if self.kinds else None
        return Recipe(walk, self.make, rows, grouped, copies)

    def _cancel(self, gid: str) -> dict[str, Any]:
        operation = self._all.get(gid)
        if operation is None:
            return _refusal("Bulk operation does not exist", None, ["id"])
        if self._look(operation) not in GOING_ON:
            status = operation.status.lower()
            text = f"A bulk operation cannot be canceled when it is {status}"
            return {"bulkOperation": self._described(operation), "userErrors": [_error(text, None)]}
        operation.status = "CANCELING"
        return {"bulkOperation": self._described(operation), "userErrors": []}

    def _look(self, operation: Operation) -> str:
        """Let time have passed for it; returns its status."""
        if operation.status == "CANCELING":
            self._end(operation, "CANCELED", None)
        if operation.status in GOING_ON:
            self._go_on(operation, self.clock() - operation.began)
        return operation.status

    def _go_on(self, operation: Operation, age: float) -> None:
        if age < self.pace.created or operation.fate is Fault.BULK_STUCK_CREATED:
            return
        operation.status = "RUNNING"
        stuck = operation.fate is Fault.BULK_STUCK_RUNNING
        if stuck or age < self.pace.created + self.pace.running:
            return
        file = operation.file
        if not (file.whole or file.is_going_on or file.advance(MADE_IN_ONE_LOOK)):
            file.go_on_by_itself(self.ending)
        if file.whole:
            self._end(operation, *ENDS.get(operation.fate, ("COMPLETED", None)))

    def _end(self, operation: Operation, status: str, error: str | None) -> None:
        operation.status, operation.error = status, error
        operation.completed_at = self.wall()

    def _described(self, operation: Operation) -> dict[str, Any]:
        status, file = self._look(operation), operation.file
        there = status == "COMPLETED" and file.orders > 0
        partly = operation.error == "INTERNAL_SERVER_ERROR"
        return {
            "__typename": "BulkOperation",
            "id": operation.gid,
            "status": status,
            "errorCode": operation.error,
            "createdAt": _instant(operation.created_at),
            "completedAt": operation.completed_at and _instant(operation.completed_at),
            "objectCount": str(file.objects),
            "rootObjectCount": str(file.orders),
            "fileSize": str(file.size) if there else None,
            "url": self.url_of(operation, False) if there else None,
            "partialDataUrl": self.url_of(operation, True) if partly else None,
            "query": operation.query,
            "type": "QUERY",
        }


def _refusal(message: str, code: str | None, place: list[str] | None) -> dict[str, Any]:
    return {"bulkOperation": None, "userErrors": [{**_error(message, place), "code": code}]}


def _error(message: str, place: list[str] | None) -> dict[str, Any]:
    return {"message": message, "field": place}


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
