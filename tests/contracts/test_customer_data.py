"""`SYNC_CUSTOMER_DATA` over the simulated Shopify, for every source and every field of an item."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from domain.orders import Json, Order, PageRequest
from domain.personal_data import PERSONAL, CustomerData
from domain.ports import OrderSource
from sandbox.shopify.faults import Fault
from tests.bulk import BulkBench, Patient, a_bulk_bench
from tests.contracts.order_stores import StoredByBatches, Table

LEVEL_2 = frozenset(
    {
        *("name", "firstName", "lastName", "displayName", "company"),
        *("address1", "address2", "city", "zip", "province", "provinceCode", "country"),
        *("countryCodeV2", "latitude", "longitude", "shippingAddress", "billingAddress"),
        *("email", "emailAddress", "defaultEmailAddress", "contactEmail"),
        *("phone", "phoneNumber", "defaultPhoneNumber"),
        *("clientIp", "statusPageUrl", "locale", "displayAddress"),
    }
)
"""What a field is called that needs level 2, or that goes with those that do."""
OF_GOODS = frozenset({"name", "lineItems.name", "app.name", "fulfillments.trackingInfo.company"})
"""Called alike, and about no customer: the number of an order, a product, an app, a carrier."""


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every member of the item at any depth, by its path without places in lists."""
    if isinstance(value, dict):
        for name, member in value.items():
            here = f"{path}.{name}".lstrip(".")
            yield here, member
            yield from leaves(member, here)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member, path)


def paths(orders: tuple[Order, ...]) -> set[str]:
    return {path for order in orders for path, _ in leaves(dict(order.fields))}


def personal_values(orders: tuple[Order, ...]) -> set[str]:
    """Texts that say who the customers are: names, addresses, how to reach them."""
    about = [
        (path, value)
        for order in orders
        for path, value in leaves({name: order.fields.get(name) for name in PERSONAL})
    ]
    plain = ("email", "emailAddress", "phone", "phoneNumber", "address1", "displayName", "zip")
    return {str(value) for path, value in about if value and path.rpartition(".")[2] in plain}


class CustomerDataContract:
    LACKS: ClassVar[frozenset[str]] = frozenset()
    """Of the customer, what the source does not have."""

    def source(self, bench: BulkBench) -> OrderSource:
        raise NotImplementedError

    @contextmanager
    def shop(self, customer_data: CustomerData) -> Iterator[BulkBench]:
        with a_bulk_bench(orders=30, customer_data=customer_data) as bench:
            yield bench

    def orders(self, bench: BulkBench) -> tuple[Order, ...]:
        request = PageRequest(250, None, None, count=False)
        return self.source(bench).fetch_page(bench.shop, request).orders

    def test_is_the_ids_alone_if_minimal(self) -> None:
        with self.shop("minimal") as bench:
            found = paths(self.orders(bench))
        assert {path for path in found if path.rpartition(".")[2] in LEVEL_2} <= OF_GOODS
        assert {path for path in found if path.startswith("customer")} == {
            "customer",
            "customer.id",
            "customer.legacyResourceId",
        }

    def test_shows_nobody_anywhere_in_a_minimal_item(self) -> None:
        with self.shop("full") as bench:
            values = personal_values(self.orders(bench))
        with self.shop("minimal") as bench:
            text = repr([dict(order.fields) for order in self.orders(bench)])
        assert len(values) > 50
        assert [value for value in values if f"'{value}'" in text] == []

    def test_is_names_and_addresses_too_if_full(self) -> None:
        with self.shop("full") as bench:
            found = paths(self.orders(bench))
        expected = {
            *PERSONAL,
            *("customer.firstName", "customer.lastName", "customer.displayName"),
            *("customer.defaultEmailAddress.emailAddress", "customer.defaultPhoneNumber"),
            *("customer.locale", "customer.tags", "shippingAddress.address1"),
            *("shippingAddress.phone", "billingAddress.latitude", "billingAddress.company"),
        }
        assert expected - found == self.LACKS

    def test_never_reaches_the_table_of_a_minimal_setting(self, table: Table) -> None:
        """Even what was handed over too much."""
        table.set_to("minimal")
        with self.shop("full") as bench:
            orders = self.orders(bench)
        assert table.save(*orders).saved == len(orders)
        stored = tuple(Order(i, orders[0].updated_at, f) for i, f in table.stored().items())
        assert len(stored) == len(orders)
        personal = {path for path in paths(stored) if path.rpartition(".")[2] in LEVEL_2}
        assert personal <= OF_GOODS


class WithheldContract(CustomerDataContract):
    def test_that_shopify_withholds_leaves_what_is_stored(self, table: Table) -> None:
        with self.shop("full") as bench:
            orders = self.orders(bench)
            bench.meets(Fault.PROTECTED_DATA, times=99)
            withheld = self.orders(bench)
        table.save(*orders)
        before = table.stored()
        assert any(order.fields.get("email") for order in orders)
        assert not any(order.fields.get("email") for order in withheld)
        table.save(*withheld)
        assert [shown(stored) for stored in table.stored().values()] == [
            shown(stored) for stored in before.values()
        ]
        written = table.writes()
        table.save(*withheld)
        assert table.writes() == written


def shown(stored: Any) -> dict[str, Any]:
    """What is known of the customer; a field that is null says as much as one that is missing."""
    return {name: stored[name] for name in PERSONAL if stored.get(name) is not None}


class TestGraphql(StoredByBatches, WithheldContract):
    def source(self, bench: BulkBench) -> OrderSource:
        return bench.bench.source


class TestRest(StoredByBatches, WithheldContract):
    LACKS = frozenset({"customer.locale"})

    def source(self, bench: BulkBench) -> OrderSource:
        return bench.bench.rest_source


class TestBulk(StoredByBatches, CustomerDataContract):
    """What is withheld in a file: tests/unit/adapters/test_shopify_jsonl.py."""

    def source(self, bench: BulkBench) -> OrderSource:
        return Patient(bench.source, bench.clock)
