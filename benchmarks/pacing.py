"""How near a worker with `adaptive` comes to what a shop's rate limit allows.

    .venv/bin/python benchmarks/pacing.py rest                          # 50,000 orders, 80 s
    .venv/bin/python benchmarks/pacing.py graphql                       # 100 pages of 50, 7 minutes
    .venv/bin/python benchmarks/pacing.py rest --orders 5000 --chains 2

The simulated Shopify runs in a process of its own, over HTTP, with its rate limits on; REST's pages
are made before the clock starts, so that they take no time that Shopify would not take. The worker
is the daemon's own consumer with its threads, heartbeat and adapters; SQS and DynamoDB are the
sandbox's strict engines in the worker's process, but for the orders table, which takes every write
without looking. The clock runs from the request to the end of the run.

Ideal is the time in which the bucket, full at the beginning and empty at the end, gains what was
spent. It can only be kept to if a page takes less CPU than its share of it: the figures say how
much it took, and how busy the machine was.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import RLock, Thread
from typing import Any, cast

import msgspec
import requests
from dependency_injector import providers

from adapters.dynamodb_tables import TableNames, designs
from adapters.sqs_clients import SqsClients
from adapters.system_clock import SystemClock
from config.container import Container
from config.settings import load
from domain.checkpoints import Checkpoint, RunStatus
from domain.messages import RunKey, SyncRequest, SyncType
from domain.occurrences import WaitedForRateLimit
from domain.orders import PageRequest
from entrypoints.assembly import consumer_of
from entrypoints.messages import encode
from sandbox.processes import Server
from sandbox.shopify.shops import token_of
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from tests.builders import a_shop
from tests.fakes.observer import FakeObserver
from tests.strict_dynamodb import StrictClient
from tests.strict_sqs import StrictQueues

SHOP = "paced.myshopify.com"
USER = "user-1"
TICKS = os.sysconf("SC_CLK_TCK")
LOOK_EVERY = 0.005


@dataclass(frozen=True, slots=True)
class LongPolls:
    """The strict SQS with the long polls that it leaves to its caller, one call at a time."""

    client: Any
    lock: RLock = field(default_factory=RLock)

    def __getattr__(self, name: str) -> Any:
        def call(**asked: Any) -> Any:
            with self.lock:
                return getattr(self.client, name)(**asked)

        return self._receive if name == "receive_message" else call

    def _receive(self, **asked: Any) -> Any:
        until = time.monotonic() + asked.get("WaitTimeSeconds", 0)
        while True:
            with self.lock:
                answer = self.client.receive_message(**asked)
            if answer.get("Messages") or time.monotonic() >= until:
                return answer
            time.sleep(LOOK_EVERY)


class OrdersTable:
    """An orders table that is empty when it is read and takes every write.

    What a request costs to make is spent; what DynamoDB would do with it is not.
    """

    def __init__(self) -> None:
        self.written = 0

    def batch_get_item(self, **asked: Any) -> Any:
        msgspec.json.encode(asked)
        return {"Responses": {name: [] for name in asked["RequestItems"]}, "UnprocessedKeys": {}}

    def batch_write_item(self, **asked: Any) -> Any:
        msgspec.json.encode(asked)
        self.written += sum(len(writes) for writes in asked["RequestItems"].values())
        return {"UnprocessedItems": {}}


@dataclass
class Worker:
    """The daemon's objects over strict engines in this process."""

    url: str
    source: str
    page_size: int
    observer: FakeObserver = field(default_factory=FakeObserver)
    orders: OrdersTable = field(default_factory=OrdersTable)

    def __post_init__(self) -> None:
        self.clock = SystemClock()
        self.queues = queues = StrictQueues(cast("Any", self.clock))
        client = cast("Any", LongPolls(queues.client))
        dynamodb = StrictDynamoDB(time.time)
        for design in designs(TableNames("sync_checkpoints", "orders", "shops")):
            dynamodb.create_table(**design.definition())
        tables = StrictClient(dynamodb)
        kinds = {f"source_{each}": self.source for each in ("initial", "manual", "daily")}
        paces = {f"page_delay_{each}": "adaptive" for each in ("initial", "manual", "daily")}
        settings = load(
            queue_url=queues.urls.source,
            dlq_url=queues.urls.dlq,
            shopify_url=f"{self.url}/{{shop}}",
            page_size=self.page_size,
            **kinds,
            **paces,
        )
        self.container = Container(settings=settings, encode=encode)
        ours: dict[Any, object] = {
            self.container.observer: self.observer,
            self.container.dynamodb: tables,
            self.container.orders_client: self.orders,
            self.container.sqs_clients: SqsClients(client, client, client),
        }
        for provider, ours_of_it in ours.items():
            provider.override(providers.Object(ours_of_it))
        self.container.shops().connect(a_shop(USER, SHOP, token_of(SHOP)))

    def warm_up(self) -> None:
        """Have every page made that the run will ask for."""
        source, shop = self.container.sources()[self._name], a_shop(USER, SHOP, token_of(SHOP))
        cursor, first = None, True
        while first or cursor is not None:
            request = PageRequest(self.page_size, cursor, None, count=first)
            cursor, first = source.fetch_page(shop, request).next_cursor, False

    def run(self, chains: int) -> float:
        """The seconds from the request to the end of the last run."""
        keys = [RunKey(USER, each) for each in tuple(SyncType)[:chains]]
        consumer = consumer_of(self.container, self.container.dead_letter_limit())
        thread = Thread(target=consumer.run)
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)  # as the daemon does
        began = time.monotonic()
        for key in keys:
            self.container.publisher().publish(SyncRequest(key, key.sync_type.value), timedelta(0))
        thread.start()
        try:
            while not all(self._ended(key) for key in keys):
                time.sleep(0.02)
            return time.monotonic() - began
        finally:
            consumer.stop()
            thread.join()

    def pages(self, chains: int) -> int:
        return sum(self._run(RunKey(USER, each)).page - 1 for each in tuple(SyncType)[:chains])

    def saved(self, chains: int) -> int:
        keys = (RunKey(USER, each) for each in tuple(SyncType)[:chains])
        return sum(self._run(key).totals.saved for key in keys)

    @property
    def _name(self) -> Any:
        return self.container.policy().sources[SyncType.INITIAL]

    def _ended(self, key: RunKey) -> bool:
        run = self.container.checkpoints().find(key)
        if self.queues.bodies(self.queues.urls.dlq):
            raise SystemExit(f"dead letters: {run.last_error if run else 'no run'}")
        return run is not None and run.status is RunStatus.COMPLETED

    def _run(self, key: RunKey) -> Checkpoint:
        run = self.container.checkpoints().find(key)
        if run is None:
            raise LookupError(key)
        return run


