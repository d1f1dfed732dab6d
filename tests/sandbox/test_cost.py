"""What queries cost, and the bucket they are paid from."""

from typing import Any

import pytest

from sandbox.shopify.api import Request
from sandbox.shopify.cost import multiplier, of_connection
from sandbox.shopify.shops import Plan
from tests.sandbox.conftest import OpenShop, ShopUnderTest

# Fields of an order that cost so many points: objects and lists of objects at one point each.
OBJECTS = """
customer{id} shippingAddress{id} billingAddress{id} displayAddress{id} app{id} refunds{id}
customAttributes{key} taxLines{title} currentTaxLines{title} disputes{id} transactions{id}
additionalFees{id} fulfillments{id} cancellation{staffNote} shippingLine{id} retailLocation{id}
fulfillmentsCount{count} transactionsCount{count} risk{recommendation}
""".split()  # noqa: SIM905 - a list of words is easier to read
LINE_OBJECTS = """
product{id} variant{id} customAttributes{key} duties{id} weight{value} sellingPlan{name}
taxLines{title} discountAllocations{allocatedAmountSet{shopMoney{amount}}} t:taxLines{rate}
""".split()  # noqa: SIM905 - same


def page(orders: int, lines: int, order_cost: int, line_cost: int) -> str:
    """A page whose orders cost `order_cost` without line items, and a line item `line_cost`."""
    inside = " ".join(OBJECTS[: order_cost - 1])
    line = " ".join(LINE_OBJECTS[: line_cost - 1])
    return f"""{{orders(first: {orders}) {{ nodes {{ id totalPriceSet {{shopMoney {{amount}}}}
      {inside} lineItems(first: {lines}) {{ nodes {{ id {line} }} }} }}
      pageInfo {{ hasNextPage }} }} }}"""


def cost_of(shop: ShopUnderTest, query: str, /, **variables: Any) -> dict[str, Any]:
    cost: dict[str, Any] = shop.ask(query, **variables)["extensions"]["cost"]
    return cost


class TestTheRequestedCost:
    @pytest.mark.parametrize(
        ("size", "factor"),
        [
            *[(0, 1), (1, 1), (2, 1), (3, 2), (5, 3), (10, 4), (20, 5), (25, 6), (50, 7)],
            *[(75, 8), (100, 9), (150, 10), (200, 10), (250, 11)],
        ],
    )
    def test_grows_slowly_with_the_size_of_a_page(self, size: int, factor: int) -> None:
        assert multiplier(size) == factor

    def test_agrees_with_what_shopify_declared(self) -> None:
        assert (of_connection(25, 10), of_connection(150, 10)) == (68, 112)
        assert (1 + of_connection(3, 9), 1 + of_connection(10, 9)) == (23, 43)

    @pytest.mark.parametrize(
        ("asked", "cost"),
        [
            ((25, 50, 10, 3), 200),
            ((25, 250, 10, 3), 272),
            ((50, 50, 10, 3), 233),
            ((250, 50, 10, 3), 365),
            ((250, 250, 10, 3), 497),
            ((25, 50, 15, 6), 356),
            ((100, 250, 15, 6), 749),
            ((250, 250, 15, 6), 915),
            ((25, 50, 20, 10), 554),
            ((100, 50, 20, 10), 830),
        ],
    )
    def test_of_a_page_is_that_of_the_table(
        self, open_shop: OpenShop, asked: tuple[int, int, int, int], cost: int
    ) -> None:
        assert cost_of(open_shop(1), page(*asked))["requestedQueryCost"] == cost

    def test_above_a_thousand_is_refused(self, open_shop: OpenShop) -> None:
        body = open_shop(1).ask(page(250, 250, 20, 10))

        assert "data" not in body
        assert body["errors"][0]["extensions"] == {
            "code": "MAX_COST_EXCEEDED",
            "cost": 1_454,
            "maxCost": 1_000,
        }

    def test_counts_fragments_variables_and_directives(self, open_shop: OpenShop) -> None:
        shop = open_shop(1)
        query = """query($n: Int!, $more: Boolean!) {
            orders(first: $n) { nodes { ...Parts customer @include(if: $more) { id } } } }
            fragment Parts on Order { app { id } lineItems(first: 10) { edges { node { id } } } }"""

        small = cost_of(shop, query, n=25, more=False)["requestedQueryCost"]
        large = cost_of(shop, query, n=25, more=True)["requestedQueryCost"]

        assert (small, large) == (of_connection(25, 1 + 6), of_connection(25, 2 + 6))

    def test_of_edges_is_that_of_nodes(self, open_shop: OpenShop) -> None:
        shop = open_shop(1)

        edges = cost_of(shop, "{orders(first: 50) {edges {node {id customer {id}}}}}")
        nodes = cost_of(shop, "{orders(first: 50) {nodes {id customer {id}}}}")

        assert edges["requestedQueryCost"] == nodes["requestedQueryCost"] == 2 + 7 * 2

    def test_of_an_interface_is_that_of_its_dearest_type(self, open_shop: OpenShop) -> None:
        query = """{orders(first: 1) {nodes {discountApplications(first: 1) {nodes {
            ...on DiscountCodeApplication {code}
            ...on AutomaticDiscountApplication {value {...on PricingPercentageValue {percentage}}}
        }}}}}"""

        assert cost_of(open_shop(1), query)["requestedQueryCost"] == 2 + 1 + (2 + 1 + 1)


