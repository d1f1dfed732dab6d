"""Checkpoints in DynamoDB when the answer to a write is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.dynamodb_checkpoints import DynamoCheckpoints
from domain.checkpoints import Watermark
from tests.builders import KEY, NOW, USER, a_lease
from tests.checkpoint_table import completed
from tests.contracts.checkpoint_stores import TTL, a_claim, begun, stored_by
from tests.dynamodb import Wire

if TYPE_CHECKING:
    pass


class TestALostAnswer:
    """The write takes effect, botocore sends it again, and its condition no longer holds."""

    @pytest.fixture
    def wire(self, checkpoints: DynamoCheckpoints) -> Wire:
        return Wire(checkpoints.client)

    def test_does_not_hide_that_a_run_began(
        self, checkpoints: DynamoCheckpoints, wire: Wire
    ) -> None:
        wire.lose_next_answer("PutItem")
        run = begun(checkpoints)
        assert len(wire.sent("PutItem")) == 2
        assert checkpoints.find(KEY) == run

    def test_does_not_hide_that_a_run_was_replaced(
        self, checkpoints: DynamoCheckpoints, wire: Wire
    ) -> None:
        seen = begun(checkpoints)
        wire.lose_next_answer("UpdateItem")
        assert stored_by(checkpoints.replace(seen, replace(seen, page=9))) == checkpoints.find(KEY)

    def test_does_not_hide_that_a_page_was_claimed(
        self, checkpoints: DynamoCheckpoints, wire: Wire
    ) -> None:
        begun(checkpoints)
        wire.lose_next_answer("UpdateItem")
        held = stored_by(checkpoints.claim(a_claim()))
        assert len(wire.sent("UpdateItem")) == 2
        assert checkpoints.find(KEY) == held

    def test_does_not_hide_that_a_page_was_settled(
        self, checkpoints: DynamoCheckpoints, wire: Wire
    ) -> None:
        held = begun(checkpoints, lease=a_lease())
        wire.lose_next_answer("UpdateItem")
        assert stored_by(checkpoints.settle(held, replace(held, page=2, lease=None))).page == 2

    def test_does_not_hide_that_a_run_was_completed(
        self, checkpoints: DynamoCheckpoints, wire: Wire
    ) -> None:
        held = begun(checkpoints, lease=a_lease())
        wire.lose_next_answer("TransactWriteItems")
        done = stored_by(checkpoints.settle(held, completed(held), Watermark(NOW, None)))
        assert done == checkpoints.find(KEY)
        assert checkpoints.watermark(USER) == NOW

    def test_does_not_hide_an_extension(self, checkpoints: DynamoCheckpoints, wire: Wire) -> None:
        held = begun(checkpoints, lease=a_lease())
        wire.lose_next_answer("UpdateItem")
        assert checkpoints.extend(held, NOW + TTL)

    def test_does_not_hide_that_a_run_was_cleared(
        self, checkpoints: DynamoCheckpoints, wire: Wire
    ) -> None:
        begun(checkpoints)
        wire.lose_next_answer("DeleteItem")
        assert checkpoints.clear(KEY)
        assert len(wire.sent("DeleteItem")) == 2