def cpu(pid: int) -> float:
    """Seconds of the process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measured(options: argparse.Namespace, shopify: Server) -> dict[str, Any]:
    """One run of the worker against the simulated Shopify, in figures."""
    control = f"{shopify.url()}/_sandbox"
    declared = {"domain": SHOP, "orders": options.orders, "plan": options.plan, "seed": 5}
    if not options.ordinary:
        declared["most_lines"] = 1
    requests.post(f"{control}/shops", json=declared, timeout=60).raise_for_status()
    requests.post(f"{control}/limits", json={"enforced": False}, timeout=60).raise_for_status()
    if options.api == "rest":
        print("making the pages …", file=sys.stderr)
        Worker(control.removesuffix("/_sandbox"), options.api, options.page_size).warm_up()
    worker = Worker(control.removesuffix("/_sandbox"), options.api, options.page_size)
    requests.post(f"{control}/limits", json={"enforced": True}, timeout=60).raise_for_status()
    requests.delete(f"{control}/requests", timeout=60).raise_for_status()
    requests.delete(f"{control}/limits", timeout=60).raise_for_status()
    print("reading …", file=sys.stderr)
    before, load_before = (cpu(shopify.pid), time.process_time()), os.getloadavg()[0]
    seconds = worker.run(options.chains)
    spent_by = cpu(shopify.pid) - before[0], time.process_time() - before[1]
    use = requests.get(f"{control}/limits", timeout=60).json()["shops"][SHOP][options.api]
    asked = requests.get(f"{control}/requests", timeout=60).json()[SHOP]
    gained = use["spent"] - use["bucket"] + use["left"]
    ideal = max(use["spent"] - use["bucket"], 0.0) / use["restoreRate"]
    pages = worker.pages(options.chains)
    return {
        "orders": worker.saved(options.chains),
        "written": worker.orders.written,
        "pages": pages,
        "requests": asked["requests"],
        "outcomes": asked["outcomes"],
        "refused": use["refused"],
        "spent": use["spent"],
        "seconds": round(seconds, 2),
        "ideal": round(ideal, 2),
        "over ideal": f"{100 * (seconds / ideal - 1):.2f} %" if ideal else "?",
        "of the restore rate": f"{100 * gained / (use['restoreRate'] * seconds):.2f} %",
        "rate limit waits in the queue": len(worker.observer.of(WaitedForRateLimit)),
        "CPU s a page": {
            "Shopify": round(spent_by[0] / pages, 3),
            "worker with its AWS": round(spent_by[1] / pages, 3),
        },
        "load": [round(load_before, 1), round(os.getloadavg()[0], 1)],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("api", choices=["rest", "graphql"])
    parser.add_argument("--orders", type=int, help="50,000 by REST, 5,000 by GraphQL")
    parser.add_argument("--page-size", type=int, help="250 by REST, 50 by GraphQL")
    parser.add_argument("--chains", type=int, default=1, help="at once, of the same shop: 1 to 3")
    parser.add_argument("--plan", choices=["standard", "advanced", "plus"], default="standard")
    parser.add_argument("--ordinary", action="store_true", help="orders not of one line item each")
    options = parser.parse_args()
    is_rest = options.api == "rest"
    options.orders = options.orders or (50_000 if is_rest else 5_000)
    options.page_size = options.page_size or (250 if is_rest else 50)
    shopify = Server("shopify", ["--port", "0"])
    try:
        print(json.dumps(measured(options, shopify), indent=1, ensure_ascii=False))
    finally:
        shopify.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
