"""Fixtures that every kind of test shares."""

import gc
import os
from pathlib import Path

import pytest

pytest_plugins = (
    "tests.aws_endpoint",
    "tests.dynamodb",
    "tests.checkpoint_table",
    "tests.order_table",
    "tests.sqs",
)
pytest.register_assert_rewrite(
    "tests.contracts.checkpoint_stores",
    "tests.contracts.inboxes",
    "tests.contracts.order_stores",
    "tests.contracts.simulated_queues",
)


for _name in [name for name in os.environ if name.startswith("SYNC_")]:
    del os.environ[_name]  # what somebody has exported to try the sandbox is no test's business

_PROCESSES = Path(__file__).parent / "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that run whole processes take their turns: two at once would share the cores."""
    for item in items:
        if item.path.is_relative_to(_PROCESSES):
            item.add_marker(pytest.mark.xdist_group("processes"))


def pytest_collection_finish() -> None:
    """What was imported and collected stays: do not go through it again and again for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
