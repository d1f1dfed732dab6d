"""The sandbox's strict SQS in this process, in fake time, as the clients that adapters have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_queues import create_queues
from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.refusals import Refused
from tests.builders import VISIBILITY
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(slots=True)
class StrictQueues:
    """A source queue and its dead-letter queue, `before_calls` of which something may happen."""

    clock: FakeClock = field(default_factory=FakeClock)
    before_calls: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens elsewhere just before a call of that name, every time."""
    without: frozenset[str] = frozenset()
    """Operations that this SQS does not know."""
    calls: list[str] = field(default_factory=list)
    visibility: timedelta = VISIBILITY
    engine: StrictSqs = field(init=False)
    urls: QueueUrls = field(init=False)

    def __post_init__(self) -> None:
        self.engine = StrictSqs(lambda: self.clock.now().timestamp())
        host = f"{self.engine.host}/123456789012"
        wanted = QueueUrls(f"{host}/source", f"{host}/source-dlq")
        self.urls = create_queues(self.client, wanted, self.visibility).urls

    @property
    def client(self) -> SQSClient:
        return cast("SQSClient", _Client(self))

    @property
    def clients(self) -> SqsClients:
        return SqsClients(self.client, self.client, self.client)

    def bodies(self, url: str) -> list[str]:
        return [message.body for message in self.engine.stored(url)]

    def visible(self, url: str) -> int:
        """How many messages somebody could receive now."""
        self.engine.stored(url)
        return len(self.engine.queue(url).visible)

    def take(self, url: str) -> list[dict[str, Any]]:
        """What another consumer receives."""
        found: list[dict[str, Any]] = self.engine.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        return found


@dataclass(frozen=True, slots=True)
class _Client:
    """Raises botocore's exceptions, as boto3 does."""

    queues: StrictQueues

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        def call(**asked: Any) -> dict[str, Any]:
            self.queues.calls.append(name)
            self.queues.before_calls.get(name, lambda: None)()
            if name in self.queues.without:
                unknown = {"Error": {"Code": "UnknownOperationException", "Message": ""}}
                raise ClientError(cast("Any", unknown), name)
            try:
                answer: dict[str, Any] = getattr(self.queues.engine, name)(**asked)
            except Refused as refused:
                raise ClientError(cast("Any", refused.response), name) from refused
            return answer

        return call
