"""The daemon's process, with AWS out of reach."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "SYNC_QUEUE_URL": "http://127.0.0.1:9/1/sync",
    "SYNC_DLQ_URL": "http://127.0.0.1:9/1/dlq",
    "SYNC_HTTP_PORT": "0",
}


def start(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "entrypoints", "worker"],
        env={**ENVIRONMENT, **environment},
        cwd=Path(__file__).parents[3],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[str]]:
    with start() as process:
        yield process
        process.kill()


def status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


class TestWorker:
    def test_lives_though_aws_is_away_and_stops_in_order(
        self, worker: subprocess.Popen[str]
    ) -> None:
        assert worker.stderr is not None
        started = json.loads(worker.stderr.readline())
        while started["event"] != "worker started":
            started = json.loads(worker.stderr.readline())
        assert status(started["port"], "/healthz") == 200
        assert status(started["port"], "/readyz") == 503
        assert status(started["port"], "/metrics") == 200
        worker.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in worker.stderr]
        assert worker.wait(30) == 0
        assert lines[-1]["event"] == "worker stopped"
        (budget,) = [line for line in lines if line["event"] == "a stop takes at most"]
        assert (budget["level"], budget["seconds"]) == ("info", 29.0)

    def test_warns_of_a_grace_that_an_orchestrator_does_not_grant(self) -> None:
        with start(SYNC_SHUTDOWN_GRACE="40") as process:
            assert process.stderr is not None
            said = json.loads(process.stderr.readline())
            while said["event"] != "a stop takes at most":
                said = json.loads(process.stderr.readline())
            process.kill()
        assert (said["level"], said["seconds"]) == ("warning", 44.0)

    def test_refuses_a_port_that_is_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with start(SYNC_HTTP_PORT=str(port)) as process:
                _, err = process.communicate(timeout=30)
        assert process.returncode == 2
        [line] = err.splitlines()
        assert line.startswith(f"error: cannot listen on 127.0.0.1:{port}")

    def test_refuses_a_fifo_queue(self) -> None:
        with start(SYNC_QUEUE_URL="http://127.0.0.1:9/1/sync.fifo") as process:
            _, err = process.communicate(timeout=30)
        assert process.returncode == 2
        assert "FIFO" in err
