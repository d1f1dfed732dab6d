"""Which dead letters chaos explains, and which it does not."""

from __future__ import annotations

from tests.chaos.aws import DeadLetter
from tests.chaos.letters import Letters

TOO_LARGE = {"orderIds": ["1"], "error": "the order has 438300 bytes; DynamoDB takes 409600"}
LETTER = DeadLetter("failed-batch", {"userId": "u", "batchId": "b"})


class TestLetters:
    def test_about_an_order_that_is_too_large_are_explained(self) -> None:
        found = Letters.of([LETTER, LETTER], {("u", "b"): TOO_LARGE})
        assert found.complaints == []
        assert found.orders == 1
        assert str(found).startswith("2 failed-batch (each for an order of more than 400 KB")

    def test_about_orders_that_nobody_kept_are_not(self) -> None:
        found = Letters.of([LETTER], {})
        assert len(found.complaints) == 1
        assert str(found) == "1 failed-batch (1 unexplained)"

    def test_about_orders_that_only_failed_are_not(self) -> None:
        failed = {"orderIds": ["1"], "error": "DynamoDB: it did not process the write"}
        assert Letters.of([LETTER], {("u", "b"): failed}).complaints

    def test_of_any_other_reason_are_not(self) -> None:
        assert Letters.of([DeadLetter("bug", {})], {}).complaints

    def test_are_none_at_best(self) -> None:
        assert str(Letters.of([], {})) == "0"
