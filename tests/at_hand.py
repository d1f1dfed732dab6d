"""What commands ask the container for, in memory; and a person who types commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.sqs_dead_letters import SqsDeadLetters
from adapters.sqs_move_tasks import SqsMoveTasks
from config.settings import Settings, load
from domain.erasing import PurgeUser, RedactCustomer
from domain.failed_batches import FailedBatch
from entrypoints.command_line import run
from entrypoints.commands.opening import Objects, Problem, Steps
from tests.builders import KEY, NOW, SHOP, a_shop
from tests.fakes.chance import FakeChance
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import FakeErasures, FakeUserRecords
from tests.fakes.failed_batches import FakeFailedBatches
from tests.fakes.inbox import FakeInbox
from tests.fakes.observer import FakeObserver
from tests.fakes.orders import FakeOrders
from tests.fakes.pause import FakePause
from tests.fakes.publisher import FakePublisher
from tests.fakes.shops import FakeShops
from tests.strict_sqs import StrictQueues

MINUTES = timedelta(minutes=3)
"""That an erasure waits."""


def a_failed_batch(**changes: Any) -> FailedBatch:
    batch = FailedBatch(
        key=KEY,
        run_id="run-1",
        page=2,
        batch=1,
        order_ids=("11", "12"),
        reason="too-large",
        error="the order has more than 400 KB",
        created_at=NOW,
        shop=SHOP,
    )
    return replace(batch, **changes)


@dataclass(frozen=True, slots=True)
class Done(Steps):
    steps: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found(Problem):
    what: str
    mend: str


@dataclass(slots=True)
class AtHand(Objects):
    """Fakes, to be arranged before a command and looked at afterwards."""

    time: FakeClock = field(default_factory=FakeClock)
    identities: FakeChance = field(default_factory=FakeChance)
    batches: FakeFailedBatches = field(default_factory=FakeFailedBatches)
    problems: list[Problem] = field(default_factory=list)
    misspelt_variables: tuple[str, ...] = ()
    more_settings: dict[str, str] = field(default_factory=dict)
    vault_trouble: Exception | None = None
    skew: timedelta = timedelta(0)
    meanwhile: Callable[[], object] = lambda: None
    """What happens elsewhere during a wait."""
    runs: FakeCheckpoints = field(init=False)
    directory: FakeShops = field(init=False)
    marks: FakeErasures = field(init=False)
    stored_orders: FakeOrders = field(init=False)
    seen: FakeObserver = field(default_factory=FakeObserver)
    inbox: FakeInbox = field(init=False)
    queues: StrictQueues = field(init=False)
    """What `dlq` looks into."""
    sender: FakePublisher = field(init=False)
    pause: FakePause = field(init=False)

    def __post_init__(self) -> None:
        self.runs = FakeCheckpoints(self.time)
        self.directory = FakeShops(self.time, a_shop())
        self.marks = self.runs.ledger = FakeErasures(self.time)
        self.stored_orders = FakeOrders(ledger=self.marks)
        self.inbox = FakeInbox(self.time)
        self.queues = StrictQueues(self.time)
        self.sender = FakePublisher(self.inbox, self.time)
        self.pause = FakePause(self._wait)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was published."""
        return [json.loads(stored.body) for stored in self.inbox.stored.values()]

    def clock(self) -> FakeClock:
        return self.time

    def chance(self) -> FakeChance:
        return self.identities

    def stopping(self) -> FakePause:
        return self.pause

    def checkpoints(self) -> FakeCheckpoints:
        return self.runs

    def failed_batches(self) -> FakeFailedBatches:
        return self.batches

    def shops(self) -> FakeShops:
        return self.directory

    def erasures(self) -> FakeErasures:
        return self.marks

    def purge_user(self) -> PurgeUser:
        return PurgeUser(self.marks, self._records, self.seen, self.time, MINUTES)

    def redact_customer(self) -> RedactCustomer:
        return RedactCustomer(self.marks, self._records, self.seen, self.time, MINUTES)

    @property
    def _records(self) -> FakeUserRecords:
        stores = (self.directory, self.runs, self.batches, self.stored_orders)
        return FakeUserRecords(*stores, self.marks)

    def publisher(self) -> FakePublisher:
        return self.sender

    def dead_letters(self) -> SqsDeadLetters:
        return SqsDeadLetters(self.queues.clients, self.queues.urls, self.time)

    def move_tasks(self) -> SqsMoveTasks:
        return SqsMoveTasks(self.queues.client, self.queues.urls)

    def create_tables(self) -> Sequence[str]:
        return ("table orders created",)

    def create_queues(self) -> Steps:
        return Done(("queue shopify-sync exists",))

    def settings(self) -> Settings:
        queues = {"queue_url": "http://sqs.test/1/sync", "dlq_url": "http://sqs.test/1/dlq"}
        return load(**queues, **self.more_settings)

    def misspelt(self) -> tuple[str, ...]:
        return self.misspelt_variables

    def time_of_aws(self) -> datetime:
        return self.time.now() + self.skew

    def inspect_queues(self) -> Sequence[Problem]:
        return self.problems

    def prove_vault(self) -> None:
        if self.vault_trouble:
            raise self.vault_trouble

    def inspect_tables(self) -> Sequence[Problem]:
        return ()

    def _wait(self, duration: timedelta) -> None:
        self.time.advance(duration)
        self.meanwhile()


@dataclass(slots=True)
class Terminal:
    """Somebody who types commands and reads what comes out; there is no terminal as such."""

    capsys: pytest.CaptureFixture[str]
    at_hand: AtHand = field(default_factory=AtHand)
    code: int = 0
    out: str = ""
    err: str = ""

    def type(self, *words: str) -> str:
        """Run the command; what it printed on stdout."""
        self.code = run(words, self.at_hand)
        self.out, self.err = self.capsys.readouterr()
        return self.out

    def type_json(self, *words: str) -> Any:
        """Run the command with --json; stdout must be one JSON document."""
        return json.loads(self.type(*words, "--json"))
