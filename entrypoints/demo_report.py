"""What the demo shows at its end: the evidence, and where to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from rich.console import Console

from domain.checkpoints import Checkpoint, RunStatus

METRICS = (
    "shopify_sync_pages_total{",
    "shopify_sync_orders_saved_total{",
    "shopify_sync_runs_total{",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is in the tables after the run."""

    run: Checkpoint
    items: int
    distinct: int
    sample: str
    in_shop: int

    @property
    def holds(self) -> bool:
        """Every order is in the table exactly once and was counted exactly once."""
        whole = self.items == self.distinct == self.run.totals.saved == self.in_shop
        return whole and self.run.status is RunStatus.COMPLETED and self.run.totals.failed == 0


def gather(client: Any, table: str, run: Checkpoint, in_shop: int) -> Evidence:
    """Read the user's orders back, as another service would."""
    ids: list[str] = []
    names: list[str] = []
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="userId = :user",
        ExpressionAttributeValues={":user": {"S": run.key.user_id}},
        ProjectionExpression="orderId, #name, totalPriceSet",
        ExpressionAttributeNames={"#name": "name"},
        ConsistentRead=True,
    )
    for page in pages:
        for item in page["Items"]:
            ids.append(item["orderId"]["S"])
            money = item["totalPriceSet"]["M"]["shopMoney"]["M"]
            names.append(
                f"{item['name']['S']} ({money['amount']['S']} {money['currencyCode']['S']})"
            )
    return Evidence(run, len(ids), len(set(ids)), ", ".join(names[:3]), in_shop)


def report(console: Console, evidence: Evidence, metrics_url: str) -> None:
    """Say what the demo has shown and what to type next."""
    run = evidence.run
    verdict = "[bold green]yes[/]" if evidence.holds else "[bold red]no[/]"
    console.print(
        f"\nOrders in the shop: {evidence.in_shop:,}; items in the table [bold]orders[/]: "
        f"{evidence.items:,}, of which distinct: {evidence.distinct:,}; counted by the run: "
        f"{run.totals.saved:,} in {run.page - 1} pages.\n"
        f"Every order exactly once: {verdict}. For instance {evidence.sample}.\n"
    )
    console.print(f"From the worker's metrics ({metrics_url}, since the restart):")
    for line in _metrics(metrics_url):
        console.print(f"  {line}", highlight=False, markup=False)
    console.print(
        "\nIt all ran in stand-ins that end with the demo. To look around by hand:\n"
        "  [bold]make sandbox[/]                 the same stand-ins, until Ctrl-C; says what to "
        "export\n"
        "  [bold]shopify-sync worker[/]          in another terminal; metrics at "
        "http://127.0.0.1:9090/metrics\n"
        "  [bold]shopify-sync publish merchant-1 --type manual --follow[/]\n"
        "Tables: sync_checkpoints (runs, failed batches), orders, shops. README.md tells the rest."
    )


def _metrics(url: str) -> list[str]:
    lines = requests.get(url, timeout=5).text.splitlines()
    return [line for line in lines if line.startswith(METRICS) and not line.endswith(" 0.0")]
