"""Workers that sync a shop while somebody erases: one call at a time, as the seed has it.

Every call is sent, arrives and is answered at moments of the schedule's choosing; in between a
worker may be paused for any time, or die. A call arrives within `LATEST` of being sent, as botocore
gives it up by then. Messages come back, and come twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ReadTimeoutError

from adapters.dynamodb_checkpoints import DynamoCheckpoints
from adapters.dynamodb_erasures import USER as MARK
from adapters.dynamodb_erasures import DynamoErasures
from adapters.dynamodb_failed_batches import DynamoFailedBatches
from adapters.dynamodb_orders import DynamoOrders, OrderTable, WriteMode
from adapters.dynamodb_shops import DynamoShops
from adapters.dynamodb_tables import TableNames, designs
from adapters.dynamodb_user_records import DynamoUserRecords
from adapters.heartbeat import KeptLease
from domain.checkpoints import Checkpoint
from domain.messages import (
    Delivery,
    Message,
    PurgeRequest,
    RedactRequest,
    RetryBatch,
    RunKey,
    SyncRequest,
    SyncType,
)
from domain.orders import Json, Order, OrderPage, PageRequest, Window
from domain.outcomes import DeadLetter, Done, GiveBack, Later, Outcome
from domain.ports import Chance, Clock, LeaseKeeper, OrderSource, Publisher
from domain.publishing import PublishPage
from domain.shops import ConnectedShop
from domain.watching import TakeUpStalledRuns
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_dynamodb.refusals import Refusal
from tests.at_hand import a_failed_batch
from tests.builders import NOW, USER, VISIBILITY, a_policy, a_shop, an_order
from tests.daemon import use_cases
from tests.fakes.observer import FakeObserver
from tests.fakes.order_source import FakeOrderSource
from tests.fakes.pause import FakePause
from tests.simulation.tasks import Task, current
from tests.strict_dynamodb import client_error, plain

NAMES = TableNames("checkpoints", "orders", "shops")
LATEST = 16.0
"""Seconds from sending a request to its arrival: three to connect, ten to read, some to spare."""
SKEW = 3.0
RARELY = 0.1
ORDERS, WORKERS = 12, 3
ADA, BO = "7", "8"
KEYS = tuple(RunKey(USER, kind) for kind in (SyncType.MANUAL, SyncType.DAILY))
PURGE = PurgeRequest(USER, "purge-1")
REDACT = RedactRequest(USER, ADA, ("3",))


class Violation(AssertionError):
    """Something is stored that must not be."""


def an_order_of(number: int, version: int = 0) -> Order:
    """Every third one is Ada's; order 3 is hers, too, and does not say so."""
    who = ADA if number % 3 == 1 else BO
    customer: Json = {"id": f"gid://shopify/Customer/{who}", "legacyResourceId": who}
    fields = {"customer": customer, "email": f"{who}@example.com", "note": f"version {version}"}
    if number == 3:
        fields = {"customer": None, "email": f"{ADA}@example.com", "note": f"version {version}"}
    return an_order(number, NOW + timedelta(seconds=version), **fields)


@dataclass(slots=True, eq=False)
class Call:
    """A request on its way."""

    operation: str
    asked: dict[str, Any]
    sent_at: float
    answer: Any = None
    error: Exception | None = None
    arrived: bool = False
    lost: bool = False
    slow: bool = False
    """It takes as long as a call may."""


@dataclass(slots=True, eq=False)
class Stored:
    """A message in the queue."""

    message: Message
    visible_at: float
    receives: int = 0


@dataclass(frozen=True, slots=True)
class SkewedClock(Clock):
    world: World
    skew: float

    def now(self) -> Any:
        return NOW + timedelta(hours=1, seconds=self.world.now + self.skew)

    def monotonic(self) -> float:
        return 1000.0 + self.world.now


