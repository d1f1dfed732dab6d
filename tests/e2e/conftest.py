"""One sandbox for all end-to-end tests, with tables; each has queues and users of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.processes import Sandbox
from tests.e2e.running import bootstrap
from tests.e2e.world import World, a_world


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as running:
        bootstrap(running)
        yield running


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> Iterator[World]:
    with a_world(sandbox, tmp_path) as made:
        yield made
