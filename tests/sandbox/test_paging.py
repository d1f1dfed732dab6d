"""Pages of orders and of what is inside them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.shopify.catalogue import SortBy, Stretch
from tests.sandbox.conftest import OpenShop, ShopUnderTest

PAGE = """
query($n: Int!, $after: String, $query: String, $key: OrderSortKeys!, $reverse: Boolean) {
  orders(first: $n, after: $after, query: $query, sortKey: $key, reverse: $reverse) {
    nodes { id updatedAt createdAt } pageInfo { hasNextPage endCursor } } }
"""


def every_page(shop: ShopUnderTest, size: int, **options: Any) -> list[list[dict[str, str]]]:
    pages: list[list[dict[str, str]]] = []
    after = None
    while True:
        asked = {"key": "UPDATED_AT", **options, "n": size, "after": after}
        found = shop.data(PAGE, **asked)["orders"]
        pages.append(found["nodes"])
        if not found["pageInfo"]["hasNextPage"]:
            return pages
        after = found["pageInfo"]["endCursor"]


def ids(pages: list[list[dict[str, str]]]) -> list[str]:
    return [order["id"] for page in pages for order in page]


class TestPagesOfOrders:
    @pytest.mark.parametrize("key", ["UPDATED_AT", "CREATED_AT", "PROCESSED_AT", "ID"])
    @pytest.mark.parametrize("reverse", [False, True])
    def test_hold_every_order_once(self, open_shop: OpenShop, key: str, reverse: bool) -> None:  # noqa: FBT001 - a parameter
        pages = every_page(open_shop(200), 60, key=key, reverse=reverse)

        assert [len(page) for page in pages] == [60, 60, 60, 20]
        assert len(set(ids(pages))) == 200

    def test_are_in_order_through_a_run_of_ties_longer_than_a_page(
        self, open_shop: OpenShop
    ) -> None:
        orders = [order for page in every_page(open_shop(1_100), 97) for order in page]

        keys = [(order["updatedAt"], int(order["id"].rpartition("/")[2])) for order in orders]
        assert keys == sorted(keys)

    def test_come_backwards_with_reverse(self, open_shop: OpenShop) -> None:
        shop = open_shop(120)

        forwards, backwards = every_page(shop, 50), every_page(shop, 50, reverse=True)

        assert ids(backwards) == ids(forwards)[::-1]

    def test_come_from_the_end_with_last_and_before(self, open_shop: OpenShop) -> None:
        shop = open_shop(30)
        query = """query($before: String) { orders(last: 10, before: $before, sortKey: ID) {
                   nodes { id } pageInfo { startCursor hasPreviousPage hasNextPage } } }"""

        end = shop.data(query)["orders"]
        before = shop.data(query, before=end["pageInfo"]["startCursor"])["orders"]

        everything = ids(every_page(shop, 30, key="ID"))
        assert [order["id"] for order in end["nodes"]] == everything[20:]
        assert [order["id"] for order in before["nodes"]] == everything[10:20]
        assert before["pageInfo"]["hasPreviousPage"]
        assert before["pageInfo"]["hasNextPage"]

    def test_end_with_a_full_page_when_the_orders_do(self, open_shop: OpenShop) -> None:
        assert [len(page) for page in every_page(open_shop(100), 50)] == [50, 50]

    def test_are_empty_in_an_empty_shop(self, open_shop: OpenShop) -> None:
        found = open_shop(0).data(PAGE, n=5, key="UPDATED_AT")["orders"]

        assert found == {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}

    def test_are_found_at_once_in_a_shop_of_a_million(self, open_shop: OpenShop) -> None:
        shop = open_shop(1_000_000)
        last = shop.data(PAGE, n=1, key="UPDATED_AT", reverse=True)["orders"]["nodes"][0]

        search = f"updated_at:>='{last['updatedAt']}'"

        assert last["id"] in ids(every_page(shop, 5, query=search))


class TestPagesThatAreAskedWrongly:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("", "you must provide one of first or last"),
            ("(first: 1, last: 1)", "providing both first and last is not supported"),
            ("(first: 251)", "first cannot exceed 250"),
            ("(first: -1)", "first cannot be negative"),
            ('(first: 1, after: "nonsense")', "Invalid cursor for current pagination sort."),
        ],
    )
    def test_are_refused_as_shopify_does(
        self, open_shop: OpenShop, arguments: str, message: str
    ) -> None:
        body = open_shop(5).ask(f"{{orders{arguments} {{nodes {{id}}}}}}")

        assert body["data"] is None
        assert body["errors"][0]["message"] == message
        assert body["errors"][0]["path"] == ["orders"]

    def test_are_refused_for_a_sort_key_the_sandbox_lacks(self, open_shop: OpenShop) -> None:
        body = open_shop(5).ask("{orders(first: 1, sortKey: DESTINATION) {nodes {id}}}")

        assert "does not sort by DESTINATION" in body["errors"][0]["message"]


class TestLineItems:
    def test_need_more_than_one_page_in_the_longest_order(self, open_shop: OpenShop) -> None:
        shop = open_shop(40)
        key = shop.catalogue.by_index(20)
        assert key is not None
        query = """query($id: ID!, $after: String) { order(id: $id) {
            lineItems(first: 250, after: $after) { nodes { id }
              pageInfo { hasNextPage endCursor } } } }"""
        gid = f"gid://shopify/Order/{key.id}"

        first = shop.data(query, id=gid)["order"]["lineItems"]
        second = shop.data(query, id=gid, after=first["pageInfo"]["endCursor"])["order"][
            "lineItems"
        ]

        lines = {node["id"] for page in (first, second) for node in page["nodes"]}
        assert (len(first["nodes"]), len(second["nodes"]), len(lines)) == (250, 50, 300)
        assert not second["pageInfo"]["hasNextPage"]


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class TestWrites:
    def test_move_a_touched_order_to_the_end(self, open_shop: OpenShop) -> None:
        shop = open_shop(60)
        before = ids(every_page(shop, 60))

        shop.catalogue.touch(3, NOON)

        after = every_page(shop, 25)
        assert ids(after) == [*before[:3], *before[4:], before[3]]
        assert after[-1][-1]["updatedAt"] == "2026-11-23T12:00:00Z"

    def test_change_what_the_touched_order_says(self, open_shop: OpenShop) -> None:
        shop = open_shop(60)
        key = shop.catalogue.by_index(3)
        assert key is not None
        query = f'{{order(id: "gid://shopify/Order/{key.id}") {{tags note}}}}'

        before = shop.data(query)
        shop.catalogue.touch(3, NOON)
        shop.catalogue.touch(3, NOON)

        assert shop.data(query) != before
        assert "changed-2" in shop.data(query)["order"]["tags"]

    def test_let_an_order_in_flight_be_seen_twice_but_none_be_missed(
        self, open_shop: OpenShop
    ) -> None:
        shop = open_shop(60)
        everything = set(ids(every_page(shop, 60)))
        first = shop.data(PAGE, n=20, key="UPDATED_AT")["orders"]

        shop.catalogue.touch(0, NOON)
        shop.catalogue.touch(19, NOON + timedelta(seconds=1))
        rest = shop.data(PAGE, n=60, key="UPDATED_AT", after=first["pageInfo"]["endCursor"])

        seen = ids([first["nodes"], rest["orders"]["nodes"]])
        assert set(seen) == everything
        assert len(seen) == len(everything) + 2

    def test_add_an_order_with_an_id_of_its_own(self, open_shop: OpenShop) -> None:
        shop = open_shop(60)

        key = shop.catalogue.create(NOON)

        found = ids(every_page(shop, 60))
        assert found[-1] == f"gid://shopify/Order/{key.id}"
        assert len(set(found)) == 61
        assert shop.data("{ordersCount {count}}") == {"ordersCount": {"count": 61}}

    def test_let_a_deleted_order_vanish(self, open_shop: OpenShop) -> None:
        shop = open_shop(60)
        key = shop.catalogue.by_index(5)
        assert key is not None

        shop.catalogue.delete(5)

        gid = f"gid://shopify/Order/{key.id}"
        assert gid not in ids(every_page(shop, 60))
        assert shop.data(f'{{order(id: "{gid}") {{id}}}}') == {"order": None}
        with pytest.raises(KeyError):
            shop.catalogue.touch(5, NOON)

    def test_are_all_kept_when_many_threads_write_and_read(self, open_shop: OpenShop) -> None:
        shop = open_shop(60)

        def write(worker: int) -> int:
            for step in range(20):
                shop.catalogue.touch(step, NOON + timedelta(seconds=worker))
                shop.catalogue.create(NOON)
                assert sum(1 for _ in shop.catalogue.forwards(Stretch(SortBy.UPDATED_AT))) >= 60
            return 20

        with ThreadPoolExecutor(8) as threads:
            created = sum(threads.map(write, range(8)))

        touched = [shop.catalogue.by_index(index) for index in range(20)]
        assert [key.version for key in touched if key] == [8] * 20
        assert shop.data("{ordersCount {count}}") == {"ordersCount": {"count": 60 + created}}

    def test_leave_a_page_that_is_being_read_alone(self, open_shop: OpenShop) -> None:
        shop = open_shop(60)
        first = shop.data(PAGE, n=20, key="ID")["orders"]

        shop.catalogue.delete(30)
        shop.catalogue.create(NOON)

        rest = every_page(shop, 60, key="ID")
        assert [order["id"] for order in first["nodes"]] == ids(rest)[:20]
