"""What has happened so far, and the properties that must hold at every moment.

The hooks are called by the simulated network and by the engines themselves, so that nothing the
product says of itself is believed. What must hold once a world has come to rest is in
`properties.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from domain.orders import OrderPage, PageRequest
from tests.simulation.course import Course, Violation
from tests.simulation.ledger import Ledger
from tests.simulation.rows import Row, is_run, read, updated_at
from tests.simulation.tables import CHECKPOINTS, ORDERS, Tables
from tests.simulation.tasks import Task

_ORDER_WRITES = frozenset({"put_item", "batch_write_item", "transact_write_items"})
LARGEST_SKEW = 3.0
"""Seconds by which a process's wall clock may be wrong, either way."""


@dataclass(frozen=True, slots=True)
class Advance:
    """A page that counted."""

    run_id: str
    chain_id: str
    page: int
    orders: int
    calm: bool


@dataclass(slots=True)
class History:
    """Facts of one schedule; raises `Violation` at the first that must not be."""

    course: Course
    tables: Tables
    ledger: Ledger
    transactions_only: bool
    """Whether orders are written under a condition at all times."""
    calm: bool = False
    advances: dict[str, list[Advance]] = field(default_factory=lambda: defaultdict(list))
    began: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Runs that each request has begun."""
    completed: dict[tuple[str, str], float] = field(default_factory=dict)
    cleared: dict[tuple[str, str], float] = field(default_factory=dict)
    overtaken: set[str] = field(default_factory=set)
    """Orders that a first write has set back: the next sync puts them right."""
    steps: int = 0
    _actor: Task | None = None
    _asked_at: float = 0.0
    _granted: dict[str, float] = field(default_factory=dict)

    # What a process asks for

    @contextmanager
    def acting(self, task: Task, asked_at: float) -> Iterator[None]:
        """What is written meanwhile is this task's doing, by a call that began then."""
        self._actor, self._asked_at = task, asked_at
        try:
            yield
        finally:
            self._actor = None

    def takes(self, task: Task, message: Mapping[str, Any]) -> None:
        """The task begins to work on the message."""
        memory = task.memory
        memory.message = message
        chain = message.get("chainId")
        if message["type"] != "sync-page":
            return
        if chain is None:
            self.ledger.request_faults[message.get("requestId", "")] += memory.faults
            return
        self.ledger.belongs(task, chain)
        run = self.tables.run(message["userId"], message["syncType"])
        if run is None or run["chainId"] != chain or run["status"] == "completed":
            memory.stale = f"{message} of a run that is gone, ended or under another chain"

    def fetches(self, task: Task) -> None:
        self._may_act(task, "fetches a page")

    def fetched(self, task: Task, request: PageRequest, page: OrderPage) -> None:
        task.memory.fetched = (request, page)

    def sends(self, asked: Mapping[str, Any]) -> None:
        """A message is about to be sent; by the world itself if there is no task."""
        task = self.tables.task()
        if task is not None and asked["QueueUrl"] == self.tables.source_url:
            self._may_act(task, "publishes")

    def asks(self, operation: str, asked: Mapping[str, Any]) -> None:
        """A call to DynamoDB begins."""
        self._check_consistency(operation, asked)
        task = self.tables.task()
        if task is None:
            return
        settling = operation == "transact_write_items" and CHECKPOINTS in _tables(asked)
        if not (task.memory.settling and operation == "update_item"):
            task.memory.asked_at = self.course.now
        task.memory.settling = settling
        if operation in _ORDER_WRITES and ORDERS in _tables(asked):
            self._may_act(task, "writes orders")
            if task.memory.owner is not None and self._lease_is_over(task):
                raise Violation(f"5: {task.name} writes orders although its lease is over")

    def answered(self, operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """A task was told so; an answer that comes too late tells it nothing."""
        actor = self.tables.task()
        if operation == "batch_get_item" and actor is not None and ORDERS in _tables(asked):
            ((table, wanted),) = asked["RequestItems"].items()
            asked_for = {key["orderId"]["S"] for key in wanted["Keys"]}
            found = {item["orderId"]["S"] for item in answer["Responses"][table]}
            actor.memory.absent = (actor.memory.absent - found) | (asked_for - found)

    # What took effect

    def written(self, table: str, old: Row | None, new: Row | None) -> None:
        """An item of a table changed."""
        if table == ORDERS and new is not None:
            self._order_written(old, new)
        elif table == CHECKPOINTS and is_run(old or new or {}):
            self._run_written(read(old), read(new))
        elif table == CHECKPOINTS and new is not None and "updatedThrough" in new:
            self._mark_moved(old, new)

    def _order_written(self, old: Row | None, new: Row) -> None:
        if old is None or updated_at(old) <= updated_at(new):
            return
        order, actor = new["orderId"]["S"], self._actor
        first_write = actor is not None and order in actor.memory.absent
        if self.transactions_only or not first_write:
            raise Violation(f"5: order {order} went back to an older version")
        self.ledger.faults["overtaken first write"] += 1
        self.overtaken.add(order)

    def _mark_moved(self, old: Row | None, new: Row) -> None:
        if old is not None and old["updatedThrough"]["S"] > new["updatedThrough"]["S"]:
            raise Violation("the watermark moved back")
        missing = self.tables.not_stored(new["userId"]["S"], until=new["updatedThrough"]["S"])
        if set(missing) - self.overtaken:
            raise Violation(f"4: the watermark moved past orders that are not stored: {missing}")

    def _run_written(self, old: Row | None, new: Row | None) -> None:
        if new is None:
            self.cleared[self.tables.key(old or {})] = self.course.now
            return
        if self._actor is not None:
            if self._actor.memory.stale:
                raise Violation(f"6: {self._actor.memory.stale} changed a checkpoint")
            self.ledger.belongs(self._actor, new["chainId"])
            self._note_lease(self._actor, old, new)
        if old is None or old["runId"] != new["runId"]:
            self._began(new)
        else:
            self._went_on(old, new)
        if new["status"] == "completed":
            self.completed[self.tables.key(new)] = self.course.now

    def _began(self, new: Row) -> None:
        if self._asked_at < self.cleared.get(self.tables.key(new), -1.0):
            # A request that was on its way, or given up by its sender, arrived after the clear.
            self.ledger.faults["begun by a request from before the clear"] += 1
            self.ledger.awaits_its_message(new["chainId"])
            if new["chainId"] in self.ledger.chains:
                return
        self.ledger.born(new, self._actor)
        self.ledger.note_carrier(new, self._actor)
        self.began[new["requestId"]].add(new["runId"])
        if (new["page"], new["totalSaved"], new["totalFailed"]) != (1, 0, 0):
            raise Violation(f"1: a run begins with {new}")

    def _went_on(self, old: Row, new: Row) -> None:
        if old["chainId"] != new["chainId"]:
            self.ledger.born(new, self._actor)
            if old["takeovers"] != new["takeovers"]:
                self.ledger.awaits_its_message(new["chainId"])
            if old["takeovers"] < new["takeovers"] and self._is_granted(old, self._asked_at):
                raise Violation(f"5: a run was taken up that {old['leaseOwner']} is at work on")
        elif old["requestId"] != new["requestId"] or old["takeovers"] < new["takeovers"]:
            raise Violation(f"6: {new['requestId']} goes on under the old chain")
        if (old["chainId"], old["status"]) != (new["chainId"], new["status"]):
            self.ledger.note_carrier(new, self._actor)
        if old["page"] != new["page"]:
            self._advanced(old, new)
        elif _state(old) != _state(new):
            raise Violation(f"1: {_state(old)} became {_state(new)} without an advance")

    def _advanced(self, old: Row, new: Row) -> None:
        actor = self._actor
        if actor is None or actor.memory.fetched is None:
            raise Violation("1: a page advanced that nobody fetched")
        request, page = actor.memory.fetched
        if old.get("leaseOwner") != actor.memory.owner:
            raise Violation(f"5: {actor.name} advances a page that is somebody else's")
        if self._lease_is_over(actor, at=self._asked_at):
            raise Violation(f"5: {actor.name} advances a page although its lease is over")
        if new["page"] != old["page"] + 1 or request.cursor != old.get("cursor"):
            raise Violation(f"1: page {old['page']} became {new['page']} from another cursor")
        if new["status"] != "completed" and new.get("cursor") != page.next_cursor:
            raise Violation(f"1: page {new['page']} does not go on where the last one ended")
        counted = _counted(new) - _counted(old)
        if counted != len(page.orders):
            raise Violation(f"1: page {old['page']} of {len(page.orders)} orders counted {counted}")
        missing = self.tables.in_no_place(new["userId"], new["runId"], page.orders)
        if set(missing) - self.overtaken:
            raise Violation(f"4: page {old['page']} advanced, orders {missing} are in no place")
        run = self.advances[new["runId"]]
        run.append(Advance(new["runId"], new["chainId"], old["page"], counted, self.calm))
        if old["page"] != len(run):
            raise Violation(f"1: page {old['page']} is the {len(run)}th that counted")

    def _note_lease(self, actor: Task, old: Row | None, new: Row) -> None:
        owner = new.get("leaseOwner")
        if owner is None:
            return
        before = None if old is None else old.get("leaseOwner")
        if owner != before:
            self._check_claim(old, new)
            actor.memory.owner = owner
        self._granted[owner] = self.tables.seconds(new["leaseUntil"]) - actor.process.skew

    def _check_claim(self, old: Row | None, new: Row) -> None:
        if old is None or old["chainId"] != new["chainId"] or "leaseOwner" not in old:
            return
        if self._is_granted(old, self.course.now):
            raise Violation(f"5: {new['leaseOwner']} took a lease that {old['leaseOwner']} has")

    def _is_granted(self, run: Row, at: float) -> bool:
        """Whether a clock that is wrong would see, too, that somebody has the lease."""
        return self._granted.get(run.get("leaseOwner", ""), 0.0) > at + 2 * LARGEST_SKEW

    def _check_consistency(self, operation: str, asked: Mapping[str, Any]) -> None:
        """What decisions are made on is read consistently, or an old state would decide."""
        if operation == "batch_get_item":
            consistent = all(
                wanted.get("ConsistentRead") for wanted in asked["RequestItems"].values()
            )
        elif operation in {"get_item", "query"} and "IndexName" not in asked:
            consistent = bool(asked.get("ConsistentRead"))
        else:
            return
        if not consistent:
            raise Violation(f"{operation} of {_tables(asked)} may show an old state")

    def _lease_is_over(self, task: Task, at: float | None = None) -> bool:
        now = self.course.now if at is None else at
        return self._granted.get(task.memory.owner or "", 0.0) <= now

    def _may_act(self, task: Task, deed: str) -> None:
        if task.memory.stale:
            raise Violation(f"6: {task.name} {deed} for {task.memory.stale}")


def _tables(asked: Mapping[str, Any]) -> set[str]:
    if "RequestItems" in asked:
        return set(asked["RequestItems"])
    if "TransactItems" in asked:
        return {next(iter(each.values()))["TableName"] for each in asked["TransactItems"]}
    return {asked["TableName"]}


def _state(run: Row) -> tuple[Any, ...]:
    return run["page"], run.get("cursor"), run["totalSaved"], run["totalFailed"]


def _counted(run: Row) -> int:
    return int(run["totalSaved"]) + int(run["totalFailed"])
