"""The two kinds of clients: one that retries by itself, and one whose retries are ours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from adapters.aws_first_attempts import USER_AGENT, attempt_first
from adapters.dynamodb_answers import refuse_unreadable_answers
from adapters.dynamodb_fast_bodies import FAST, send_fast_bodies

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from boto3.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient

CONNECT = timedelta(seconds=3)


def state_client(session: Session, connections: int) -> DynamoDBClient:
    """For checkpoints, failed batches, shops and the tables: three attempts a call.

    A call that is never answered ends after 25 s: a heartbeat of 40 s has time to say so.
    """
    read = timedelta(seconds=5)
    return _client(session, _config(connections, read, total_max_attempts=3))


def order_client(session: Session, connections: int) -> DynamoDBClient:
    """For the orders table: one attempt a call (`DynamoOrders` retries)."""
    read = timedelta(seconds=10)
    return _client(session, _config(connections, read, total_max_attempts=1))


def _client(session: Session, config: Config) -> DynamoDBClient:
    client = session.client("dynamodb", config=config)
    refuse_unreadable_answers(client)
    send_fast_bodies(client)
    attempt_first(client, session, *FAST)
    return client


def _config(connections: int, read: timedelta, total_max_attempts: int) -> Config:
    """The retry mode is pinned: botocore's default changes with its releases."""
    retries: Any = {"total_max_attempts": total_max_attempts, "mode": "standard"}
    return Config(
        retries=retries,
        max_pool_connections=connections,
        connect_timeout=CONNECT.total_seconds(),
        read_timeout=read.total_seconds(),
        tcp_keepalive=True,
        parameter_validation=False,
        user_agent=USER_AGENT,
    )
