"""The demo: everything on this machine, in under a minute, with a worker killed on the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from config.container import Container
from config.settings import load
from domain.checkpoints import Checkpoint, RunStatus
from domain.messages import RunKey, SyncType
from entrypoints.demo_report import gather, report
from entrypoints.messages import encode
from entrypoints.progress import RunProgress
from sandbox.processes import DEMO_SHOP, Sandbox
from sandbox.shopify.shops import SHOPS_FOR_PEOPLE, Shop

USER = "demo-merchant"
KEY = RunKey(USER, SyncType.INITIAL)
LONGEST = 55.0
"""Seconds after which the demo gives up: it promises to end in under a minute."""
COMPRESSED = {
    "SYNC_PAGE_DELAY_INITIAL": "1",
    "SYNC_VISIBILITY_TIMEOUT": "5",
    "SYNC_STALL_GRACE": "5",
    "SYNC_LOG_FORMAT": "json",
    "SYNC_LOG_LEVEL": "INFO",
}


class DemoFailed(Exception):
    """The demo did not show what it promises; the text says what was missing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: the environment of its processes and where they write their logs."""

    environment: dict[str, str]
    folder: Path
    console: Console
    deadline: float
    port: int
    """Of the workers' ops server."""

    def command(self, *arguments: str, given: str = "") -> None:
        """Run a command as a person would; raises DemoFailed if it does not succeed."""
        self.console.print(f"[dim]$[/] shopify-sync {' '.join(arguments)}", highlight=False)
        done = subprocess.run(
            [sys.executable, "-m", "entrypoints", *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoFailed(f"shopify-sync {arguments[0]}: {done.stderr.strip()}")

    @contextmanager
    def worker(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process; ended by SIGTERM if it is still there at the end."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints", "worker"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()


def run(console: Console) -> bool:
    """Play the demo; True if every order ended up in the table exactly once."""
    began = time.monotonic()
    console.print(
        "[bold]shopify-sync demo[/]: a simulated shop, SQS and DynamoDB stand-ins, a real worker "
        "process.\nThe waits are compressed: 1 s between pages instead of 2 minutes, and a killed "
        "worker's page comes back after 5 s instead of 2 minutes.\n"
    )
    with Sandbox.start() as sandbox, tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        environment = {**_without_settings(), **sandbox.environment(), **COMPRESSED}
        environment["SYNC_HTTP_PORT"] = str(port)
        stage = Stage(environment, Path(folder), console, began + LONGEST, port)
        return _play(stage, sandbox)


def _play(stage: Stage, sandbox: Sandbox) -> bool:
    os.environ.update(stage.environment)
    container = Container(settings=load(), encode=encode)
    stage.command("bootstrap")
    stage.command("connect", USER, DEMO_SHOP, given=sandbox.environment()["SANDBOX_TOKEN"])
    with stage.worker("first") as first:
        stage.command("publish", USER, "--type", KEY.sync_type.value)
        half = _watch(stage, container, until_half=True)
        first.send_signal(signal.SIGKILL)
        first.wait()
    stage.console.print(
        f"\n[bold red]worker killed[/] (SIGKILL) after {half.totals.saved:,} orders, in the middle "
        f"of page {half.page}. A new worker is started; the page's message comes back to it after "
        "the visibility time-out, and it goes on from the checkpoint.\n"
    )
    with stage.worker("second"):
        whole = _watch(stage, container, until_half=False)
        in_shop = _shop(DEMO_SHOP).orders
        table = container.settings().orders_table
        evidence = gather(container.dynamodb(), table, whole, in_shop)
        report(stage.console, evidence, f"http://127.0.0.1:{stage.port}/metrics")
    return evidence.holds


def _watch(stage: Stage, container: Container, *, until_half: bool) -> Checkpoint:
    """Show the run's progress until it is half-way or has ended; its checkpoint then."""
    checkpoints = container.checkpoints()
    with RunProgress(stage.console) as progress:
        while time.monotonic() < stage.deadline:
            found = checkpoints.find(KEY)
            if found is not None:
                progress.show(found, container.clock().now())
                if found.status is RunStatus.FAILED:
                    message = found.last_error.message if found.last_error else "unknown"
                    raise DemoFailed(f"the run failed: {message}")
                if found.status is RunStatus.COMPLETED:
                    return found
                if until_half and _in_the_middle(found, container.clock().now()):
                    return found
            time.sleep(0.25)
    raise DemoFailed(f"not done within {LONGEST:.0f} s: this machine is too slow for the demo")


def _in_the_middle(run: Checkpoint, now: datetime) -> bool:
    """Half of the orders are stored, and a worker is at work on the next page."""
    expected = run.totals.expected
    return expected is not None and run.totals.saved * 2 >= expected and run.leased(now)


def _without_settings() -> dict[str, str]:
    """Nothing of the person's own settings and AWS account gets into the demo."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("SYNC_", "AWS_"))
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _shop(domain: str) -> Shop:
    return next(shop for shop in SHOPS_FOR_PEOPLE if shop.domain == domain)
