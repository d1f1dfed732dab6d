"""CPU that a worker spends on a daily sync that finds nothing, and the requests that it takes.

    .venv/bin/python benchmarks/empty_daily.py
    .venv/bin/python benchmarks/empty_daily.py --shops 100 --rounds 5 --source rest
    .venv/bin/python benchmarks/empty_daily.py --aws quick --latency 4

One worker process against the sandbox, whose servers are processes of their own. Each shop is
synchronised once beforehand; then every round asks for a daily sync of each, as `publish-daily`
does. Counted is the worker's CPU, of all its threads, from the first message of the first round to
the last of the last, over the number of syncs: polls, heartbeats and metrics included.

The sandbox's DynamoDB takes long and works on one call at a time: the worker mostly waits, and what
is cold when it goes on costs more. With `--aws quick` answers come after `--latency` ms, so that it
is busy as it is when a night's daily syncs are due.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import requests

from benchmarks.quick_aws import started
from sandbox.processes import DLQ, QUEUE, Sandbox
from sandbox.shopify.shops import token_of

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
WORKER = {"SYNC_HTTP_PORT": "0", "SYNC_LOG_LEVEL": "WARNING", "SYNC_PAGE_DELAY_DAILY": "0"}
AWS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "sandbox",
    "aws_secret_access_key": "sandbox",
}
"""Opens nothing but the sandbox."""
LOOK_EVERY = 0.2
LONGEST_ROUND = 120.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The sandbox with its shops, one for each user."""

    sandbox: Sandbox
    environment: dict[str, str]
    users: tuple[str, ...]

    def bootstrap(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "entrypoints", "bootstrap"],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def connect(self) -> None:
        for user in self.users:
            declared = {"domain": shop_of(user), "orders": 1, "plan": "plus"}
            address = f"{self.sandbox.shopify_root}/_sandbox/shops"
            requests.post(address, json=declared, timeout=60).raise_for_status()
            self._client("dynamodb").put_item(
                TableName="shops",
                Item={
                    "userId": {"S": user},
                    "shop": {"S": shop_of(user)},
                    "accessToken": {"S": token_of(shop_of(user))},
                    "status": {"S": "connected"},
                },
            )

    def ask(self, number: int) -> None:
        """A daily sync of every shop."""
        client, queue = self._client("sqs"), self.environment["SYNC_QUEUE_URL"]
        for start in range(0, len(self.users), 10):
            entries = [
                {"Id": str(place), "MessageBody": json.dumps(_request(user, number))}
                for place, user in enumerate(self.users[start : start + 10])
            ]
            client.send_message_batch(QueueUrl=queue, Entries=entries)

    def wait_until_done(self, number: int) -> None:
        """Until the runs of that request are completed."""
        client = self._client("dynamodb")
        wanted = {f"{user}-{number}" for user in self.users}
        done: set[str] = set()
        until = time.monotonic() + LONGEST_ROUND
        while done != wanted:
            if time.monotonic() > until:
                raise SystemExit(f"{len(wanted - done)} syncs are not done in {LONGEST_ROUND:g} s")
            time.sleep(LOOK_EVERY)
            pages = client.get_paginator("scan").paginate(TableName="sync_checkpoints")
            items = [item for page in pages for item in page["Items"]]
            if any(item.get("status") == {"S": "failed"} for item in items):
                raise SystemExit("a run failed")
            done = {
                item["requestId"]["S"]
                for item in items
                if item.get("status") == {"S": "completed"} and "requestId" in item
            } & wanted

    def requests_to_shopify(self) -> int:
        state = requests.get(f"{self.sandbox.shopify_root}/_sandbox/requests", timeout=60).json()
        return sum(shop["requests"] for shop in state.values())

    def _client(self, service: Any) -> Any:
        return boto3.client(service, endpoint_url=self.sandbox.aws_url, **AWS)  # type: ignore[call-overload]  # any service


def shop_of(user: str) -> str:
    return f"{user}.myshopify.com"


def _request(user: str, number: int) -> dict[str, str]:
    asked = {"type": "sync-page", "userId": user, "syncType": "daily"}
    return {**asked, "requestId": f"{user}-{number}"}


def cpu(pid: int) -> float:
    """Seconds of the process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(stage: Stage, source: str, rounds: int) -> dict[str, float]:
    """Of one worker: milliseconds of CPU, requests to Shopify, and seconds, all of one sync."""
    environment = {**stage.environment, **WORKER, "SYNC_SOURCE_DAILY": source}
    profile = os.environ.get("PROFILE_WORKER", "").split()
    worker = subprocess.Popen(
        [*(profile or [sys.executable, "-m"]), "entrypoints", "worker"], cwd=ROOT, env=environment
    )
    try:
        for number in range(2):  # the first reads everything, the second warms up
            stage.ask(number)
            stage.wait_until_done(number)
        spent, asked, began = cpu(worker.pid), stage.requests_to_shopify(), time.monotonic()
        for number in range(2, rounds + 2):
            stage.ask(number)
            stage.wait_until_done(number)
        syncs = rounds * len(stage.users)
        return {
            "cpuMilliseconds": round((cpu(worker.pid) - spent) * 1000 / syncs, 2),
            "shopifyRequests": (stage.requests_to_shopify() - asked) / syncs,
            "seconds": round((time.monotonic() - began) / syncs, 4),
        }
    finally:
        worker.terminate()
        worker.wait(40)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--source", choices=["graphql", "rest", "bulk"], default="graphql")
    parser.add_argument("--aws", choices=["quick", "sandbox"], default="sandbox")
    parser.add_argument("--latency", type=float, default=4.0, help="of the quick AWS, ms")
    options = parser.parse_args()
    quick = started(options.latency, QUEUE, DLQ) if options.aws == "quick" else nullcontext()
    with Sandbox.start() as started_one, quick as url:
        sandbox = replace(started_one, aws_url=url) if url else started_one
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SYNC_", "AWS_"))}
        users = tuple(f"shop-{number}" for number in range(options.shops))
        stage = Stage(sandbox, {**inherited, **sandbox.environment()}, users)
        if not url:
            stage.bootstrap()
        stage.connect()
        print(json.dumps(measure(stage, options.source, options.rounds)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
