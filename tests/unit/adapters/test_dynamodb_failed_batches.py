"""Failed batches in DynamoDB: what no other implementation has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_failed_batches import DynamoFailedBatches
from domain.failures import Permanent
from tests.builders import KEY, USER
from tests.checkpoint_table import Stored
from tests.contracts.checkpoint_stores import begun
from tests.contracts.failed_batch_stores import a_batch
from tests.dynamodb import Answer, Wire
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from adapters.dynamodb_checkpoints import DynamoCheckpoints


@pytest.fixture
def batches(dynamodb: Any, checkpoints_table: str) -> DynamoFailedBatches:
    return DynamoFailedBatches(dynamodb, checkpoints_table, FakeClock())


@pytest.fixture
def seen(batches: DynamoFailedBatches) -> Stored:
    return Stored(batches.client, batches.table, a_batch().batch_id)


class TestTheItem:
    def test_has_the_public_attributes(self, batches: DynamoFailedBatches, seen: Stored) -> None:
        batches.add(a_batch())
        assert seen.item() == {
            "userId": {"S": USER},
            "syncType": {"S": "manual#run-1#3#1_failed_orders"},
            "orderIds": {"L": [{"S": "101"}, {"S": "102"}]},
            "reason": {"S": "too-large"},
            "error": {"S": "the order has 500000 bytes"},
            "attempts": {"N": "1"},
            "createdAt": {"S": "2026-11-23T12:00:00.000000Z"},
            "updatedAt": {"S": "2026-11-23T12:00:00.000000Z"},
            "shop": {"S": "demo-shop.myshopify.com"},
            "openKind": {"S": "failed-batch"},
            "openSince": {"S": "2026-11-23T12:00:00.000000Z"},
        }

    def test_keeps_attributes_that_others_added(
        self, batches: DynamoFailedBatches, seen: Stored
    ) -> None:
        batches.add(a_batch())
        seen.edit("ticket", {"S": "OPS-1"})
        batches.update(replace(a_batch(), attempts=2))
        assert seen.item()["ticket"] == {"S": "OPS-1"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("orderIds", {"S": "101"}),
            ("orderIds", {"L": []}),
            ("createdAt", None),
            ("attempts", {"S": "many"}),
        ],
    )
    def test_is_named_with_the_attribute_that_somebody_spoilt(
        self, batches: DynamoFailedBatches, seen: Stored, name: str, value: Any
    ) -> None:
        batches.add(a_batch())
        seen.edit(name, value)
        with pytest.raises(Permanent) as caught:
            batches.of(KEY)
        assert caught.value.message == (
            "the failed batch manual#run-1#3#1_failed_orders of user user-1: "
            f"the attribute {name} cannot be read"
        )


class TestALostAnswer:
    def test_does_not_add_a_batch_twice(self, batches: DynamoFailedBatches) -> None:
        wire = Wire(batches.client)
        wire.lose_next_answer("PutItem")
        assert batches.add(a_batch()) == a_batch()
        assert batches.count() == 1


class TestTheBatchesOfASyncType:
    def test_are_read_page_after_page(self, batches: DynamoFailedBatches) -> None:
        first, second = batches.add(a_batch("1")), batches.add(a_batch("2"))
        wire = Wire(batches.client)

        def one_at_a_time(operation: str, asked: dict[str, Any]) -> Answer | None:
            if operation != "Query" or asked.get("Limit"):
                return None
            page: Any = batches.client.query(**asked, Limit=1)
            return 200, {k: v for k, v in page.items() if k != "ResponseMetadata"}

        wire.answer(one_at_a_time)
        assert batches.of(KEY) == (first, second)

    def test_are_kept_apart_from_the_run(
        self, batches: DynamoFailedBatches, checkpoints: DynamoCheckpoints
    ) -> None:
        run = begun(checkpoints)
        batch = batches.add(a_batch())
        assert batches.of(KEY) == (batch,)
        assert batches.count() == 1
        assert checkpoints.find(KEY) == run
        assert checkpoints.clear(KEY)
        assert batches.of(KEY) == (batch,)
