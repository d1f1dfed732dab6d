"""CPU that a worker spends on an order between Shopify's answer and DynamoDB's, side by side.

    .venv/bin/python benchmarks/write_path.py

Reads pages of 250 orders from the simulated Shopify, and stores them (a) as the daemon does and
(b) as boto3 does by itself (TypeSerializer, default client), both against a server that answers
without looking. Times are of this process alone. Only the ratio travels to another machine.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process, Queue
from typing import Any

import boto3
import msgspec
from boto3.dynamodb.types import TypeSerializer

from config.container import Container
from config.settings import load
from domain.leases import FixedLease
from domain.messages import Message
from domain.orders import Order, PageRequest
from domain.shops import ConnectedShop, Tokens
from sandbox.processes import Sandbox

PAGES = 8
NOTHING = b'{"Items":[],"Responses":{}}'
SHOP = ConnectedShop("benchmark", "big-shop.myshopify.com", Tokens("shpat_sandbox_big-shop"))


class Canned(BaseHTTPRequestHandler):
    """Answers every call of DynamoDB's as one that found nothing."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(NOTHING)))
        self.end_headers()
        self.wfile.write(NOTHING)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(ports: Queue[int]) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Canned)
    ports.put(server.server_address[1])
    server.serve_forever()


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def by_boto3(client: Any, orders: tuple[Order, ...]) -> None:
    serializer = TypeSerializer()
    items = [
        {
            name: serializer.serialize(value)
            for name, value in {**order.fields, "userId": "u", "orderId": order.order_id}.items()
        }
        for order in orders
    ]
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={"orders": puts})


def encode(message: Message) -> str:
    return repr(message)


def main() -> None:
    ports: Queue[int] = Queue()
    canned = Process(target=serve, args=(ports,), daemon=True)
    canned.start()
    with Sandbox.start() as sandbox:
        os.environ.update(sandbox.environment())
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ports.get()}"
        container = Container(settings=load(), encode=encode)
        source, store, clock = container.shopify(), container.orders(), container.clock()
        plain = boto3.client("dynamodb", region_name="us-east-1")
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        spent = {"read": 0.0, "store": 0.0, "store, by boto3 alone": 0.0}
        size, cursor, count = 0, None, 0
        for number in range(1 + PAGES):
            if number == 1:  # the first page has made the clients' connections and models
                spent, size, count = dict.fromkeys(spent, 0.0), 0, 0
            pages: list[Any] = []
            request = PageRequest(250, cursor, None, count=False)
            spent["read"] += cpu(lambda: pages.append(source.fetch_page(SHOP, request)))  # noqa: B023 - called at once
            (page,) = pages
            cursor, count = page.next_cursor, count + len(page.orders)
            size += sum(len(msgspec.json.encode(order.fields)) for order in page.orders)
            lease = FixedLease.lasting(clock, timedelta(minutes=5))
            spent["store"] += cpu(lambda: store.save(SHOP, page.orders, lease))  # noqa: B023 - same
            spent["store, by boto3 alone"] += cpu(lambda: by_boto3(plain, page.orders))  # noqa: B023 - same
        print(f"{count} orders of {size / count / 1000:.1f} KB of JSON on average")
        for name, seconds in spent.items():
            print(f"{name:24} {seconds / count * 10_000:6.2f} CPU s per 10,000 orders")
        print(f"boto3 alone / ours: {spent['store, by boto3 alone'] / spent['store']:.1f}")
    canned.terminate()


if __name__ == "__main__":
    main()
