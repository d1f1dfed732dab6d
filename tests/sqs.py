"""Clients and queues of the local SQS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from boto3.session import Session
from botocore.config import Config

from adapters.sqs_clients import (
    QueueUrls,
    SqsClients,
    receive_config,
    send_config,
    settle_config,
)
from adapters.sqs_queues import create_queues
from tests.builders import VISIBILITY

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def sqs_session() -> Session:
    """A session reads botocore's model of SQS once, which takes a tenth of a second."""
    return Session("local", "local", region_name="us-east-1")


def sqs_client(session: Session, url: str, config: Config) -> SQSClient:
    return session.client("sqs", endpoint_url=url, config=config)


def clients_at(session: Session, url: str, wait: timedelta = timedelta(0)) -> SqsClients:
    """Clients as the daemon has them, of an SQS somewhere."""
    return SqsClients(
        receive=sqs_client(session, url, receive_config(wait)),
        settle=sqs_client(session, url, settle_config(4)),
        send=sqs_client(session, url, send_config(4)),
    )


@pytest.fixture
def sqs(sqs_session: Session, aws_url: str) -> Iterator[SqsClients]:
    """Clients of the local SQS."""
    clients = clients_at(sqs_session, aws_url)
    yield clients
    for client in (clients.receive, clients.settle, clients.send):
        client.close()


@pytest.fixture
def impatient_sqs(sqs_session: Session, aws_url: str) -> Iterator[SqsClients]:
    """One client for everything, which does not retry."""
    client = sqs_client(sqs_session, aws_url, send_config(4))
    yield SqsClients(client, client, client)
    client.close()


@pytest.fixture
def queues(sqs: SqsClients, aws_url: str) -> QueueUrls:
    """A source queue and its dead-letter queue that nobody else has."""
    return new_queues(sqs, aws_url, VISIBILITY)


@pytest.fixture
def brief_queues(sqs: SqsClients, aws_url: str) -> QueueUrls:
    """The same, whose messages are hidden for a second."""
    return new_queues(sqs, aws_url, timedelta(seconds=1))


def new_queues(sqs: SqsClients, aws_url: str, visibility: timedelta) -> QueueUrls:
    name = f"queue-{next(_NUMBERS)}"
    wanted = QueueUrls(f"{aws_url}/123456789012/{name}", f"{aws_url}/123456789012/{name}-dlq")
    return create_queues(sqs.settle, wanted, visibility).urls