@dataclass(frozen=True, slots=True)
class Numbered(Chance):
    numbers: Iterator[int]

    def uniform(self) -> float:
        return 0.5

    def new_id(self) -> str:
        return f"id-{next(self.numbers)}"


@dataclass(frozen=True, slots=True)
class Client:
    """boto3's, as far as it is used."""

    world: World

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **asked: self.world.call(operation, plain(asked))


@dataclass(slots=True)
class Keeper(LeaseKeeper):
    """Leases that the world extends now and then."""

    world: World
    clock: Clock
    held: list[KeptLease] = field(default_factory=list)

    @contextmanager
    def keep(self, held: Checkpoint, granted: float) -> Iterator[KeptLease]:
        lease = KeptLease(held, self.clock, granted, VISIBILITY.total_seconds() * 0.8)
        self.held.append(lease)
        try:
            yield lease
        finally:
            self.held.remove(lease)

    def beat(self, checkpoints: DynamoCheckpoints) -> None:
        for lease in [each for each in self.held if not each.lost]:
            if checkpoints.extend(lease.held, self.clock.now() + VISIBILITY):
                lease.extended(self.clock.monotonic())
            else:
                lease.lose()


@dataclass(frozen=True, slots=True)
class SlowShop(OrderSource):
    """Shopify knows of no erasure; an answer takes as long as the schedule has it."""

    world: World

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        page = self.world.source.fetch_page(shop, request)
        self.world.passes_by()
        return page

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        found = self.world.source.fetch_orders(shop, order_ids)
        self.world.passes_by()
        return found

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self.world.source.count(shop, window)


@dataclass(frozen=True, slots=True)
class Queue(Publisher):
    world: World

    def publish(self, message: Message, delay: timedelta) -> None:
        self.world.queue.append(Stored(message, self.world.now + delay.total_seconds()))

    def dead_letter(self, message: Message, reason: str, error: str) -> None:
        self.world.dead.append((message, reason, error))


