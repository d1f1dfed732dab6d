"""AWS clients, each with a session of its own: clients may be shared by threads, sessions not.

The retry mode is named everywhere, because botocore's default changes between its versions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from adapters.sqs_clients import receive_config, send_config, settle_config

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

ATTEMPTS = 4
CONNECT_SECONDS = 3
ANSWER_SECONDS = 10


def dynamodb_client(connections: int) -> DynamoDBClient:
    """For checkpoints, failed batches and shops: every write is safe to repeat, botocore does."""
    config = Config(
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=connections,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        tcp_keepalive=True,
    )
    return Session().client("dynamodb", config=config)


def receiving_client(long_poll: timedelta) -> SQSClient:
    return Session().client("sqs", config=receive_config(long_poll))


def settling_client(connections: int) -> SQSClient:
    return Session().client("sqs", config=settle_config(connections))


def sending_client(connections: int) -> SQSClient:
    return Session().client("sqs", config=send_config(connections))
