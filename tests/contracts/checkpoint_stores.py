"""What the contract tests of checkpoint stores share: the stores, and ways to use them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_checkpoints import DynamoCheckpoints
from domain.caveats import Caveat, CaveatKind
from domain.checkpoints import Checkpoint, Totals
from domain.comparisons import Comparison
from domain.failures import LastError, Reason
from domain.messages import RunKey, SyncType
from domain.ports import CheckpointStore, Claim, Refused
from tests.builders import KEY, NOW, a_chain, a_lease, a_run
from tests.contracts.troubled_stores import OnTheWire, Trouble
from tests.dynamodb import Wire
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
TTL = timedelta(days=7)
OTHER_KEY = RunKey("user-2", SyncType.MANUAL)
EVERYTHING = a_run(
    chain=a_chain(request_page=2, published_page=3, earlier_requests=("request-0", "request-9")),
    started_at=NOW - HOUR + timedelta(microseconds=7),
    page=3,
    cursor="a cursor",
    totals=Totals(saved=7, failed=2, failed_pages=1, expected=1000),
    since=NOW - 30 * HOUR,
    tail_until=NOW + HOUR,
    page_size=100,
    shop="demo-shop.myshopify.com",
    attempts=2,
    takeovers=1,
    lease=a_lease(),
    last_error=LastError(Reason.SHOPIFY_ERROR, "Shopify answered 502"),
    last_error_at=NOW - SECOND,
    waiting_for="Shopify prepares the orders",
    caveats=tuple(Caveat(kind, f"about {kind}") for kind in CaveatKind),
    comparison=Comparison(9, 12, 10),
    as_of=NOW - 2 * HOUR,
)


def a_claim(page: int = 1, chain_id: str = "chain-1", owner: str = "me") -> Claim:
    return Claim(KEY, chain_id, page, NOW, a_lease(owner=owner))


def stored_by(result: Checkpoint | Refused) -> Checkpoint:
    assert isinstance(result, Checkpoint)
    return result


def refused_by(result: Checkpoint | Refused) -> Checkpoint | None:
    assert isinstance(result, Refused)
    return result.stored


def race(attempt: Callable[[int], Checkpoint | Refused]) -> list[Checkpoint]:
    """The winners of 16 attempts at once."""
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(attempt, range(16)))
    return [result for result in results if isinstance(result, Checkpoint)]


def begun(store: CheckpointStore, **changes: Any) -> Checkpoint:
    return stored_by(store.begin(a_run(**changes)))


class OfCheckpointStores:
    """Tests of a store, given a clock."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()


class InMemory(OfCheckpointStores):
    @pytest.fixture
    def store(self, clock: FakeClock) -> CheckpointStore:
        return FakeCheckpoints(clock, TTL)

    @pytest.fixture
    def trouble(self, store: FakeCheckpoints) -> Trouble:
        return store


class InDynamoDB(OfCheckpointStores):
    @pytest.fixture
    def store(
        self, dynamodb: DynamoDBClient, checkpoints_table: str, clock: FakeClock
    ) -> CheckpointStore:
        return in_dynamodb(dynamodb, checkpoints_table, clock)


class InTroubledDynamoDB(OfCheckpointStores):
    """The client does not retry: callers see what else botocore sits out."""

    @pytest.fixture
    def store(
        self, impatient_dynamodb: DynamoDBClient, checkpoints_table: str, clock: FakeClock
    ) -> CheckpointStore:
        return in_dynamodb(impatient_dynamodb, checkpoints_table, clock)

    @pytest.fixture
    def trouble(self, impatient_dynamodb: DynamoDBClient) -> Trouble:
        return OnTheWire(Wire(impatient_dynamodb))


def in_dynamodb(client: DynamoDBClient, table: str, clock: FakeClock) -> DynamoCheckpoints:
    numbers = count(1)
    return DynamoCheckpoints(client, table, TTL, clock, lambda: f"write-{next(numbers)}")
