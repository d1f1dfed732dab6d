"""The three SQS clients: each retries as much as the calls it is for can bear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.config import Config

from adapters.aws_first_attempts import USER_AGENT, attempt_first

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from boto3.session import Session
    from mypy_boto3_sqs import SQSClient

_FREQUENT = (
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ReceiveMessage",
    "SendMessage",
    "SendMessageBatch",
)
_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class QueueUrls:
    """The queue we consume and its dead-letter queue."""

    source: str
    dlq: str


@dataclass(frozen=True, slots=True)
class SqsClients:
    """boto3 clients are safe to share among threads; each is made with the config of its name."""

    receive: SQSClient
    settle: SQSClient
    send: SQSClient


def queue_client(session: Session, config: Config) -> SQSClient:
    client = session.client("sqs", config=config)
    attempt_first(client, session, *_FREQUENT)
    return client


def receive_config(wait: timedelta) -> Config:
    """For ReceiveMessage: a single attempt, because the consumer backs off by itself.

    The read time-out outlasts the long poll: SQS answers at the end of `wait` at the latest.
    """
    return _config(1, 1, wait.total_seconds() + _ANSWER_SECONDS)


def send_config(connections: int) -> Config:
    """For SendMessage: a single attempt. A retry after a lost answer would send twice."""
    return _config(1, connections, _ANSWER_SECONDS)


def settle_config(connections: int) -> Config:
    """For what may be repeated freely: deleting, hiding, extending, reading attributes."""
    return _config(2, connections, _ANSWER_SECONDS)


def _config(attempts: int, connections: int, read_seconds: float) -> Config:
    return Config(
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=connections,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=read_seconds,
        user_agent=USER_AGENT,
    )
