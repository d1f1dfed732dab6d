"""A sandbox, worker processes and what anybody outside can see of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests

from sandbox.processes import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBServiceResource
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
FAST = {
    "SYNC_PAGE_DELAY_INITIAL": "0",
    "SYNC_PAGE_DELAY_MANUAL": "0",
    "SYNC_PAGE_DELAY_DAILY": "0",
    "SYNC_VISIBILITY_TIMEOUT": "5",
    "SYNC_STALL_GRACE": "3",
    "SYNC_LOG_FORMAT": "json",
    "SYNC_HTTP_PORT": "0",
}


def wait_until(condition: Callable[[], Any], within: float = PATIENCE, what: str = "") -> Any:
    """The first truthy answer; fails the test if there is none within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {within} s: {what or condition}")


@dataclass(slots=True)
class Worker:
    """A worker process whose log lines can be read."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, within: float = 40.0) -> int:
        return self.process.wait(within)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class World:
    """Everything a test needs; settings can be changed for one worker."""

    sandbox: Sandbox
    folder: Path
    environment: dict[str, str]
    workers: list[Worker] = field(default_factory=list)

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

    def connect(self, user: str, shop: str, orders: int | None = None) -> None:
        """Connect the user's shop, made with so many orders."""
        if orders is not None:
            self.tell("POST", "/_sandbox/shops", {"domain": shop, "orders": orders, "plan": "plus"})
        token = f"shpat_sandbox_{shop.removesuffix('.myshopify.com')}"
        done = self.command("connect", user, shop, given=token)
        assert done.returncode == 0, done.stderr

    def publish(self, body: Mapping[str, object] | str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs().send_message(QueueUrl=self.environment["SYNC_QUEUE_URL"], MessageBody=text)

    def request(self, user: str, sync_type: str = "manual", **more: object) -> None:
        self.publish({"type": "sync-page", "userId": user, "syncType": sync_type, **more})

    def tell(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        answer = requests.request(
            method, self.sandbox.shopify_root + path, json=body, timeout=PATIENCE
        )
        answer.raise_for_status()
        return answer.json()

    def sqs(self) -> SQSClient:
        return boto3.client("sqs", **self._aws())

    def dynamodb(self) -> DynamoDBServiceResource:
        return boto3.resource("dynamodb", **self._aws())

    def checkpoint(self, user: str, sync_type: str = "manual") -> dict[str, Any]:
        table = self.dynamodb().Table("sync_checkpoints")
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
        pages = (
            self.dynamodb()
            .meta.client.get_paginator("query")
            .paginate(
                TableName="orders",
                KeyConditionExpression="userId = :u",
                ExpressionAttributeValues={":u": user},
                ProjectionExpression="orderId, syncedAt",
                ConsistentRead=True,
            )
        )
        items = [item for page in pages for item in page["Items"]]
        found = {str(item["orderId"]): str(item["syncedAt"]) for item in items}
        assert len(found) == len(items)
        return found

    def long_orders(self, user: str, lines: int) -> int:
        """How many of the user's orders have more line items than that."""
        pages = (
            self.dynamodb()
            .meta.client.get_paginator("query")
            .paginate(
                TableName="orders",
                KeyConditionExpression="userId = :u",
                FilterExpression="size(lineItems) > :lines",
                ExpressionAttributeValues={":u": user, ":lines": lines},
                ProjectionExpression="orderId",
            )
        )
        return sum(len(page["Items"]) for page in pages)

    def dead_letters(self) -> list[dict[str, Any]]:
        """Everything in the dead-letter queue; takes it out."""
        found: list[dict[str, Any]] = []
        url = self.environment["SYNC_DLQ_URL"]
        while True:
            messages: list[Any] = (
                self.sqs()
                .receive_message(
                    QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
                )
                .get("Messages", [])
            )
            if not messages:
                return found
            for message in messages:
                self.sqs().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += messages

    def depth(self, queue: str = "SYNC_QUEUE_URL") -> int:
        """Messages in the queue: visible, hidden and delayed."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        answer: Any = self.sqs().get_queue_attributes(
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
    """Queues of its own in the sandbox; ends every worker it started."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("SYNC_", "AWS_"))
    }
    environment = {**clean, **sandbox.environment(), **FAST, "PYTHONWARNINGS": "default"}
    for variable in ("SYNC_QUEUE_URL", "SYNC_DLQ_URL"):
        environment[variable] += f"-{folder.name}"[:40]
    world = World(sandbox, folder, environment)
    try:
        made = world.command("bootstrap")
        assert made.returncode == 0, made.stderr
        yield world
    finally:
        for worker in world.workers:
            worker.end()
