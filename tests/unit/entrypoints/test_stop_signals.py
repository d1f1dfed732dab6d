"""SIGTERM and SIGINT."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from entrypoints.stop_signals import stop_signals

SOON = 5.0
PROJECT = Path(__file__).parents[3]
STUBBORN = """
import signal, threading
from entrypoints.stop_signals import stop_signals

with stop_signals(lambda: print("stopping", flush=True)):
    print("ready", flush=True)
    threading.Event().wait(30)
"""


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT])
def number(request: pytest.FixtureRequest) -> signal.Signals:
    return signal.Signals(request.param)


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[str]]:
    """A process that does not end by itself after the first signal."""
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


class TestStopSignals:
    def test_asks_for_a_stop_at_the_first_signal(self, number: signal.Signals) -> None:
        asked = Event()
        with stop_signals(asked.set):
            assert not asked.is_set()
            os.kill(os.getpid(), number)
            assert asked.wait(SOON)

    def test_brings_the_former_handlers_back(self, number: signal.Signals) -> None:
        former = signal.getsignal(number)
        with stop_signals(lambda: None):
            assert signal.getsignal(number) is not former
        assert signal.getsignal(number) is former

    def test_asks_for_nothing_without_a_signal(self) -> None:
        asked = Event()
        with stop_signals(asked.set):
            pass
        assert not asked.is_set()

    def test_ends_the_process_at_the_second_signal(
        self, stubborn: subprocess.Popen[str], number: signal.Signals
    ) -> None:
        assert line(stubborn) == "ready"
        stubborn.send_signal(number)
        assert line(stubborn) == "stopping"
        stubborn.send_signal(signal.SIGTERM)
        assert stubborn.wait(SOON) == 1
