"""Worker processes in virtual time: the container's own objects over verified fakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any

from dependency_injector import providers

from config.container import Container
from config.settings import load
from domain.breakers import STATE
from domain.checkpoints import Checkpoint
from domain.deliveries import Received
from domain.failures import Failure
from domain.messages import Message, RunKey, SyncRequest, SyncType
from entrypoints.assembly import handle_of
from entrypoints.messages import encode
from entrypoints.settling import SettleDelivery
from tests.builders import a_shop, orders
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
from tests.virtual.shops import VirtualShopify
from tests.virtual.time import Slot, VirtualPause, VirtualTime

WORKERS = 8
MOST_AT_ONCE = 10
_VISIBLE_AT = attrgetter("visible_at")


@dataclass(slots=True)
class World:
    """Queues, tables and shops, and the processes that work on them."""

    settings: dict[str, Any] = field(default_factory=dict)
    processes: int = 1
    transport: object | None = None
    """What the real sources send their requests through, instead of a fake source."""
    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)
    orders: FakeOrders = field(default_factory=FakeOrders)
    failed_batches: FakeFailedBatches = field(default_factory=FakeFailedBatches)
    time: VirtualTime = field(init=False)
    inbox: FakeInbox = field(init=False)
    publisher: FakePublisher = field(init=False)
    checkpoints: FakeCheckpoints = field(init=False)
    shops: FakeShops = field(init=False)
    shopify: VirtualShopify = field(init=False)
    erasures: FakeErasures = field(init=False)
    running: list[Process] = field(init=False)

    def __post_init__(self) -> None:
        self.erasures = self.orders.ledger = FakeErasures(self.clock)
        self.time = VirtualTime(self.clock)
        self.inbox = FakeInbox(self.clock)
        self.publisher = FakePublisher(self.inbox, self.clock)
        self.checkpoints = FakeCheckpoints(self.clock)
        self.checkpoints.ledger = self.erasures
        self.shops = FakeShops(self.clock)
        self.shopify = VirtualShopify(self.time)
        self.running = [Process(self, number) for number in range(self.processes)]

    def connect(self, user_id: str, its_orders: int) -> None:
        """A user with a shop of so many orders."""
        shop = shop_of(user_id)
        self.shops.connect(a_shop(user_id, shop))
        self.shopify.open(shop, orders(its_orders))

    def request(self, user_id: str) -> None:
        self.send(SyncRequest(key_of(user_id), f"request-{user_id}"))

    def send(self, message: Message) -> None:
        self.publisher.publish(message, timedelta(0))

    def run_until(self, done: Callable[[], bool], within: timedelta) -> None:
        """Let the processes work until it is so; AssertionError if it takes longer than that."""
        latest = self.clock.now() + within
        while not done():
            if self.clock.now() > latest:
                raise AssertionError(f"not so after {within}")
            self.step()

    def run_for(self, duration: timedelta) -> None:
        until = self.clock.monotonic() + duration.total_seconds()
        while self.clock.monotonic() < until:
            self.step(until)

    def step(self, latest: float | None = None) -> None:
        """Hand out what is visible, then let time pass until something is due."""
        for process in self.running:
            process.receive()
        # SQS hands a message to whoever happens to ask.
        self.running.append(self.running.pop(0))
        seen = self._next_visible() if any(process.free for process in self.running) else None
        times = [time for time in (seen, latest) if time is not None]
        self.time.pass_on(min(times, default=None))

    def end(self) -> None:
        for process in self.running:
            process.end()

    def run(self, user_id: str) -> Checkpoint:
        found = self.checkpoints.find(key_of(user_id))
        if found is None:
            raise AssertionError(f"no run of {user_id}")
        return found

    def stored(self) -> Counter[str]:
        """How many orders each user has in the table."""
        return Counter(user_id for user_id, _ in self.orders._orders)

    def _next_visible(self) -> float | None:
        at = min(map(_VISIBLE_AT, self.inbox.stored.values()), default=None)
        return None if at is None else self.clock.monotonic() + self._until(at)

    def _until(self, at: datetime) -> float:
        return max((at - self.clock.now()).total_seconds(), 0.0)


class Process:
    """A worker process; its threads are slots."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self.container = container = _container(world, FakeChance(seed))
        clock, observer = world.clock, container.observer()
        self.limit = container.dead_letter_limit()
        self._handle = handle_of(container, self.limit)
        pause = container.stopping()
        self._settle = SettleDelivery(world.inbox, observer, clock, container.chance(), pause)
        self._heartbeat = container.heartbeat()
        self._slots = [Slot() for _ in range(WORKERS)]
        world.time.every(container.settings().visibility / 3, self._heartbeat.tick)
        world.time.every(container.policy().stall_grace / 3, self._watch)
        world.time.every(timedelta(seconds=30), container.breakers().forget_idle)

    @property
    def free(self) -> list[Slot]:
        return [slot for slot in self._slots if slot.free]

    def receive(self) -> None:
        """Take messages, as many as there are slots for, until there are no more."""
        while free := self.free:
            messages = self._world.inbox.receive(min(len(free), MOST_AT_ONCE), timedelta(0))
            for slot, received in zip(free, messages, strict=False):
                slot.do(partial(self._work, received))
            if len(messages) < len(free):
                return

    def end(self) -> None:
        for slot in self._slots:
            slot.end()

    def _work(self, received: Received) -> None:
        began = self._world.clock.monotonic()
        with self._heartbeat.hold(received):
            handled = self._handle(received)
        self._settle(received, handled, began)

    def _watch(self) -> None:
        if self.container.breakers().calm(STATE):
            with suppress(Failure):  # as the chores do
                self.container.watchdog()(20)


def _container(world: World, chance: FakeChance) -> Container:
    urls = {"queue_url": "http://sqs.test/1/sync", "dlq_url": "http://sqs.test/1/dlq"}
    container = Container(settings=load(**urls, **world.settings), encode=encode)
    fakes: dict[Any, object] = {
        container.clock: world.clock,
        container.chance: chance,
        container.observer: world.observer,
        container.stopping: FakePause() if world.transport is None else VirtualPause(world.time),
        container.stored_checkpoints: world.checkpoints,
        container.failed_batches: world.failed_batches,
        container.shops: world.shops,
        container.erasures: world.erasures,
        container.user_records: FakeUserRecords(
            world.shops, world.checkpoints, world.failed_batches, world.orders, world.erasures
        ),
        container.stored_orders: world.orders,
        container.inbox: world.inbox,
        container.publisher: world.publisher,
    }
    if world.transport is None:
        fakes[container.shopify] = world.shopify
    else:
        fakes[container.transport] = world.transport
    for provider, fake in fakes.items():
        provider.override(providers.Object(fake))
    return container


def shop_of(user_id: str) -> str:
    return f"{user_id}.myshopify.com"


def key_of(user_id: str) -> RunKey:
    return RunKey(user_id, SyncType.MANUAL)
