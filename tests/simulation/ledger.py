"""Messages and chains: which faults are whose, how many copies there are, and who carries a run.

Properties 2 and 3 are judged here: copies of one page's message never exceed 1 + the faults that
hit its chain, and no running run is ever without a message that carries it on, except where SQS
itself makes that unavoidable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sqs_attributes import ORIGINAL_ID
from tests.simulation.course import Course, Violation
from tests.simulation.rows import Row
from tests.simulation.tables import Tables
from tests.simulation.tasks import Task


@dataclass(slots=True)
class Ledger:
    """Raises `Violation` at the first message too many and at the first run that nobody carries."""

    course: Course
    tables: Tables
    faults: Counter[str] = field(default_factory=Counter)
    """How often each kind of thing went wrong."""
    request_faults: Counter[str] = field(default_factory=Counter)
    """Copies of each request too many, and what else went wrong for it."""
    copies: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often a page's message was put into the queue."""
    chains: dict[str, str] = field(default_factory=dict)
    """The request that carried each chain at first."""
    _chain_faults: Counter[str] = field(default_factory=Counter)
    _uncarried: set[str] = field(default_factory=set)
    """Chains that may be without a message."""
    _twice: set[str] = field(default_factory=set)
    """Messages that SQS has handed out twice at a time."""

    # Faults

    def fault(self, kind: str, task: Task | None = None) -> None:
        """Something went wrong for this task's call."""
        self.faults[kind] += 1
        if task is None:
            return
        self.course.say(lambda: f"{task.name}: {kind}")
        self._blame(task)
        if task.memory.message is None:
            for each in task.process.tasks:
                self._blame(each)

    def process_fault(self, kind: str, process: Any) -> None:
        """Something happened to a whole process."""
        self.faults[kind] += 1
        self.course.say(lambda: f"{process.name}: {kind}")
        for task in process.tasks:
            self._blame(task)

    def duplicated(self, message: Mapping[str, Any]) -> None:
        """SQS holds a copy more of it."""
        chain = self._message_fault("duplicate", message)
        if chain and "page" in message:
            self.copies[chain, message["page"]] += 1

    def delivered_again(self, message_id: str, message: Mapping[str, Any]) -> None:
        """SQS hands the message out although somebody has it."""
        self._twice.add(message_id)
        self.lost_by_sqs("delivered again", message)

    def lost_by_sqs(self, kind: str, message: Mapping[str, Any]) -> None:
        """From now on the message may be deleted while somebody depends on it, or is gone.

        No queue that delivers at least once protects against that: the watchdog has to.
        """
        chain = self._message_fault(kind, message)
        if chain:
            self._uncarried.add(chain)

    # Chains

    def born(self, run: Row, actor: Task | None) -> None:
        """The run has a chain of its own from now on."""
        if run["chainId"] in self.chains:
            raise Violation(f"6: chain {run['chainId']} was used before")
        self.chains[run["chainId"]] = run["requestId"]
        if actor is not None:
            self._chain_faults[run["chainId"]] += actor.memory.faults

    def awaits_its_message(self, chain: str) -> None:
        """It is a watchdog's that has not published yet, or one that nobody expected again."""
        self._uncarried.add(chain)

    def belongs(self, task: Task, chain: str) -> None:
        """The task has to do with the chain: what goes wrong for it goes wrong for the chain."""
        if chain not in task.memory.chains:
            task.memory.chains.add(chain)
            self._chain_faults[chain] += task.memory.faults

    def note_carrier(self, run: Row, actor: Task | None) -> None:
        """Somebody was paused with a message that others have been given meanwhile.

        They may delete it at any moment: what it begins here is for the watchdog to take up.
        """
        if run["status"] != "running" or actor is None:
            return
        memory = actor.memory
        if not memory.faults and memory.message_id not in self._twice:
            return
        if not self.tables.is_held_by(memory.receipt):
            self.faults["carried by a message that others have, too"] += 1
            self._uncarried.add(run["chainId"])

    # Messages

    def queue_changed(self, operation: str, asked: Mapping[str, Any]) -> None:
        """A call to SQS took effect."""
        tables = self.tables
        if operation == "send_message" and asked["QueueUrl"] == tables.source_url:
            if ORIGINAL_ID not in asked.get("MessageAttributes", {}):  # that is in another's place
                self._sent(tables.message(asked["MessageBody"], ""))
        elif operation == "receive_message":
            self._dead_lettered_by_sqs()
        elif operation.startswith("delete_message") and asked["QueueUrl"] == tables.source_url:
            self._check_carriers()

    def _sent(self, message: Mapping[str, Any]) -> None:
        if "chainId" not in message:
            return
        chain, page = message["chainId"], message["page"]
        self.copies[chain, page] += 1
        run = self.tables.run(message["userId"], message["syncType"])
        if run is not None and run["chainId"] == chain and run["page"] == page:
            self._uncarried.discard(chain)
        faults = self._chain_faults[chain] + self.request_faults[self.chains[chain]]
        if self.copies[chain, page] > 1 + faults:
            raise Violation(
                f"2: {self.copies[chain, page]} copies of page {page} of {chain}"
                f" after {faults} faults"
            )

    def _dead_lettered_by_sqs(self) -> None:
        for message in self.tables.dead_lettered_by_sqs():
            self.lost_by_sqs("received too often", message)

    def _check_carriers(self) -> None:
        """No running run is without a message that carries it on."""
        for run in self.tables.running():
            chain = run["chainId"]
            if chain not in self._uncarried and not self.tables.is_carried(run):
                raise Violation(
                    f"3: the last message that carried page {run['page']} of {chain} was deleted"
                )

    def _blame(self, task: Task) -> None:
        """The fault is one of the chains, and of the request, that the task has to do with."""
        memory = task.memory
        memory.faults += 1
        self._chain_faults.update(memory.chains)
        if memory.message is not None and "chainId" not in memory.message:
            self.request_faults[memory.message.get("requestId", "")] += 1

    def _message_fault(self, kind: str, message: Mapping[str, Any]) -> str | None:
        self.faults[kind] += 1
        self.course.say(lambda: f"{kind}: {dict(message)}")
        chain: str | None = message.get("chainId")
        if chain:
            self._chain_faults[chain] += 1
            return chain
        self.request_faults[message.get("requestId", "")] += 1
        return self._chain_of_request(message)

    def _chain_of_request(self, message: Mapping[str, Any]) -> str | None:
        run = self.tables.run(message["userId"], message["syncType"])
        mine = run is not None and run["requestId"] == message.get("requestId")
        return run["chainId"] if run is not None and mine else None
