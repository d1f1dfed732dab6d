"""A sandbox, worker processes and what anybody outside can see of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests

from adapters.dynamodb_shops import DynamoShops
from adapters.sqs_clients import QueueUrls
from adapters.sqs_queues import create_queues
from adapters.system_clock import SystemClock
from domain.shops import ConnectedShop, Tokens
from sandbox.processes import Sandbox
from sandbox.shopify.shops import token_of
from tests.e2e.running import PATIENCE, ROOT, Worker, settings_for, wait_until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_sqs import SQSClient


@dataclass(slots=True)
class World:
    """Everything a test needs; settings can be changed for one worker."""

    sandbox: Sandbox
    folder: Path
    environment: dict[str, str]
    workers: list[Worker] = field(default_factory=list)
    sqs: SQSClient = field(init=False)
    client: DynamoDBClient = field(init=False)
    dynamodb: DynamoDBServiceResource = field(init=False)

    def __post_init__(self) -> None:
        self.sqs = boto3.client("sqs", **self._aws())
        self.client = boto3.client("dynamodb", **self._aws())
        self.dynamodb = boto3.resource("dynamodb", **self._aws())

    def close(self) -> None:
        """End every worker that was started."""
        for worker in self.workers:
            worker.end()
        self.sqs.close()
        self.client.close()
        self.dynamodb.meta.client.close()

    def make_queues(self) -> None:
        urls = QueueUrls(self.environment["SYNC_QUEUE_URL"], self.environment["SYNC_DLQ_URL"])
        visibility = float(self.environment["SYNC_VISIBILITY_TIMEOUT"])
        create_queues(self.sqs, urls, timedelta(seconds=visibility))

    def command(
        self, *arguments: str, given: str | None = None, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `shopify-sync …` and wait for it."""
        return subprocess.run(
            [sys.executable, "-m", "entrypoints", *arguments],
            cwd=ROOT,
            env={**self.environment, **settings},
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def worker(self, **settings: str) -> Worker:
        log = self.folder / f"worker-{len(self.workers)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints", "worker"],
                cwd=ROOT,
                env={**self.environment, **settings},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.workers.append(Worker(process, log))
        return self.workers[-1]

    def connect(
        self, user: str, shop: str, orders: int | None = None, most_lines: int | None = None
    ) -> None:
        """Connect the user's shop, made with so many orders of so many line items at most.

        As the command `connect` would, which takes a second to start.
        """
        if orders is not None:
            made = {"domain": shop, "orders": orders, "plan": "plus", "most_lines": most_lines}
            self.tell("POST", "/_sandbox/shops", made)
        shops = DynamoShops(self.client, "shops", SystemClock())
        shops.connect(ConnectedShop(user, shop, Tokens(token_of(shop))))

    def publish(self, body: Mapping[str, object] | str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.environment["SYNC_QUEUE_URL"], MessageBody=text)

    def request(self, user: str, sync_type: str = "manual", **more: object) -> None:
        self.publish({"type": "sync-page", "userId": user, "syncType": sync_type, **more})

    def tell(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        answer = requests.request(
            method, self.sandbox.shopify_root + path, json=body, timeout=PATIENCE
        )
        answer.raise_for_status()
        return answer.json()

    def checkpoint(self, user: str, sync_type: str = "manual") -> dict[str, Any]:
        table = self.dynamodb.Table("sync_checkpoints")
        key = {"userId": user, "syncType": sync_type}
        return dict(table.get_item(Key=key, ConsistentRead=True).get("Item", {}))

    def completed(
        self, user: str, sync_type: str = "manual", within: float = PATIENCE
    ) -> dict[str, Any]:
        """The checkpoint, once the run is completed."""

        def done() -> dict[str, Any] | None:
            found = self.checkpoint(user, sync_type)
            return found if found.get("status") == "completed" else None

        found: dict[str, Any] = wait_until(done, within, f"run of {user} completed")
        return found

    def reached(self, user: str, page: int, sync_type: str = "manual") -> None:
        """Return once the run's next page is that one, or one after it."""
        wait_until(
            lambda: self.checkpoint(user, sync_type).get("page", 0) >= page,
            what=f"page {page} of {user}",
        )

    def stored(self, user: str) -> dict[str, str]:
        """When each of the user's orders was stored, by order id."""
        pages = self.dynamodb.meta.client.get_paginator("query").paginate(
            TableName="orders",
            KeyConditionExpression="userId = :u",
            ExpressionAttributeValues={":u": user},
            ProjectionExpression="orderId, syncedAt",
            ConsistentRead=True,
        )
        items = [item for page in pages for item in page["Items"]]
        found = {str(item["orderId"]): str(item["syncedAt"]) for item in items}
        assert len(found) == len(items)
        return found

    def long_orders(self, user: str, lines: int) -> int:
        """How many of the user's orders have more line items than that."""
        pages = self.dynamodb.meta.client.get_paginator("query").paginate(
            TableName="orders",
            KeyConditionExpression="userId = :u",
            FilterExpression="size(lineItems) > :lines",
            ExpressionAttributeValues={":u": user, ":lines": lines},
            ProjectionExpression="orderId",
        )
        return sum(len(page["Items"]) for page in pages)

    def dead_letters(self) -> list[dict[str, Any]]:
        """Everything in the dead-letter queue; takes it out."""
        found: list[dict[str, Any]] = []
        url = self.environment["SYNC_DLQ_URL"]
        while True:
            messages: list[Any] = self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            ).get("Messages", [])
            if not messages:
                return found
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += messages

    def depth(self, queue: str = "SYNC_QUEUE_URL") -> int:
        """Messages in the queue: visible, hidden and delayed."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        answer: Any = self.sqs.get_queue_attributes(
            QueueUrl=self.environment[queue],
            AttributeNames=names,  # type: ignore[arg-type]
        )
        return sum(int(value) for value in answer["Attributes"].values())

    def _aws(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.environment["AWS_ENDPOINT_URL"],
            "region_name": self.environment["AWS_REGION"],
            "aws_access_key_id": "sandbox",
            "aws_secret_access_key": "sandbox",
        }


@contextmanager
def a_world(sandbox: Sandbox, folder: Path) -> Iterator[World]:
    """Queues of its own in a sandbox that has the tables; ends every worker it started."""
    environment = settings_for(sandbox)
    for variable in ("SYNC_QUEUE_URL", "SYNC_DLQ_URL"):
        environment[variable] += f"-{folder.name}"[:40]
    world = World(sandbox, folder, environment)
    try:
        world.make_queues()
        yield world
    finally:
        world.close()