class World:
    """The tables, a shop, messages, and workers that handle them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a schedule, no secret
        self.now = 0.0
        self.haste = self.random.choice((3, 10, 50))
        """One step of time in so many is a long one."""
        self.calm = False
        self.numbers = count(1)
        self.queue: list[Stored] = []
        self.dead: list[Any] = []
        self.under_way: list[Call] = []
        self.tasks: list[Task] = []
        self.asleep: dict[int, float] = {}
        """Until when tasks stand still."""
        self.keepers: list[tuple[Keeper, DynamoCheckpoints]] = []
        self.mode = self.random.choice(list(WriteMode))
        self.source = FakeOrderSource(an_order_of(n) for n in range(1, ORDERS + 1))
        self.versions = count(1)
        self.engine = StrictDynamoDB(lambda: self.now, page_size=5)
        for design in designs(NAMES):
            self.engine.create_table(**design.definition())
        DynamoShops(self.client, NAMES.shops, SkewedClock(self, 0)).connect(a_shop())
        batch = a_failed_batch(key=KEYS[0], order_ids=("1", "2", "3"))
        DynamoFailedBatches(self.client, NAMES.checkpoints, SkewedClock(self, 0)).add(batch)
        for table in self.engine.tables.values():
            table.written = self._written

    @property
    def client(self) -> Any:
        return Client(self)

    # What is stored

    def marked(self, sort_key: str = MARK) -> dict[str, Any]:
        """The mark's attributes; none if there is no mark."""
        return dict(self.engine.tables[NAMES.checkpoints].items.get((USER, sort_key), {}))

    def stored(self) -> list[tuple[str, dict[str, Any]]]:
        """Each item of the user's but the mark, with its table."""
        return [
            (name, dict(item))
            for name, table in self.engine.tables.items()
            for item in table.items.values()
            if item.get("syncType", {}).get("S") != MARK
        ]

    def orders(self) -> dict[str, dict[str, Any]]:
        items = self.engine.tables[NAMES.orders].items.values()
        return {item["orderId"]["S"]: dict(item) for item in items}

    def _written(self, table: str, _old: Any, new: Any) -> None:
        if new is None:
            return
        mark = self.marked()
        a_run = "chainId" in new
        purged = "doneAt" in mark and "liftedAt" not in mark
        if purged and not a_run and new.get("syncType", {}).get("S") != MARK:
            raise Violation(f"{table}: {new} after the purge")
        redacted = "doneAt" in self.marked(f"erased#customer#{ADA}")
        if redacted and table == NAMES.orders and f"{ADA}@" in repr(new):
            raise Violation(f"{new} after the redaction")

    # What workers do

    def handler(self) -> Callable[[Delivery], Any]:
        clock = SkewedClock(self, self.random.uniform(-SKEW, SKEW))
        chance, client = Numbered(self.numbers), self.client
        checkpoints = DynamoCheckpoints(
            client, NAMES.checkpoints, timedelta(days=7), clock, chance.new_id
        )
        erasures = DynamoErasures(client, NAMES.checkpoints, clock)
        keeper = Keeper(self, clock)
        self.keepers.append((keeper, checkpoints))
        around: Any = SimpleNamespace(
            checkpoints=checkpoints,
            observer=FakeObserver(),
            clock=clock,
            chance=chance,
            policy=a_policy(page_size=4, page_delays=dict.fromkeys(SyncType, timedelta(0))),
            shops=DynamoShops(client, NAMES.shops, clock),
            queue=Queue(self),
            failed_batches=DynamoFailedBatches(client, NAMES.checkpoints, clock),
            limit=SimpleNamespace(draw=lambda *_: True),
            erasures=erasures,
            records=DynamoUserRecords(client, NAMES, clock),
        )
        orders = DynamoOrders(
            OrderTable(client, NAMES.orders, self.mode),
            clock,
            chance,
            FakePause(),
            FakeObserver(),
            erasures,
            "full",
        )
        return use_cases(around, SlowShop(self), orders, keeper)

    def receive(self, stored: Stored) -> None:
        """Somebody begins to work on the message; it is hidden, unless it comes twice."""
        twice = not self.calm and self.random.random() < RARELY
        stored.visible_at = self.now + (1.0 if twice else VISIBILITY.total_seconds())
        stored.receives += 1
        handle = self.handler()

        def work() -> None:
            outcome: Outcome = handle(Delivery(stored.message, stored.receives))
            match outcome:
                case Later(after):
                    stored.visible_at = self.now + after.total_seconds()
                case GiveBack():
                    stored.visible_at = self.now
                case Done() | DeadLetter():
                    if isinstance(outcome, DeadLetter):
                        self.dead.append((stored.message, outcome.reason, outcome.error))
                    if stored in self.queue:
                        self.queue.remove(stored)

        self.tasks.append(Task(f"work on {stored.message}", self, work))

    def watch(self) -> None:
        """The watchdog takes up what stands still; its clock is right."""
        clock, chance = SkewedClock(self, 0), Numbered(self.numbers)
        checkpoints = DynamoCheckpoints(
            self.client, NAMES.checkpoints, timedelta(days=7), clock, chance.new_id
        )
        publish = PublishPage(checkpoints, Queue(self), clock, chance)
        TakeUpStalledRuns(checkpoints, publish, FakeObserver(), clock, chance, a_policy())(10)

    def passes_by(self) -> None:
        """The task at work waits until it is its turn again."""
        if (task := current()) is not None:
            task.wait(self.now)

    def call(self, operation: str, asked: dict[str, Any]) -> Any:
        task = current()
        call = Call(operation, asked, self.now)
        if task is None:
            self.arrive(call)
        else:
            call.lost = not self.calm and self.random.random() < RARELY
            call.slow = not self.calm and self.random.random() < RARELY
            self.under_way.append(call)
            task.wait(float("inf"), lambda: call.arrived)
        if call.lost:
            raise ReadTimeoutError(endpoint_url="http://aws.simulated")
        if call.error is not None:
            raise call.error
        return call.answer

    def arrive(self, call: Call) -> None:
        call.arrived = True
        if call in self.under_way:
            self.under_way.remove(call)
        try:
            call.answer = getattr(self.engine, call.operation)(**call.asked)
        except Refusal as refusal:
            call.error = client_error(refusal, call.operation)

    # What happens

    def step(self) -> bool:
        """One thing of those that could happen; False if there is nothing left."""
        quick = [call for call in self.under_way if not call.slow]
        deeds: list[Callable[[], None]] = [lambda c=c: self.arrive(c) for c in quick]  # type: ignore[misc]
        ready = [t for t in self.tasks if t.runnable(self.now) and self._is_awake(t)]
        deeds += [lambda t=t: self._run(t) for t in ready]  # type: ignore[misc]
        visible = [each for each in self.queue if each.visible_at <= self.now]
        if visible and len(self.tasks) < WORKERS:
            deeds += [lambda m=m: self.receive(m) for m in visible]  # type: ignore[misc]
        waiting = self.queue or self.tasks or self.under_way
        if not self.calm:
            deeds.append(self._time_passes)
            rare = (self._crash, self.change, self._pause, self._pause)
            if self.tasks and self.random.random() < RARELY:
                deeds.append(self.random.choice(rare))
        if not waiting:
            return False
        if not deeds:
            self._time_passes()
        else:
            self.random.choice(deeds)()
        return True

    def change(self) -> None:
        number = self.random.randint(1, ORDERS)
        self.source.put(an_order_of(number, next(self.versions)))

    def _run(self, task: Task) -> None:
        task.go_on()
        if task.done:
            self.tasks.remove(task)

    def _is_awake(self, task: Task) -> bool:
        return self.asleep.get(id(task), 0.0) <= self.now

    def _pause(self) -> None:
        """A worker's thread stands still for so long; its heartbeat may go on."""
        task = self.random.choice(self.tasks)
        self.asleep[id(task)] = self.now + self.random.choice((30.0, 250.0, 600.0))

    def _time_passes(self) -> None:
        """By any length, but what was sent arrives."""
        nothing_else = self.calm or not self.random.randrange(self.haste)
        length = self.random.choice((20.0, 40.0) if nothing_else else (0.1, 0.5, 0.5, 2.0, 5.0))
        for call in [each for each in self.under_way if each.sent_at + LATEST <= self.now + length]:
            self.arrive(call)
        self.now += length
        for keeper, checkpoints in self.keepers:
            if keeper.held and (self.calm or self.random.random() > RARELY):
                keeper.beat(checkpoints)

    def _crash(self) -> None:
        """A worker dies; what it sent last arrives, or never left."""
        task = self.random.choice(self.tasks)
        for call in self.under_way:
            if self.random.random() < 0.5:
                call.lost = True
        task.crash()
        self.tasks.remove(task)

    def send(self, message: Message, after: float = 0.0) -> None:
        self.queue.append(Stored(message, self.now + after))

    def rest(self, most: int = 60_000) -> None:
        """Faults stop; everything goes on until nothing is left to do."""
        self.calm = True
        self.asleep.clear()
        for _ in range(most):
            if not self.step():
                return
        raise Violation(f"no rest: {[each.message for each in self.queue]}")


def begun(seed: int, erasure: Message) -> World:
    """A world in which the shop is synced, and at some time meanwhile the message arrives."""
    world = World(seed)
    for key in KEYS:
        world.send(SyncRequest(key, f"first-{key.sync_type}"))
    world.send(RetryBatch(KEYS[0]))
    at = world.random.randint(0, 150)
    for number in range(at + world.random.randint(50, 600)):
        if number == at:
            world.send(erasure)
        world.step()
    return world
