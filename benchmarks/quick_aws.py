"""SQS and DynamoDB over HTTP that answer as quickly as AWS does, to measure a worker that is busy.

    .venv/bin/python -m benchmarks.quick_aws --latency 4 a-queue another

The sandbox's DynamoDB works on one call at a time and takes milliseconds of CPU for it: a worker
spends its life waiting. Here the strict engines answer, each call after its latency (ms). Prints
its address; ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from adapters.dynamodb_tables import TableNames, designs
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_dynamodb.refusals import Refusal
from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.refusals import Refused

ROOT = Path(__file__).parents[1]
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LOOK_EVERY = 0.002
_HEAD = (
    "HTTP/1.1 {status} OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "x-amzn-RequestId: quick\r\nContent-Length: {length}\r\n\r\n"
)


class QuickAws:
    """Both engines; every call is answered at once and arrives `latency` seconds later."""

    def __init__(self, latency: float, queues: tuple[str, ...], names: TableNames) -> None:
        self._latency = latency
        self._dynamodb = StrictDynamoDB(time.time)
        self._sqs = StrictSqs(time.time)
        for name in queues:
            self._sqs.create_queue(QueueName=name)
        for design in designs(names):
            self._dynamodb.create_table(**design.definition())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive until the other side ends it."""
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                return
            headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in head)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            status, answer = await self._answer(headers["x-amz-target"], msgspec.json.decode(body))
            content = msgspec.json.encode(answer)
            writer.write(_HEAD.format(status=status, length=len(content)).encode() + content)

    async def _answer(self, target: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        service, _, operation = target.partition(".")
        engine: Any = self._sqs if service == "AmazonSQS" else self._dynamodb
        method = getattr(engine, _WORDS.sub("_", operation).lower())
        until = asyncio.get_running_loop().time() + int(asked.pop("WaitTimeSeconds", 0))
        try:
            while True:
                answer: dict[str, Any] = method(**asked)
                late = asyncio.get_running_loop().time() >= until
                if operation != "ReceiveMessage" or answer.get("Messages") or late:
                    break
                await asyncio.sleep(_LOOK_EVERY)
        except Refusal as refusal:
            code = f"com.amazonaws.dynamodb.v20120810#{refusal.code}"
            return 400, {"__type": code, "message": refusal.message, **refusal.more}
        except Refused as refused:
            kind = f"com.amazonaws.sqs#{refused.shape}"
            return refused.status, {"__type": kind, "message": refused.message}
        await asyncio.sleep(self._latency)
        return 200, answer


async def _serve(latency: float, queues: tuple[str, ...]) -> None:
    names = TableNames("sync_checkpoints", "orders", "shops")
    aws = QuickAws(latency, queues, names)
    server = await asyncio.start_server(aws.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def started(latency: float, *queues: str) -> Iterator[str]:
    """Its address, while it runs as a process of its own."""
    command = [sys.executable, "-m", "benchmarks.quick_aws", "--latency", str(latency), *queues]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.stdin.close()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=4.0, help="milliseconds")
    parser.add_argument("queues", nargs="+")
    options = parser.parse_args()
    asyncio.run(_serve(options.latency / 1000, tuple(options.queues)))


if __name__ == "__main__":
    main()
