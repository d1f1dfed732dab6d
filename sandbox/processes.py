"""Both servers as child processes that cannot outlive whoever started them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Self

from sandbox.ports import AWS_PORT, SHOPIFY_PORT
from sandbox.shopify.shops import token_of
from sandbox.shopify.tokens import CLIENT_ID, CLIENT_SECRET

ACCOUNT = "123456789012"
REGION = "us-east-1"
QUEUE = "shopify-sync"
DLQ = "shopify-sync-dlq"
DEMO_SHOP = "demo-shop.myshopify.com"
START_WITHIN = 30.0
STOP_WITHIN = 5.0


class NotStarted(Exception):
    """A server did not come up; says which one and what it wrote."""


class Server:
    """`python -m sandbox …` as a child.

    It ends when its standard input is closed: so it ends too if this process dies, however it does.
    """

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        command = [sys.executable, "-m", "sandbox", name, "--end-with-parent", *arguments]
        self._name = name
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            start_new_session=True,
        )

    def url(self) -> str:
        """The address, once it listens; NotStarted if it does not within 30 s."""
        lines: list[bytes] = []
        out = self._process.stdout
        if out is None:
            raise NotStarted(self._name)
        reader = Thread(target=lambda: lines.append(out.readline()), daemon=True)
        reader.start()
        reader.join(START_WITHIN)
        if not lines or not lines[0]:
            self.stop()
            raise NotStarted(f"the sandbox's {self._name} server did not start")
        return str(json.loads(lines[0])["url"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> int:
        """End it, if need be by force after 5 s; returns its exit code."""
        process = self._process
        process.terminate()
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        return process.returncode


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox, running. `shopify_url` holds `{shop}` where a shop's domain goes."""

    aws: Server
    shopify: Server
    aws_url: str
    shopify_root: str

    @classmethod
    def start(cls, aws_port: int = 0, shopify_port: int = 0, options: Sequence[str] = ()) -> Self:
        """Start both servers (port 0: any that is free); `options` are Shopify's own."""
        aws = Server("aws", ["--port", str(aws_port)])
        shopify = Server("shopify", ["--port", str(shopify_port), *options])
        try:
            return cls(aws, shopify, aws.url(), shopify.url())
        except BaseException:
            aws.stop()
            shopify.stop()
            raise

    @classmethod
    def for_people(cls) -> Self:
        """Start both servers at the ports that the documentation names."""
        return cls.start(AWS_PORT, SHOPIFY_PORT)

    @property
    def shopify_url(self) -> str:
        return f"{self.shopify_root}/{{shop}}"

    def environment(self) -> dict[str, str]:
        """What to export so that the product, and anything of AWS's, talks to this sandbox."""
        return {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SYNC_SHOPIFY_URL": self.shopify_url,
            "SYNC_SHOPIFY_CLIENT_ID": CLIENT_ID,
            "SYNC_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
            "SYNC_QUEUE_URL": f"{self.aws_url}/{ACCOUNT}/{QUEUE}",
            "SYNC_DLQ_URL": f"{self.aws_url}/{ACCOUNT}/{DLQ}",
            "SANDBOX_SHOP": DEMO_SHOP,
            "SANDBOX_TOKEN": token_of(DEMO_SHOP),
        }

    def stop(self) -> None:
        """End both servers; returns when they have ended."""
        self.shopify.stop()
        self.aws.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
