"""Where it all happens: the sandbox, and the faults between the workers and AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.aws.fates import Rates
from sandbox.processes import Sandbox, Server
from tests.chaos.options import LEASE, Options
from tests.chaos.shops import tell
from tests.e2e.running import ROOT

CONTROL = "/_sandbox/faults"


@dataclass(frozen=True, slots=True)
class Ground:
    """`direct` is the environment without faults, `workers` theirs."""

    shopify_root: str
    proxy_url: str
    direct: dict[str, str]
    workers: dict[str, str]

    def calm(self) -> None:
        """No faults from now on."""
        tell("DELETE", self.proxy_url + CONTROL)

    def faults(self) -> dict[str, Any]:
        state: dict[str, Any] = tell("GET", self.proxy_url + CONTROL)
        return state


@contextmanager
def ground(options: Options) -> Iterator[Ground]:
    """Servers with empty tables and queues; they end with the context."""
    with Sandbox.start() as sandbox:
        arguments = ["--port", "0", "--upstream", sandbox.aws_url, "--seed", str(options.seed)]
        proxy = Server("faults", [*arguments, *_rates(options.rates)])
        try:
            url = proxy.url()
            direct = {**_without_settings(), **sandbox.environment(), **_settings(options)}
            _bootstrap(direct)
            workers = {**direct, "AWS_ENDPOINT_URL": url}
            yield Ground(sandbox.shopify_root, url, direct, workers)
        finally:
            proxy.stop()


def _settings(options: Options) -> dict[str, str]:
    return {
        "SYNC_PAGE_SIZE": str(options.page_size),
        "SYNC_PAGE_DELAY_INITIAL": "0",
        "SYNC_PAGE_DELAY_MANUAL": "0",
        "SYNC_PAGE_DELAY_DAILY": "0",
        "SYNC_ORDER_WRITES": options.writes,
        "SYNC_VISIBILITY_TIMEOUT": f"{LEASE:g}",
        "SYNC_STALL_GRACE": f"{LEASE + 3:g}",  # a message that comes back is sooner than that
        "SYNC_SHUTDOWN_GRACE": "5",
        "SYNC_DAILY_OVERLAP": "2",
        "SYNC_WORKERS": "2",
        "SYNC_HTTP_PORT": "0",
        "SYNC_LOG_FORMAT": "json",
        "SYNC_LOG_LEVEL": "DEBUG",
    }


def _rates(rates: Rates) -> list[str]:
    shares = {f"--{mishap}": str(share) for mishap, share in rates.shares.items()}
    shares["--longest-delay"] = str(rates.longest_delay)
    return [word for pair in shares.items() for word in pair]


def _without_settings() -> dict[str, str]:
    return {n: value for n, value in os.environ.items() if not n.startswith(("SYNC_", "AWS_"))}


def _bootstrap(environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "entrypoints", "bootstrap"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
    )
