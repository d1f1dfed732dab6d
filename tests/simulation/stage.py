"""What a schedule is played on: queues, tables, a shop and the network between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import msgspec

from adapters.dynamodb_order_items import OrderItem, order_item
from adapters.dynamodb_tables import TableNames, designs
from config.settings import Settings, load
from domain.messages import RunKey, SyncType
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_sqs.engine import StrictSqs
from tests.builders import SHOP, USER, a_shop
from tests.simulation.aws import Client, DynamoDB, Poison, Sqs
from tests.simulation.course import Course
from tests.simulation.history import History
from tests.simulation.ledger import Ledger
from tests.simulation.network import Network
from tests.simulation.shop import SimulatedShop
from tests.simulation.tables import CHECKPOINTS, ORDERS, SHOPS, Tables
from tests.simulation.temper import Temper
from tests.simulation.worker import Surroundings

KEYS = (RunKey(USER, SyncType.MANUAL), RunKey(USER, SyncType.DAILY))
"""Two runs that store the same orders."""
RACING, WATCHED, STORED_BEFORE, HEALTHY = 0.25, 0.8, 0.5, 0.6
"""Shares of the schedules: several at work on the same few orders; with a watchdog; (of the racing)
after an earlier sync; without an order that cannot be stored."""
_URL = "http://sqs.simulated/123456789012"


@cache
def settings(order_writes: str, max_attempts: int) -> Settings:
    """Short waits and small pages, so that much happens in few steps."""
    return load(
        queue_url=f"{_URL}/sync",
        dlq_url=f"{_URL}/sync-dlq",
        page_size=4,
        page_delay_manual=30,
        page_delay_daily=5,
        order_writes=order_writes,
        max_attempts=max_attempts,
        visibility_timeout=30,
        workers=8,
        stall_grace=60,
        daily_overlap=60,
        shutdown_grace=10,
    )


@dataclass(slots=True)
class Stage:
    """Everything that outlives a process."""

    course: Course
    temper: Temper
    settings: Settings
    has_watchdog: bool
    dynamodb: StrictDynamoDB
    sqs: StrictSqs
    tables: Tables
    history: History
    network: Network
    shop: SimulatedShop
    poison: Poison

    def surroundings(self) -> Surroundings:
        """What a process is put into."""
        return Surroundings(
            course=self.course,
            settings=self.settings,
            source=self.shop,
            sqs=lambda attempts, patience: Sqs(self._client(attempts, patience), self.sqs),
            dynamodb=lambda attempts, patience: DynamoDB(
                self._client(attempts, patience), self.dynamodb, self.poison
            ),
            message=self.tables.message,
            takes=self.history.takes,
        )

    def _client(self, attempts: int, patience: float) -> Client:
        return Client(self.network, attempts, patience)


def a_stage(course: Course) -> Stage:
    """As the seed has it."""
    random = course.random
    racing = random.random() < RACING
    temper = Temper.racing(random) if racing else Temper.of(random)
    chosen = settings(random.choice(("batch", "transaction")), random.choice((2, 1000)))
    has_watchdog = random.random() < WATCHED
    lag = random.choice((0.0, 0.0, 3.0))
    dynamodb = StrictDynamoDB(lambda: course.now, lambda: lag, page_size=3)
    for design in designs(TableNames(CHECKPOINTS, ORDERS, SHOPS)):
        dynamodb.create_table(**design.definition())
    sqs = StrictSqs(course.epoch_seconds, random)
    _create_queues(sqs, chosen, most_receives=random.choice((5, 15, 50)))
    tables = Tables(dynamodb, sqs, str(chosen.queue_url), str(chosen.dlq_url))
    transactions_only = chosen.order_writes == "transaction"
    history = History(course, tables, Ledger(course, tables), transactions_only)
    for table in dynamodb.tables.values():
        table.written = history.written
    largest = random.choice((2, 4, 7, 11))  # small ones: two runs have the same orders in hand
    shop = SimulatedShop(course, temper, history, random.randint(0, largest))
    tables.shop_orders = lambda: shop.orders
    poison = Poison(_poisonous(random))
    _connect(dynamodb)
    if racing and random.random() < STORED_BEFORE:
        _store_all(shop, dynamodb)
    network = Network(course, temper, history)
    return Stage(
        course,
        temper,
        chosen,
        has_watchdog,
        dynamodb,
        sqs,
        tables,
        history,
        network,
        shop,
        poison,
    )


def _create_queues(sqs: StrictSqs, chosen: Settings, most_receives: int) -> None:
    dead = sqs.create_queue(QueueName="sync-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    policy = (
        f'{{"deadLetterTargetArn": "{arn["Attributes"]["QueueArn"]}",'
        f' "maxReceiveCount": {most_receives}}}'
    )
    sqs.create_queue(
        QueueName="sync",
        Attributes={
            "VisibilityTimeout": str(int(chosen.visibility_timeout)),
            "RedrivePolicy": policy,
        },
    )


def _poisonous(random: Random) -> set[str]:
    if random.random() < HEALTHY:
        return set()
    return {str(random.randint(1, 12)) for _ in range(random.randint(1, 2))}


def _connect(dynamodb: StrictDynamoDB) -> None:
    shop: Any = {
        "userId": {"S": USER},
        "shop": {"S": SHOP},
        "accessToken": {"S": "shpat_simulated"},
    }
    dynamodb.put_item(TableName=SHOPS, Item=shop)


def _store_all(shop: SimulatedShop, dynamodb: StrictDynamoDB) -> None:
    """As an earlier sync has left them."""
    for order in shop.orders:
        item = order_item(a_shop(), order, shop.orders[0].updated_at.isoformat())
        if isinstance(item, OrderItem):
            dynamodb.put_item(TableName=ORDERS, Item=msgspec.json.decode(item.json))
