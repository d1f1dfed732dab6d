"""One consumer's process, with an SQS and work of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from benchmarks.consumer.work import Ledger, WorkServer
from sandbox.strict_sqs.desk import Desk
from sandbox.strict_sqs.server import StrictSqsServer

ROOT = Path(__file__).parent.parent.parent
QUEUE = "benchmark"
DLQ = "benchmark-dlq"
PATIENCE = 60.0


class NeverHappened(Exception):
    """What a scenario waited for did not come about; with the end of the consumer's output."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a consumer is told: where the queue is, and how long it hides messages."""

    sqs_url: str
    work_url: str
    visibility: int

    @property
    def queue_url(self) -> str:
        return f"{self.sqs_url}/123456789012/{QUEUE}"

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL_SQS": self.sqs_url,
            "AWS_ENDPOINT_URL": self.sqs_url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
            "AWS_EC2_METADATA_DISABLED": "true",
            "WORK_URL": self.work_url,
            "QUEUE": QUEUE,
            "QUEUE_URL": self.queue_url,
            "VISIBILITY": str(self.visibility),
            "PYTHONUNBUFFERED": "1",
        }


@dataclass(slots=True)
class Stage:
    """To be entered; then messages can be sent and the consumer started."""

    visibility: int
    seconds: float
    """How long a message's work takes."""
    sqs: StrictSqsServer = field(default_factory=StrictSqsServer)
    work: WorkServer = field(default_factory=WorkServer)
    _process: subprocess.Popen[bytes] | None = None
    _output: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def __enter__(self) -> Self:
        self.work.ledger.seconds = self.seconds
        self.sqs.start()
        self.work.start()
        self.desk.engine.create_queue(
            QueueName=QUEUE, Attributes={"VisibilityTimeout": str(self.visibility)}
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self.work.stop()
        self.sqs.stop()
        self._output.close()

    @property
    def desk(self) -> Desk:
        return self.sqs.desk

    @property
    def ledger(self) -> Ledger:
        return self.work.ledger

    @property
    def given(self) -> Given:
        return Given(self.sqs.url, self.work.url, self.visibility)

    @property
    def url(self) -> str:
        return self.given.queue_url

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the consumer in a session of its own, so that its children can be killed too."""
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command of the consumer's to its end: to set it up, to send messages."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment(environment),
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode:
            raise NeverHappened((done.stdout + done.stderr)[-1500:].decode(errors="replace"))

    def terminate(self) -> None:
        """SIGTERM to the main process alone, as an orchestrator sends it."""
        self._running.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the process and its children."""
        os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait()

    def exit_code(self, within: float) -> int | None:
        """The code the main process ends with; None if it does not within that time."""
        try:
            return self._running.wait(within)
        except subprocess.TimeoutExpired:
            return None

    @property
    def ended(self) -> int | None:
        return self._running.poll()

    def until(self, condition: Callable[[], Any], what: str, within: float = PATIENCE) -> Any:
        """The first truthy answer."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and self.ended is None:
            answer = condition()
            if answer:
                return answer
            time.sleep(0.01)
        self._output.seek(0)
        output = self._output.read()[-1500:].decode(errors="replace")
        raise NeverHappened(f"not within {within:.0f} s: {what}\n{output}")

    def until_polling(self) -> None:
        """The consumer is up: it has asked for messages."""
        self.until(lambda: self.desk.polls_under_way or self.desk.since(0.0), "a first poll")

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise NeverHappened("the consumer was never started")
        return self._process

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, **self.given.environment(), **more}