class TestTheActualCost:
    def test_is_no_more_than_the_requested_one(self, open_shop: OpenShop) -> None:
        cost = cost_of(open_shop(300), page(100, 50, 15, 6))

        assert cost["actualQueryCost"] == cost["requestedQueryCost"]

    def test_is_that_of_the_objects_found_if_they_are_fewer(self, open_shop: OpenShop) -> None:
        cost = cost_of(open_shop(3), "{orders(first: 250) {nodes {id app {id}}}}")

        assert cost["requestedQueryCost"] == of_connection(250, 1)
        assert cost["actualQueryCost"] == 2 + 3 * 2


class TestTheBucket:
    DEAR = page(25, 50, 20, 10)

    def ask(self, shop: ShopUnderTest) -> dict[str, Any]:
        return shop.api.answer(Request(self.DEAR, {})).body

    def test_throttles_a_query_it_holds_too_little_for(self, open_shop: OpenShop) -> None:
        shop = open_shop(300)
        for _ in range(3):
            assert "data" in self.ask(shop)

        body = self.ask(shop)

        assert "data" not in body
        assert body["errors"][0]["message"] == "Throttled"
        assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert body["extensions"]["cost"] == {
            "requestedQueryCost": 554,
            "actualQueryCost": None,
            "throttleStatus": {
                "maximumAvailable": 2_000.0,
                "currentlyAvailable": 2_000 - 3 * 554,
                "restoreRate": 100.0,
            },
        }

    def test_lets_it_through_once_enough_was_restored(self, open_shop: OpenShop) -> None:
        shop = open_shop(300)
        for _ in range(3):
            self.ask(shop)
        missing = 554 - (2_000 - 3 * 554)

        shop.clock.seconds += (missing - 1) / 100
        early = self.ask(shop)
        shop.clock.seconds += 1 / 100

        assert "errors" in early
        assert "data" in self.ask(shop)

    def test_gives_back_what_was_not_used(self, open_shop: OpenShop) -> None:
        shop = open_shop(3)

        body = shop.api.answer(Request("{orders(first: 250) {nodes {id app {id}}}}", {})).body

        assert body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 2_000 - 8

    @pytest.mark.parametrize("plan", list(Plan))
    def test_is_as_large_as_the_plan_says(self, open_shop: OpenShop, plan: Plan) -> None:
        status = cost_of(open_shop(1, plan=plan), "{shop {name}}")["throttleStatus"]

        assert status["maximumAvailable"] == plan.bucket == 20 * plan.restore_rate

    def test_never_holds_more_than_it_can(self, open_shop: OpenShop) -> None:
        shop = open_shop(1)
        shop.clock.seconds += 1_000_000

        assert cost_of(shop, "{shop {name}}")["throttleStatus"]["currentlyAvailable"] == 1_999
