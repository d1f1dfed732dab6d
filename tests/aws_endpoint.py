"""A local DynamoDB and SQS for the whole session: the sandbox's, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.processes import Server


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """Where SQS and DynamoDB answer."""
    server = Server("aws", ["--port", "0"])
    yield server.url()
    server.stop()
