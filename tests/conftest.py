"""Fixtures that every kind of test shares."""

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
