"""Checkpoints in DynamoDB: what no other implementation has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_checkpoints import DynamoCheckpoints
from domain.checkpoints import RunStatus, Watermark
from domain.failures import Failure, Permanent, Reason, Transient
from domain.ports import Refused
from tests.builders import KEY, NOW, USER, a_continuation, a_lease, a_run
from tests.checkpoint_table import Stored, completed
from tests.contracts.checkpoint_stores import EVERYTHING, TTL, a_claim, begun, stored_by
from tests.dynamodb import Wire, an_error

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class TestTheItem:
    def test_has_the_public_attributes(
        self, checkpoints: DynamoCheckpoints, seen_by_others: Stored
    ) -> None:
        checkpoints.begin(EVERYTHING)
        item = seen_by_others.item()
        assert item["status"] == {"S": "running"}
        assert item["page"] == {"N": "3"}
        assert item["totalExpected"] == {"N": "1000"}
        assert item["startedAt"] == {"S": "2026-11-23T11:00:00.000007Z"}
        assert item["updatedAt"] == {"S": "2026-11-23T12:00:00.000000Z"}
        assert item["expiresAt"] == {"N": str(int((NOW + TTL).timestamp()))}
        assert item["lastError"] == {
            "M": {
                "reason": {"S": "shopify-error"},
                "message": {"S": "Shopify answered 502"},
                "at": {"S": "2026-11-23T11:59:59.000000Z"},
            }
        }
        assert item["openKind"] == {"S": "run"}
        assert item["openSince"] == item["dueAt"]

    def test_has_no_attribute_without_a_value(
        self, checkpoints: DynamoCheckpoints, seen_by_others: Stored
    ) -> None:
        held = stored_by(checkpoints.begin(EVERYTHING))
        checkpoints.settle(held, a_run(chain=held.chain, status=RunStatus.FAILED))
        assert {
            "completedAt",
            "cursor",
            "lastError",
            "leaseOwner",
            "leaseUntil",
            "openKind",
            "openSince",
            "pageSize",
            "shop",
            "tailUntil",
            "totalExpected",
            "updatedSince",
        }.isdisjoint(seen_by_others.item())

    @pytest.mark.parametrize("watermark", [None, Watermark(NOW, None)])
    def test_keeps_attributes_that_others_added(
        self, checkpoints: DynamoCheckpoints, seen_by_others: Stored, watermark: Watermark | None
    ) -> None:
        begun(checkpoints)
        seen_by_others.edit("ticket", {"S": "OPS-1"})
        held = stored_by(checkpoints.claim(a_claim()))
        checkpoints.extend(held, NOW + TTL)
        checkpoints.mark_published(a_continuation())
        checkpoints.settle(held, replace(held, page=2, lease=None), watermark)
        assert seen_by_others.item()["ticket"] == {"S": "OPS-1"}


class TestAStoredItemThatSomebodyEdited:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("page", {"S": "one"}),
            ("page", {"N": "1.5"}),
            ("page", None),
            ("status", {"S": "asleep"}),
            ("startedAt", {"S": "yesterday"}),
            ("startedAt", {"S": "2026-11-23T12:00:00"}),
            ("earlierRequests", {"L": [{"N": "1"}]}),
            ("leaseUntil", None),
            ("lastError", {"S": "secret"}),
            ("totalSaved", {"BOOL": True}),
        ],
    )
    def test_is_named_with_its_attribute(
        self,
        checkpoints: DynamoCheckpoints,
        seen_by_others: Stored,
        name: str,
        value: dict[str, Any] | None,
    ) -> None:
        checkpoints.begin(EVERYTHING)
        seen_by_others.edit(name, value)
        with pytest.raises(Permanent) as caught:
            checkpoints.find(KEY)
        assert caught.value.reason is Reason.DATABASE_ERROR
        assert caught.value.message == (
            f"the manual checkpoint of user user-1: the attribute {name} cannot be read"
        )


class TestAnUnansweredCall:
    @pytest.mark.parametrize(
        "call",
        [
            lambda checkpoints: checkpoints.find(KEY),
            lambda checkpoints: checkpoints.begin(a_run()),
            lambda checkpoints: checkpoints.claim(a_claim()),
            lambda checkpoints: checkpoints.mark_published(a_continuation()),
            lambda checkpoints: checkpoints.due_before(NOW, 1),
            lambda checkpoints: checkpoints.count_due_before(NOW),
            lambda checkpoints: checkpoints.clear(KEY),
            lambda checkpoints: checkpoints.watermark(USER),
        ],
    )
    @pytest.mark.parametrize(
        ("code", "failure"),
        [
            ("InternalServerError", Transient),
            ("ProvisionedThroughputExceededException", Transient),
            ("ExpiredTokenException", Transient),
            ("ResourceNotFoundException", Permanent),
            ("AccessDeniedException", Permanent),
        ],
    )
    def test_is_a_failure_that_names_the_table(
        self,
        checkpoints: DynamoCheckpoints,
        impatient_dynamodb: DynamoDBClient,
        call: Callable[[DynamoCheckpoints], object],
        code: str,
        failure: type[Failure],
    ) -> None:
        checkpoints = replace(checkpoints, client=impatient_dynamodb)
        Wire(checkpoints.client).answer(
            lambda _, __: (500 if code == "InternalServerError" else 400, an_error(code))
        )
        with pytest.raises(failure) as caught:
            call(checkpoints)
        assert caught.value.reason is Reason.DATABASE_ERROR
        assert checkpoints.table in caught.value.message
        assert code in caught.value.message


class TestAnAnswerThatCannotBeRead:
    @pytest.mark.parametrize("body", [b"<html>Sign in to the network</html>", b"", b"[]", b"\xff"])
    def test_is_no_success(self, checkpoints: DynamoCheckpoints, body: bytes) -> None:
        Wire(checkpoints.client).answer(lambda _, __: (200, body))
        with pytest.raises(Transient):
            checkpoints.begin(a_run())


class TestCompletingARun:
    def complete(self, checkpoints: DynamoCheckpoints) -> object:
        held = begun(checkpoints, lease=a_lease())
        return checkpoints.settle(held, completed(held), Watermark(NOW, None))

    def cancel(self, wire: Wire, *codes: str, times: int) -> None:
        left = [codes] * times
        reasons = [{"Code": code} for code in codes]

        def give(operation: str, _: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
            if operation != "TransactWriteItems" or not left:
                return None
            left.pop()
            return 400, an_error("TransactionCanceledException", CancellationReasons=reasons)

        wire.answer(give)

    def test_sits_out_another_run_that_completes_at_the_same_time(
        self, checkpoints: DynamoCheckpoints
    ) -> None:
        wire = Wire(checkpoints.client)
        self.cancel(wire, "None", "TransactionConflict", times=2)
        assert not isinstance(self.complete(checkpoints), Refused)
        assert checkpoints.watermark(USER) == NOW

    def test_fails_for_now_where_the_conflict_lasts(self, checkpoints: DynamoCheckpoints) -> None:
        wire = Wire(checkpoints.client)
        self.cancel(wire, "TransactionConflict", "None", times=99)
        with pytest.raises(Transient):
            self.complete(checkpoints)
        assert len(wire.sent("TransactWriteItems")) == 3

    def test_fails_for_now_where_the_table_is_throttled(
        self, checkpoints: DynamoCheckpoints
    ) -> None:
        self.cancel(Wire(checkpoints.client), "ThrottlingError", "None", times=99)
        with pytest.raises(Transient):
            self.complete(checkpoints)


class TestTheIndex:
    def test_is_read_page_after_page(self, checkpoints: DynamoCheckpoints) -> None:
        wire = Wire(checkpoints.client)
        key = {"userId": {"S": "user-0"}, "syncType": {"S": "daily"}}

        def give(operation: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
            if operation != "Query" or "ExclusiveStartKey" in asked:
                return None
            return 200, {
                "Items": [key],
                "Count": 1,
                "LastEvaluatedKey": {**key, "openKind": {"S": "run"}, "openSince": {"S": "2026"}},
            }

        begun(checkpoints, due_at=NOW - timedelta(hours=1))
        wire.answer(give)
        assert [key.user_id for key in checkpoints.due_before(NOW, 10)] == ["user-0", USER]
        assert checkpoints.count_due_before(NOW) == 2
        assert len(wire.sent("Query")) == 4
