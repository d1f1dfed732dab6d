"""The tables, the queues and the shop of a schedule, as somebody from outside looks at them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from adapters.dynamodb_order_items import updated_at_text
from domain.orders import Order
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.queue import Stored
from tests.simulation.course import EPOCH
from tests.simulation.rows import Row, is_run, read
from tests.simulation.tasks import Task, current

CHECKPOINTS, ORDERS, SHOPS = "sync_checkpoints", "orders", "shops"


@dataclass(slots=True)
class Tables:
    """Reads only."""

    dynamodb: StrictDynamoDB
    sqs: StrictSqs
    source_url: str
    dead_url: str
    shop_orders: Callable[[], Iterable[Order]] = tuple
    _told: set[int] = field(default_factory=set)

    def task(self) -> Task | None:
        """Who is at work."""
        return current()

    def run(self, user_id: str, sync_type: str) -> dict[str, Any] | None:
        return read(self.dynamodb.tables[CHECKPOINTS].items.get((user_id, sync_type)))

    def runs(self) -> Iterator[dict[str, Any]]:
        for item in list(self.dynamodb.tables[CHECKPOINTS].items.values()):
            if is_run(item):
                yield read(item) or {}

    def running(self) -> Iterator[dict[str, Any]]:
        return (run for run in self.runs() if run["status"] == "running")

    def failed_batches(self) -> list[Row]:
        items = self.dynamodb.tables[CHECKPOINTS].items
        return [item for (_, name), item in items.items() if name.endswith("_failed_orders")]

    def stored(self, user_id: str) -> dict[str, Row]:
        """The user's orders by id."""
        items = self.dynamodb.tables[ORDERS].items
        return {order: item for (user, order), item in items.items() if user == user_id}

    def key(self, run: Row) -> tuple[str, str]:
        return run["userId"], run["syncType"]

    def seconds(self, instant: str) -> float:
        """The instant as the course counts."""
        return (datetime.fromisoformat(instant) - EPOCH).total_seconds()

    def in_no_place(self, user_id: str, run_id: str, orders: Iterable[Order]) -> list[str]:
        """Those that are neither stored (as new as that, or newer) nor named in a failed batch."""
        stored, named = self.stored(user_id), self._named(run_id)
        return [
            order.order_id
            for order in orders
            if order.order_id not in named and _older(stored.get(order.order_id), order)
        ]

    def not_stored(self, user_id: str, until: str) -> list[str]:
        """Orders of the shop updated until then that are in neither place."""
        named = {i for batch in self.failed_batches() for i in _order_ids(batch)}
        stored, mark = self.stored(user_id), datetime.fromisoformat(until)
        return [
            order.order_id
            for order in self.shop_orders()
            if order.updated_at <= mark
            and order.order_id not in named
            and _older(stored.get(order.order_id), order)
        ]

    def message(self, body: str, message_id: str) -> Mapping[str, Any]:
        """The fields of a message; a request without an id goes by SQS's."""
        fields = _fields(body)
        return fields if "requestId" in fields else {"requestId": message_id, **fields}

    def messages(self, url: str) -> list[tuple[Stored, Mapping[str, Any]]]:
        return [(m, self.message(m.body, m.message_id)) for m in self.sqs.stored(url)]

    def dead_lettered_by_sqs(self) -> Iterator[Mapping[str, Any]]:
        """Messages that SQS itself has moved, each told once."""
        for stored, message in self.messages(self.dead_url):
            if stored.source is not None and stored.number not in self._told:
                self._told.add(stored.number)
                yield message

    def is_held_by(self, receipt: str) -> bool:
        """Whether the receipt is that of a message's latest delivery."""
        return any(stored.receipt == receipt for stored in self.sqs.stored(self.source_url))

    def is_carried(self, run: Row) -> bool:
        """Whether a message in the queue would carry the run on when it is delivered."""
        return any(_carries(message, run) for _, message in self.messages(self.source_url))

    def is_dead_lettered(self, run: Row) -> bool:
        """Whether a redrive would carry the failed run on."""
        return any(_carries(message, run) for _, message in self.messages(self.dead_url))

    def _named(self, run_id: str) -> set[str]:
        mine = [b for b in self.failed_batches() if f"#{run_id}#" in b["syncType"]["S"]]
        return {order_id for batch in mine for order_id in _order_ids(batch)}


def _carries(message: Mapping[str, Any], run: Row) -> bool:
    if message["type"] != "sync-page":
        return False
    if (message["userId"], message["syncType"]) != (run["userId"], run["syncType"]):
        return False
    if "chainId" in message:
        page = message["page"] if message["chainId"] == run["chainId"] else None
    else:
        page = run["requestPage"] if message["requestId"] == run["requestId"] else None
    if page is None:
        return False
    return bool(page == run["page"] or (page < run["page"] and run["publishedPage"] < run["page"]))


def _order_ids(batch: Row) -> list[str]:
    return [each["S"] for each in batch["orderIds"]["L"]]


def _older(stored: Row | None, order: Order) -> bool:
    return stored is None or stored["updatedAt"]["S"] < updated_at_text(order.updated_at)


@lru_cache(maxsize=4096)
def _fields(body: str) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = json.loads(body)
    return fields
