"""Clients and tables of the local DynamoDB, and ways to make its answers go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from adapters.aws_first_attempts import leave_to_botocore
from adapters.dynamodb_clients import order_client, state_client
from adapters.dynamodb_tables import TableDesign

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NUMBERS = count(1)
Answer = tuple[int, dict[str, Any] | bytes]
"""An HTTP status, and a body or what it says."""


@pytest.fixture(scope="session")
def one_session() -> Session:
    """A session reads botocore's model of DynamoDB once, which takes a tenth of a second."""
    return Session("local", "local", region_name="us-east-1")


@pytest.fixture
def session(one_session: Session, aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Its clients find the local DynamoDB as they would find another: by the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", aws_url)
    return one_session


@pytest.fixture
def dynamodb(session: Session) -> Iterator[DynamoDBClient]:
    """A client as the checkpoint, failed-batch and shop stores get it: botocore retries."""
    yield from _closing(state_client(session, connections=20))


@pytest.fixture
def orders_dynamodb(session: Session) -> Iterator[DynamoDBClient]:
    """A client as the order store gets it: one attempt, fast bodies."""
    yield from _closing(order_client(session, connections=4))


@pytest.fixture
def impatient_dynamodb(session: Session) -> Iterator[DynamoDBClient]:
    """A client that does not retry."""
    retries: Any = {"total_max_attempts": 1, "mode": "standard"}
    yield from _closing(session.client("dynamodb", config=Config(retries=retries)))


def _closing(client: DynamoDBClient) -> Iterator[DynamoDBClient]:
    yield client
    client.close()


def new_table(client: DynamoDBClient, keys: tuple[str, ...], *, open_work: bool = False) -> str:
    """A table nobody else has."""
    design = TableDesign(f"table-{next(_NUMBERS)}", keys, open_work)
    client.create_table(**design.definition())
    return design.name


@pytest.fixture
def checkpoints_table(dynamodb: DynamoDBClient) -> str:
    return new_table(dynamodb, ("userId", "syncType"), open_work=True)


@pytest.fixture
def orders_table(dynamodb: DynamoDBClient) -> str:
    return new_table(dynamodb, ("userId", "orderId"))


@pytest.fixture
def shops_table(dynamodb: DynamoDBClient) -> str:
    return new_table(dynamodb, ("userId",))


class Wire:
    """What a client sends; answers may be lost, or given in AWS's place.

    Botocore makes the first attempts of such a client, too: that it comes to the same is shown in
    tests/unit/adapters/test_aws_first_attempts.py.
    """

    def __init__(self, client: BaseClient) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._answers: list[Callable[[str, dict[str, Any]], Answer | None]] = []
        self._to_lose: list[tuple[str, ...]] = []
        leave_to_botocore(client)
        before_send: Any = self._before_send
        client.meta.events.register_first("before-send", before_send)

    def lose_next_answer(self, *operations: str) -> None:
        """The next call of one of the operations takes effect, its answer never arrives."""
        self._to_lose.append(operations)

    def answer(self, give: Callable[[str, dict[str, Any]], Answer | None]) -> None:
        """Give an answer to (operation, parameters), or None to let AWS do so."""
        self._answers.append(give)

    def fail(self, operation: str, code: str, *, times: int = 1, status: int = 400) -> None:
        """The next calls of the operation are answered by this error."""
        left = [status] * times

        def give(asked: str, _: dict[str, Any]) -> Answer | None:
            return (left.pop(), an_error(code)) if asked == operation and left else None

        self.answer(give)

    def fail_next(self) -> None:
        """The next call of whichever operation is answered by a failure of AWS's own."""
        left = [500]

        def give(_asked: str, _: dict[str, Any]) -> Answer | None:
            return (left.pop(), an_error("InternalServerError")) if left else None

        self.answer(give)

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        self._answers.clear()
        self._to_lose.clear()

    def sent(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of each call of the operation."""
        return [parameters for name, parameters in self.requests if name == operation]

    def _before_send(self, request: Any, **_event: Any) -> AWSResponse | None:
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        parameters = json.loads(request.body)
        self.requests.append((operation, parameters))
        lost = next((each for each in self._to_lose if operation in each), None)
        if lost:
            self._to_lose.remove(lost)
            URLLib3Session().send(request)
            raise ReadTimeoutError(endpoint_url=request.url)
        for give in self._answers:
            answer = give(operation, parameters)
            if answer:
                return _response(request.url, *answer)
        return None


def an_error(code: str, message: str = "as arranged", **more: Any) -> dict[str, Any]:
    """The body of DynamoDB's error answer."""
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}


class Said:
    """The body of an answer, as botocore reads one."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def _response(url: str, status: int, body: dict[str, Any] | bytes) -> AWSResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers: Any = {"Content-Type": "application/x-amz-json-1.0"}
    return AWSResponse(url, status, headers, Said(content))
