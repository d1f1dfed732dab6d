"""What every store of orders does with customer data: withheld fields, and what may be kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adapters.attribute_values import attribute_values
from adapters.stored_values import plain_values
from domain.orders import Json, Order, StoreReport
from tests.builders import NOW, an_order
from tests.contracts.order_stores import (
    LATER,
    SECOND,
    StoredByBatches,
    StoredByTransactions,
    StoredInMemory,
    Table,
)

ADA: dict[str, Json] = {
    "id": "gid://shopify/Customer/7",
    "legacyResourceId": "7",
    "firstName": "Ada",
    "defaultPhoneNumber": {"phoneNumber": "+15550100"},
}
IDS: dict[str, Json] = {"id": ADA["id"], "legacyResourceId": "7"}
WHOLE: dict[str, Any] = {
    "email": "ada@example.com",
    "phone": "+15550100",
    "customer": ADA,
    "shippingAddress": {"city": "Faketown", "phone": "+15550100", "latitude": 1.5},
    "billingAddress": {"city": "Faketown", "phone": None},
}


def withholding(*paths: str, updated_at: Any = LATER, **fields: Any) -> Order:
    order = an_order(1, updated_at, **fields)
    return Order(order.order_id, order.updated_at, order.fields, paths)


class WithheldPromises:
    def test_leaves_stored_what_a_later_version_withholds(self, table: Table) -> None:
        table.save(an_order(1, **WHOLE, note="old"))
        table.save(withholding("email", "customer", phone=None, note="new"))
        stored = table.stored()["1"]
        assert (stored["email"], stored["customer"]) == (WHOLE["email"], ADA)
        assert (stored["phone"], stored["note"]) == (None, "new")
        assert "shippingAddress" not in stored

    def test_takes_a_null_in_a_withheld_place_for_no_answer(self, table: Table) -> None:
        table.save(an_order(1, **WHOLE))
        table.save(withholding("email", "shippingAddress", email=None, shippingAddress=None))
        stored = table.stored()["1"]
        assert stored["email"] == WHOLE["email"]
        assert stored["shippingAddress"] == WHOLE["shippingAddress"]

    def test_leaves_a_part_of_what_is_handed_over(self, table: Table) -> None:
        table.save(an_order(1, **WHOLE))
        address = {"city": "Elsewhere", "phone": None}
        table.save(
            withholding(
                "customer.firstName", "shippingAddress.phone", customer=IDS, shippingAddress=address
            )
        )
        stored = table.stored()["1"]
        assert stored["customer"] == {**IDS, "firstName": "Ada"}
        assert stored["shippingAddress"] == {"city": "Elsewhere", "phone": "+15550100"}

    def test_takes_nothing_from_another_customer(self, table: Table) -> None:
        table.save(an_order(1, **WHOLE))
        other: dict[str, Json] = {"id": "gid://shopify/Customer/8", "legacyResourceId": "8"}
        table.save(withholding("customer.firstName", customer=other))
        assert table.stored()["1"]["customer"] == other

    def test_stores_an_order_that_is_new_as_it_comes(self, table: Table) -> None:
        table.save(withholding("email", "phone", phone=None, customer=IDS))
        assert table.stored()["1"] == {"name": "#1", "phone": None, "customer": IDS}

    def test_writes_nothing_where_only_withheld_fields_differ(self, table: Table) -> None:
        table.save(an_order(1, **WHOLE))
        withheld = withholding("email", "customer", **{**WHOLE, "email": None, "customer": None})
        table.save(withheld)
        written = table.writes()
        for _ in range(2):
            assert table.save(withheld) == StoreReport(1)
        assert table.writes() == written
        assert table.stored()["1"]["email"] == WHOLE["email"]

    def test_takes_a_field_that_is_really_empty_afterwards(self, table: Table) -> None:
        """Of the same second, too: what is stored differs from it."""
        table.save(an_order(1, **WHOLE))
        table.save(withholding("email", **{**WHOLE, "email": None}))
        table.save(an_order(1, LATER, **{**WHOLE, "email": None}))
        assert table.stored()["1"]["email"] is None

    def test_takes_a_field_that_is_shown_again(self, table: Table) -> None:
        table.save(withholding("email", updated_at=NOW, email=None))
        table.save(an_order(1, NOW, email="ada@example.com"))
        assert table.stored()["1"]["email"] == "ada@example.com"

    def test_leaves_a_later_version_to_itself(self, table: Table) -> None:
        table.save(an_order(1, LATER + SECOND, **WHOLE))
        assert table.save(withholding("email")) == StoreReport(1)
        assert table.stored()["1"]["email"] == WHOLE["email"]


class MinimalPromises:
    def test_keeps_the_customers_ids_alone(self, table: Table) -> None:
        table.set_to("minimal")
        table.save(an_order(1, **WHOLE, note="kept"))
        assert table.stored()["1"] == {"name": "#1", "customer": IDS, "note": "kept"}

    def test_loses_the_rest_of_what_was_kept_before_when_the_order_is_written_again(
        self, table: Table
    ) -> None:
        table.save(an_order(1, **WHOLE))
        table.set_to("minimal")
        table.save(an_order(1, **WHOLE))
        assert table.stored()["1"] == {"name": "#1", "customer": IDS}

    def test_restores_no_more_than_it_may_keep_of_what_is_withheld(self, table: Table) -> None:
        table.save(an_order(1, **WHOLE))
        table.set_to("minimal")
        table.save(withholding("customer"))
        assert table.stored()["1"] == {"name": "#1", "customer": IDS}

    def test_writes_nothing_twice(self, table: Table) -> None:
        table.set_to("minimal")
        for _ in range(3):
            table.save(an_order(1, **WHOLE))
        assert table.writes() == 1


class TestInMemory(StoredInMemory, WithheldPromises, MinimalPromises):
    """In memory."""


class TestInDynamoDBByBatches(StoredByBatches, WithheldPromises, MinimalPromises):
    """In DynamoDB, by BatchWriteItem where an order is new."""

    def test_completes_an_order_again_that_another_wrote_meanwhile(self, table: Any) -> None:
        table.save(an_order(1, **WHOLE))
        left = [1]

        def meanwhile(operation: str, _: dict[str, Any]) -> None:
            if operation == "PutItem" and left:
                left.pop()
                table.save(an_order(1, **{**WHOLE, "email": "new@example.com"}))

        table.wire.answer(meanwhile)
        table.save(withholding("email", note="new"))
        assert table.stored()["1"] == {"name": "#1", "email": "new@example.com", "note": "new"}

    def test_names_an_order_that_others_write_all_the_time(self, table: Any) -> None:
        table.save(an_order(1, **WHOLE))
        done: list[str] = []

        def meanwhile(operation: str, asked: dict[str, Any]) -> None:
            if operation == "PutItem" and "mine" in str(asked):
                done.append(operation)
                table.save(an_order(1, email=f"new@example.com{len(done)}"))

        table.wire.answer(meanwhile)
        ours = withholding("email", note="mine")
        assert table.failures(ours, an_order(2)) == {"1": "throttled"}

    def test_guesses_at_nothing_that_could_not_be_read(self, table: Any) -> None:
        table.save(an_order(1, **WHOLE))
        table.wire.answer(
            lambda operation, asked: (
                (200, {"UnprocessedKeys": asked["RequestItems"]})
                if operation == "BatchGetItem"
                else None
            )
        )
        assert table.failures(withholding("email"), an_order(2)) == {"1": "throttled"}
        assert table.stored()["1"]["email"] == WHOLE["email"]


class TestInDynamoDBByTransactions(StoredByTransactions, WithheldPromises, MinimalPromises):
    """In DynamoDB, every order under a condition."""


@pytest.mark.parametrize("number", ["1.50", "-0.000001", "12345678901234567890.5"])
def test_a_number_that_was_stored_is_the_same_when_it_is_kept(number: str) -> None:
    fields: dict[str, Json] = {"n": {"m": [Decimal(number), True, None, "x"]}}
    assert plain_values(attribute_values(fields)) == fields
