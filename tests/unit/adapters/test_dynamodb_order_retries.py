"""Orders in DynamoDB: retries, outages and leases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_orders import WriteMode
from domain.failures import Interrupted, LeaseLost, Permanent, Reason, Transient
from domain.leases import FixedLease
from domain.orders import StoreReport
from tests.builders import NOW, an_order, orders
from tests.dynamodb import Answer, an_error
from tests.fakes.chance import FakeChance

if TYPE_CHECKING:
    pass

from tests.order_table import ATTEMPTS, FAILED, MINUTE, Scene, named, puts


class TestARetry:
    def leave(self, scene: Scene, *order_ids: str, times: int = 99) -> None:
        """DynamoDB leaves these orders unprocessed (and pretends to have stored the others)."""
        left = [order_ids] * times

        def give(operation: str, asked: dict[str, Any]) -> Answer | None:
            if operation != "BatchWriteItem" or not left:
                return None
            left.pop()
            rest = [
                put
                for put in puts(scene, asked)
                if put["PutRequest"]["Item"]["orderId"]["S"] in order_ids
            ]
            return 200, {"UnprocessedItems": {scene.name: rest} if rest else {}}

        scene.wire.answer(give)

    def test_sends_what_was_left_unprocessed(self, scene: Scene) -> None:
        self.leave(scene, "2", "4", times=2)
        assert scene.save(*orders(5)) == StoreReport(5)
        writes = scene.wire.sent("BatchWriteItem")
        assert [len(puts(scene, each)) for each in writes] == [5, 2, 2]
        assert scene.retried == ["unprocessed", "unprocessed"]

    def test_ends_and_names_the_orders_that_stay_unprocessed(self, scene: Scene) -> None:
        self.leave(scene, "2", "4")
        report = scene.save(*orders(5))
        assert report.saved == 3
        assert named(report) == {"2": FAILED.THROTTLED, "4": FAILED.THROTTLED}
        assert len(scene.wire.sent("BatchWriteItem")) == ATTEMPTS

    def test_waits_longer_each_time_with_jitter(self, scene: Scene) -> None:
        scene.wire.fail("BatchGetItem", "ThrottlingException", times=3)
        scene.save(an_order(1))
        longest = [0.1, 0.2, 0.4]
        chance = FakeChance()
        assert scene.pause.seconds == pytest.approx(
            [n * chance.uniform() for n in longest], abs=1e-6
        )

    @pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
    @pytest.mark.parametrize(
        ("code", "status", "reason"),
        [
            ("ProvisionedThroughputExceededException", 400, "throttled"),
            ("ThrottlingException", 400, "throttled"),
            ("RequestLimitExceeded", 400, "throttled"),
            ("InternalServerError", 500, "server-error"),
            ("ServiceUnavailable", 503, "server-error"),
        ],
    )
    def test_follows_an_error_that_passes(
        self, scene: Scene, operation: str, code: str, status: int, reason: str
    ) -> None:
        scene.wire.fail(operation, code, times=2, status=status)
        assert scene.save(*orders(3)) == StoreReport(3)
        assert scene.retried == [reason, reason]

    @pytest.mark.parametrize(
        ("mode", "operation"),
        [
            (WriteMode.BATCH, "BatchGetItem"),
            (WriteMode.BATCH, "BatchWriteItem"),
            (WriteMode.BATCH, "PutItem"),
            (WriteMode.TRANSACTION, "TransactWriteItems"),
        ],
    )
    def test_follows_a_lost_answer(self, scene: Scene, mode: WriteMode, operation: str) -> None:
        scene.mode = mode
        scene.put(an_order(1, NOW - MINUTE, note="old"))
        scene.wire.lose_next_answer(operation)
        assert scene.save(an_order(1, NOW, note="new"), an_order(2)) == StoreReport(2)
        assert scene.note("1") == "new"
        assert scene.retried == ["timed-out"]

    @pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
    def test_follows_an_answer_that_cannot_be_read(self, scene: Scene, operation: str) -> None:
        left = [1]

        def give(asked: str, _: dict[str, Any]) -> Answer | None:
            if asked != operation or not left:
                return None
            left.pop()
            return 200, b'{"Respon'

        scene.wire.answer(give)
        assert scene.save(*orders(3)) == StoreReport(3)
        assert scene.retried == ["server-error"]

    def test_reads_keys_that_were_left_unprocessed(self, scene: Scene) -> None:
        scene.save(*orders(3))
        left = [1]

        def give(operation: str, asked: dict[str, Any]) -> Answer | None:
            if operation != "BatchGetItem" or not left:
                return None
            left.pop()
            return 200, {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

        scene.wire.answer(give)
        assert scene.save(*orders(3)) == StoreReport(3)
        assert len(scene.wire.sent("BatchWriteItem")) == 1

    def test_is_not_needed_to_write_what_could_not_be_read(self, scene: Scene) -> None:
        scene.put(an_order(1, NOW + MINUTE, note="newer"))
        scene.wire.answer(
            lambda operation, asked: (
                (200, {"UnprocessedKeys": asked["RequestItems"]})
                if operation == "BatchGetItem"
                else None
            )
        )
        assert scene.save(an_order(1, note="old"), an_order(2, note="new")) == StoreReport(2)
        assert scene.note("1") == "newer"
        assert scene.note("2") == "new"

    def test_ends_when_the_process_stops(self, scene: Scene) -> None:
        scene.wire.fail("BatchWriteItem", "ThrottlingException", times=99)
        scene.pause.stop()
        with pytest.raises(Interrupted):
            scene.save(an_order(1))

    def test_is_not_sent_once_the_lease_is_over(self, scene: Scene) -> None:
        scene.wire.fail("BatchWriteItem", "ThrottlingException", times=99)
        lease = FixedLease.lasting(scene.clock, timedelta(milliseconds=50))
        with pytest.raises(LeaseLost):
            scene.save(*orders(3), lease=lease)
        assert len(scene.wire.sent("BatchWriteItem")) < ATTEMPTS
        assert scene.stored() == set()


class TestAPausedWorker:
    @pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem", "PutItem"])
    def test_sends_nothing_when_it_wakes(self, scene: Scene, operation: str) -> None:
        scene.put(an_order(1, NOW - MINUTE))
        scene.put(an_order(2, NOW - MINUTE))
        scene.wire.requests.clear()

        def pause_the_process(asked: str, _: dict[str, Any]) -> None:
            if asked == operation:
                scene.clock.advance(MINUTE)

        scene.wire.answer(pause_the_process)
        with pytest.raises(LeaseLost):
            scene.save(an_order(1), an_order(2), *(an_order(n) for n in range(3, 60)))
        assert scene.wire.requests[-1][0] == operation
        assert len(scene.wire.sent(operation)) == 1


class TestAnOutage:
    def test_is_a_transient_failure_if_nothing_was_written(self, scene: Scene) -> None:
        scene.wire.fail("BatchWriteItem", "InternalServerError", status=500, times=99)
        with pytest.raises(Transient) as caught:
            scene.save(*orders(60))
        assert caught.value.reason is Reason.DATABASE_ERROR
        assert scene.name in caught.value.message
        assert len(scene.wire.sent("BatchWriteItem")) == ATTEMPTS + 2

    def test_is_a_transient_failure_if_nothing_could_be_read(self, scene: Scene) -> None:
        scene.wire.fail("BatchGetItem", "InternalServerError", status=500, times=99)
        with pytest.raises(Transient):
            scene.save(*orders(3))

    def test_names_the_orders_that_it_kept_from_being_written(self, scene: Scene) -> None:
        scene.put(orders(1)[0])
        scene.wire.fail("BatchWriteItem", "InternalServerError", status=500, times=99)
        report = scene.save(*orders(3))
        assert report.saved == 1
        assert named(report) == {"2": FAILED.DATABASE_ERROR, "3": FAILED.DATABASE_ERROR}

    @pytest.mark.parametrize("code", ["ExpiredTokenException", "RequestTimeTooSkewed"])
    def test_may_be_one_of_credentials(self, scene: Scene, code: str) -> None:
        scene.wire.fail("BatchWriteItem", code)
        with pytest.raises(Transient):
            scene.save(*orders(3))

    @pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
    @pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
    def test_may_be_one_that_a_person_has_to_mend(
        self, scene: Scene, code: str, operation: str
    ) -> None:
        scene.wire.fail(operation, code, times=99)
        with pytest.raises(Permanent) as caught:
            scene.save(*orders(3))
        assert caught.value.message == f"table {scene.name}: {code} at {operation}"
        assert len(scene.wire.sent(operation)) == 1


class TestAConflict:
    def test_of_transactions_is_sat_out(self, scene: Scene) -> None:
        scene.mode = WriteMode.TRANSACTION
        left = [1, 1]

        def give(operation: str, _: dict[str, Any]) -> Answer | None:
            if operation != "TransactWriteItems" or not left:
                return None
            left.pop()
            reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            return 400, an_error("TransactionCanceledException", CancellationReasons=reasons)

        scene.wire.answer(give)
        assert scene.save(*orders(2)) == StoreReport(2)
        assert scene.retried == ["throttled", "throttled"]
        assert scene.stored() == {"1", "2"}
