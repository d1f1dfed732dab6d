"""Orders in DynamoDB: what is sent, who wins a race, and what one bad order does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_orders import WriteMode
from domain.orders import FailedOrder, Json, Order, StoreReport
from tests.builders import NOW, an_order, orders
from tests.dynamodb import Answer, an_error

if TYPE_CHECKING:
    pass

from tests.order_table import FAILED, MINUTE, SHOP, Scene, named, puts


class TestARequest:
    def test_holds_the_order_and_ours(self, scene: Scene) -> None:
        fields: dict[str, Json] = {
            "name": "#1",
            "userId": "forged",
            "updatedAt": "forged",
            "tags": ["é", None],
        }
        scene.save(Order("1", NOW, fields))
        (asked,) = scene.wire.sent("BatchWriteItem")
        (put,) = puts(scene, asked)
        digest = put["PutRequest"]["Item"].pop("digest")
        assert put["PutRequest"]["Item"] == {
            "name": {"S": "#1"},
            "tags": {"L": [{"S": "é"}, {"NULL": True}]},
            "userId": {"S": SHOP.user_id},
            "orderId": {"S": "1"},
            "shop": {"S": SHOP.shop},
            "updatedAt": {"S": "2026-11-23T12:00:00Z"},
            "syncedAt": {"S": "2026-11-23T12:00:00.000000Z"},
        }
        assert len(digest["S"]) == 24

    def test_reads_100_orders_and_writes_25(self, scene: Scene) -> None:
        assert scene.save(*orders(250)) == StoreReport(250)
        reads = scene.wire.sent("BatchGetItem")
        writes = scene.wire.sent("BatchWriteItem")
        assert [len(each["RequestItems"][scene.name]["Keys"]) for each in reads] == [100, 100, 50]
        assert [len(puts(scene, each)) for each in writes] == [25] * 10
        assert len(scene.stored()) == 250

    def test_is_not_sent_for_orders_that_are_unchanged(self, scene: Scene) -> None:
        scene.save(*orders(100))
        sent = len(scene.wire.requests)
        scene.save(*orders(100))
        assert [operation for operation, _ in scene.wire.requests[sent:]] == ["BatchGetItem"]

    def test_holds_no_more_bytes_than_a_transaction_takes(self, scene: Scene) -> None:
        scene.mode = WriteMode.TRANSACTION
        large = [an_order(n, note="x" * 390_000) for n in range(12)]
        assert scene.save(*large) == StoreReport(12)
        sizes = [len(each["TransactItems"]) for each in scene.wire.sent("TransactWriteItems")]
        assert sizes == [8, 4]


class TestARace:
    """Somebody else stores a version between our read and our write."""

    def overtake(self, scene: Scene, operation: str, order: Order) -> None:
        done: list[str] = []

        def put_first(asked: str, _: dict[str, Any]) -> None:
            if asked == operation and not done:
                done.append(asked)
                scene.put(order)

        scene.wire.answer(put_first)

    def test_is_lost_by_the_older_version(self, scene: Scene) -> None:
        scene.put(an_order(1, NOW - MINUTE, note="oldest"))
        self.overtake(scene, "PutItem", an_order(1, NOW + MINUTE, note="newest"))
        assert scene.save(an_order(1, NOW, note="newer")) == StoreReport(1)
        assert scene.note("1") == "newest"

    def test_is_lost_by_the_older_version_within_a_second(self, scene: Scene) -> None:
        scene.put(an_order(1, NOW - MINUTE, note="oldest"))
        half = timedelta(seconds=0.5)
        self.overtake(scene, "PutItem", an_order(1, NOW + half, note="newest"))
        assert scene.save(an_order(1, NOW, note="newer")) == StoreReport(1)
        assert scene.note("1") == "newest"

    def test_is_won_by_the_newer_version_within_a_second(self, scene: Scene) -> None:
        scene.put(an_order(1, NOW - MINUTE, note="oldest"))
        half = timedelta(seconds=0.5)
        self.overtake(scene, "PutItem", an_order(1, NOW, note="newer"))
        assert scene.save(an_order(1, NOW + half, note="newest")) == StoreReport(1)
        assert scene.note("1") == "newest"

    def test_is_lost_even_by_a_first_write_in_transactions(self, scene: Scene) -> None:
        scene.mode = WriteMode.TRANSACTION
        self.overtake(scene, "TransactWriteItems", an_order(1, NOW + MINUTE, note="newest"))
        assert scene.save(*orders(3)) == StoreReport(3)
        assert scene.note("1") == "newest"
        assert scene.stored() == {"1", "2", "3"}
        assert scene.retried == []


class TestAPoisonousOrder:
    SECRET = "Ada Lovelace"

    def poison(self, scene: Scene, message: str, *notes: str) -> None:
        """DynamoDB refuses whatever holds an order with such a note."""

        def give(operation: str, asked: dict[str, Any]) -> Answer | None:
            if operation == "BatchGetItem" or not any(note in str(asked) for note in notes):
                return None
            return 400, an_error("ValidationException", message)

        scene.wire.answer(give)

    @pytest.mark.parametrize("mode", list(WriteMode))
    def test_is_found_among_the_others(self, scene: Scene, mode: WriteMode) -> None:
        scene.mode = mode
        self.poison(scene, f"bad value: {self.SECRET}", "poison")
        page = [an_order(n, note="poison" if n in {7, 8, 21} else "fine") for n in range(25)]
        report = scene.save(*page)
        assert report.saved == 22
        assert named(report) == {"7": FAILED.INVALID, "8": FAILED.INVALID, "21": FAILED.INVALID}
        assert len(scene.stored()) == 22
        assert self.SECRET not in repr(report)

    def test_is_told_from_one_that_is_too_large(self, scene: Scene) -> None:
        self.poison(scene, "Item size has exceeded the maximum allowed size", "poison")
        report = scene.save(an_order(1, note="poison"), an_order(2))
        assert named(report) == {"1": FAILED.TOO_LARGE}

    def test_is_named_by_the_transaction_that_it_cancels(self, scene: Scene) -> None:
        scene.mode = WriteMode.TRANSACTION
        left = [1]

        def give(operation: str, _: dict[str, Any]) -> Answer | None:
            if operation != "TransactWriteItems" or not left:
                return None
            left.pop()
            codes = ["None", "ValidationError", "ConditionalCheckFailed"]
            reasons: list[dict[str, Any]] = [{"Code": code} for code in codes]
            reasons[2]["Item"] = {"updatedAt": {"S": "2030-01-01T00:00:00Z"}}
            return 400, an_error("TransactionCanceledException", CancellationReasons=reasons)

        scene.wire.answer(give)
        report = scene.save(*orders(3))
        assert report.saved == 2
        assert named(report) == {"2": FAILED.INVALID}
        assert scene.stored() == {"1"}
        assert scene.retried == []

    def test_may_have_an_id_that_is_no_key(self, scene: Scene) -> None:
        page = (an_order(1), replace(an_order(2), order_id="9" * 1025), an_order(3))
        assert named(scene.save(*page)) == {"9" * 1025: FAILED.INVALID}

    def test_may_hold_text_that_is_not_unicode(self, scene: Scene) -> None:
        report = scene.save(an_order(1, note="\ud83d"), an_order(2))
        assert report.failed == (
            (FailedOrder("1", FAILED.INVALID, "a text is not valid Unicode"),),
        )
