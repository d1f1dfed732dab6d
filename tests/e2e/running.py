"""What tests run processes with: where, with which settings, and how they wait for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.processes import Sandbox

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


def bootstrap(sandbox: Sandbox) -> None:
    """Make the tables, as an operator would."""
    made = subprocess.run(
        [sys.executable, "-m", "entrypoints", "bootstrap"],
        cwd=ROOT,
        env=settings_for(sandbox),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


def settings_for(sandbox: Sandbox) -> dict[str, str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("SYNC_", "AWS_"))
    }
    return {**clean, **sandbox.environment(), **FAST, "PYTHONWARNINGS": "default"}
