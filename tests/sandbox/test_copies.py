"""A simulated shop whose orders repeat."""

from __future__ import annotations

from itertools import islice

import pytest

from adapters.shopify_bulk_documents import bulk_orders
from adapters.shopify_documents import CustomerData
from sandbox.shopify.bulk_plan import bulk_rows
from sandbox.shopify.bulk_results import Recipe
from sandbox.shopify.catalogue import Catalogue
from sandbox.shopify.copies import Copies
from sandbox.shopify.shops import Shop
from sandbox.shopify.storefront import Storefront

KINDS = 40
SHOP = Shop("alike.myshopify.com", orders=5 * KINDS, seed=7, kinds=KINDS)


class TestOrdersThatRepeat:
    @pytest.mark.parametrize("customer_data", ["minimal", "full"])
    def test_are_filled_in_as_they_are_made(self, customer_data: CustomerData) -> None:
        storefront = Storefront(SHOP, Catalogue(SHOP))
        rows = bulk_rows(bulk_orders(customer_data, None))
        walk = storefront.walk_of(rows.arguments)
        keys = list(walk(None))
        assert len(keys) == 5 * KINDS
        made = Recipe(walk, storefront.make, rows, grouped=True)
        filled = Recipe(
            walk, storefront.make, rows, grouped=True, copies=Copies(KINDS, storefront.make, rows)
        )
        assert filled.text(keys) == made.text(keys)

    def test_have_ids_names_and_times_of_their_own(self) -> None:
        storefront = Storefront(SHOP, Catalogue(SHOP))
        keys = list(islice(storefront.walk_of({"sortKey": "ID"})(None), 2 * KINDS))
        first, other = (storefront.make(keys[n]) for n in (3, 3 + KINDS))
        assert [line["title"] for line in first["lineItems"]] == [
            line["title"] for line in other["lineItems"]
        ]
        own = ("id", "legacyResourceId", "name", "createdAt", "updatedAt")
        assert not any(first[name] == other[name] for name in own)
