"""SQS's own move tasks over HTTP: played by the strict SQS, unknown to the local one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from boto3.session import Session

from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_move_task_values import MoveStatus, NoMoveTasks
from adapters.sqs_move_tasks import SqsMoveTasks
from adapters.sqs_queues import create_queues
from domain.failures import Permanent
from sandbox.strict_sqs.server import StrictSqsServer
from tests.builders import VISIBILITY
from tests.e2e.running import wait_until
from tests.sqs import clients_at


@pytest.fixture
def strict(sqs_session: Session) -> Iterator[SqsClients]:
    with StrictSqsServer() as server:
        clients = clients_at(sqs_session, server.url)
        yield clients
        for client in (clients.receive, clients.settle, clients.send):
            client.close()


@pytest.fixture
def urls(strict: SqsClients) -> QueueUrls:
    host = f"{strict.settle.meta.endpoint_url}/123456789012"
    wanted = QueueUrls(f"{host}/source", f"{host}/source-dlq")
    return create_queues(strict.settle, wanted, VISIBILITY).urls


class TestSqsMoveTasks:
    def test_move_everything(self, strict: SqsClients, urls: QueueUrls) -> None:
        tasks = SqsMoveTasks(strict.settle, urls)
        assert tasks.latest() is None
        for number in range(5):
            strict.send.send_message(QueueUrl=urls.dlq, MessageBody=str(number))
        tasks.start(rate=None)
        task = wait_until(lambda: (seen := tasks.latest()) and seen.status.is_over and seen)
        assert (task.status, task.moved, task.expected) == (MoveStatus.COMPLETED, 5, 5)

    def test_can_be_cancelled_once(self, strict: SqsClients, urls: QueueUrls) -> None:
        tasks = SqsMoveTasks(strict.settle, urls)
        for number in range(5):
            strict.send.send_message(QueueUrl=urls.dlq, MessageBody=str(number))
        tasks.start(rate=1)
        running = tasks.latest()
        assert running is not None
        tasks.cancel(running)
        cancelled = tasks.latest()
        assert cancelled is not None
        assert (cancelled.status, cancelled.handle) == (MoveStatus.CANCELLED, None)
        with pytest.raises(Permanent, match="cancelling a move task"):
            tasks.cancel(running)

    def test_are_missed_where_there_are_none(self, sqs: SqsClients, queues: QueueUrls) -> None:
        tasks = SqsMoveTasks(sqs.settle, queues)
        with pytest.raises(NoMoveTasks):
            tasks.latest()
        with pytest.raises(NoMoveTasks):
            tasks.start(rate=None)
