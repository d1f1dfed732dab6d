"""CPU that a worker spends on an order read through a bulk operation, beside one read by pages.

    .venv/bin/python benchmarks/bulk.py --orders 1000000 --by-pages 20000
    .venv/bin/python benchmarks/bulk.py --orders 50000 --by-pages 10000     # a few minutes

One worker process each, from the request to the completed run, against the sandbox. The orders
table answers without looking, so that a million orders need no room; checkpoints, queue and
Shopify are the sandbox's. Counted is the CPU of the worker from its second page on. Only the ratio
and the memory travel to another machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any, ClassVar
from urllib.parse import urlsplit

import boto3
import requests

from sandbox.http_server import LocalServer, QuietHandler
from sandbox.processes import Sandbox
from sandbox.shopify.shops import token_of

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = 250
KINDS = 2_000
"""Different orders in the shop; the others repeat them, so that a million are soon made."""
WORKER = {
    "SYNC_PAGE_DELAY_INITIAL": "0",
    "SYNC_WORKERS": "1",
    "SYNC_HTTP_PORT": "0",
    "SYNC_LOG_LEVEL": "WARNING",
    "SYNC_VISIBILITY_TIMEOUT": "120",
}
CANNED = {
    "DynamoDB_20120810.BatchWriteItem": b'{"UnprocessedItems":{}}',
    "DynamoDB_20120810.BatchGetItem": b'{"Responses":{"orders":[]},"UnprocessedKeys":{}}',
}


class WithoutOrders(QuietHandler):
    """DynamoDB whose orders go nowhere; the rest is passed on."""

    upstream: ClassVar[str]

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        body, target = self.body(), self.headers.get("X-Amz-Target", "")
        if target in CANNED:
            self.respond(200, {"Content-Type": "application/x-amz-json-1.0"}, CANNED[target])
            return
        connection = HTTPConnection(self.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        connection.request("POST", self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        named = {
            name: answer.headers[name]
            for name in ("Content-Type", "x-amz-crc32")
            if name in answer.headers
        }
        self.respond(answer.status, named, content)
        connection.close()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run took of its worker."""

    orders: int
    cpu: float
    wall: float
    early: int
    late: int
    peak: int

    @property
    def per_ten_thousand(self) -> float:
        return self.cpu / self.orders * 10_000


@dataclass(frozen=True, slots=True)
class Stage:
    """The sandbox, and the environment of who works against it."""

    sandbox: Sandbox
    environment: dict[str, str]

    def run(self, source: str, orders: int) -> Spent:
        """A whole run of one worker process."""
        user = f"by-{source}"
        shop = f"{user}.myshopify.com"
        declared = {"domain": shop, "orders": orders, "plan": "plus", "seed": 5, "kinds": KINDS}
        root = self.sandbox.shopify_root
        requests.post(f"{root}/_sandbox/shops", json=declared, timeout=60).raise_for_status()
        self.command("connect", user, shop, given=token_of(shop))
        self.command("publish", user, "--type", "initial")
        environment = {**self.environment, **WORKER, "SYNC_SOURCE_INITIAL": source}
        worker = subprocess.Popen(
            [sys.executable, "-m", "entrypoints", "worker"], cwd=ROOT, env=environment
        )
        try:
            return self._followed(user, worker.pid, orders)
        finally:
            worker.terminate()
            worker.wait(40)

    def command(self, *words: str, given: str | None = None) -> None:
        subprocess.run(
            [sys.executable, "-m", "entrypoints", *words],
            cwd=ROOT,
            env=self.environment,
            input=given,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _followed(self, user: str, pid: int, orders: int) -> Spent:
        began: tuple[float, float, int] | None = None
        early = late = 0
        while (run := self._checkpoint(user)).get("status") != "completed":
            if run.get("status") == "failed":
                raise SystemExit(f"the run failed: {run.get('lastError')}")
            page, now = int(run.get("page", 1)), time.monotonic()
            if began is None and page > 1:
                began = cpu(pid), now, page - 1
            if began is not None:
                late = max(late, memory(pid, "VmRSS"))
                early = early or (late if page * PAGE > orders // 10 else 0)
            time.sleep(0.5)
        if began is None:
            raise SystemExit("there are too few orders to measure")
        spent, since, pages = began
        return Spent(
            orders=orders - pages * PAGE,
            cpu=cpu(pid) - spent,
            wall=time.monotonic() - since,
            early=early,
            late=late,
            peak=memory(pid, "VmHWM"),
        )

    def _checkpoint(self, user: str) -> dict[str, Any]:
        client = boto3.client(
            "dynamodb",
            endpoint_url=self.sandbox.aws_url,
            region_name="us-east-1",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - opens nothing but the sandbox
        )
        item = client.get_item(
            TableName="sync_checkpoints",
            Key={"userId": {"S": user}, "syncType": {"S": "initial"}},
            ConsistentRead=True,
        ).get("Item", {})
        return {name: next(iter(value.values())) for name, value in item.items()}


def cpu(pid: int) -> float:
    """Seconds of the process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int, what: str) -> int:
    """Megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=50_000, help="through a bulk operation")
    parser.add_argument("--by-pages", type=int, default=10_000, help="by pages, to compare with")
    options = parser.parse_args()
    with Sandbox.start() as sandbox:
        upstream = urlsplit(sandbox.aws_url).netloc
        handler = type("Bound", (WithoutOrders,), {"upstream": upstream})
        with LocalServer(handler, 0, Event()) as database:
            inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SYNC_", "AWS_"))}
            environment = {**inherited, **sandbox.environment()}
            environment["AWS_ENDPOINT_URL_DYNAMODB"] = database.url
            stage = Stage(sandbox, environment)
            stage.command("bootstrap")
            pages = stage.run("graphql", options.by_pages)
            bulk = stage.run("bulk", options.orders)
    for name, spent in (("by pages", pages), ("bulk", bulk)):
        print(
            f"{name:8} {spent.orders:9,} orders {spent.cpu:8.1f} CPU s in {spent.wall:7.1f} s "
            f"{spent.per_ten_thousand:6.2f} CPU s per 10,000; MB: {spent.early} at a tenth, "
            f"{spent.late} at most after, {spent.peak} peak"
        )
    print(f"bulk / by pages: {bulk.per_ten_thousand / pages.per_ten_thousand:.2f}")
    print(json.dumps({"ratio": bulk.per_ten_thousand / pages.per_ten_thousand, "peak": bulk.peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
