"""What each answer means: one row for everything that Shopify was seen or said to send."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.shopify_answers import Answer, answer_in
from adapters.shopify_costs import Cost, cost_in, retry_after
from adapters.shopify_orders import orders_in as by_id
from adapters.shopify_orders import page_in
from adapters.shopify_transport import RawAnswer
from domain.caveats import CaveatKind
from domain.failures import (
    Failure,
    PageTooLarge,
    Permanent,
    Reason,
    TimedOut,
    Transient,
)
from tests.shopify import a_node, a_page_of, an_error, cost, failure, raw, wait

HTML = "<!DOCTYPE html><html><h1>Sorry</h1></html>"
NO_SCOPE = "[API] This action requires merchant approval for read_orders scope."
NOT_APPROVED = "This app is not approved to access the Customer object. See https://partners…"


def orders_in(answer: Answer) -> Any:
    return answer.data["orders"]["nodes"]  # type: ignore[index, call-overload]  # JSON


class TestAWholeAnswer:
    def test_keeps_every_digit(self) -> None:
        text = '{"data": {"rate": 0.07250, "id": 820982911946154508, "count": 12.000000000000001}}'
        assert answer_in(raw(text)).data == {
            "rate": Decimal("0.07250"),
            "id": 820982911946154508,
            "count": Decimal("12.000000000000001"),
        }
        assert str(answer_in(raw(text)).data["rate"]) == "0.07250"

    def test_says_what_it_cost(self) -> None:
        answer = answer_in(raw({**a_page_of(), "extensions": cost(600, 350.0, 100)}))
        assert answer.cost == Cost(600, None, 350, 100, 2000)

    def test_may_have_an_empty_list_of_errors(self) -> None:
        assert answer_in(raw({**a_page_of(), "errors": []})).withheld == ()

    def test_needs_no_content_type(self) -> None:
        answer = raw(a_page_of())
        assert answer_in(RawAnswer(200, {}, answer.body)).data == a_page_of()["data"]


class TestAnError:
    def test_of_too_high_a_cost_says_how_high(self) -> None:
        said = failure(raw({"errors": [an_error("MAX_COST_EXCEEDED", cost=2003, maxCost=1000)]}))
        assert isinstance(said, PageTooLarge)
        assert said.cost == 2003

    @pytest.mark.parametrize(
        ("code", "kind", "reason"),
        [
            ("SHOP_INACTIVE", Permanent, Reason.SHOP_UNAVAILABLE),
            ("ACCESS_DENIED", Permanent, Reason.SHOP_UNAUTHORIZED),
            ("INTERNAL_SERVER_ERROR", Transient, Reason.SHOPIFY_ERROR),
            ("TIMEOUT", TimedOut, Reason.SHOPIFY_ERROR),
            ("undefinedField", Permanent, Reason.SHOPIFY_ERROR),
            ("BAD_REQUEST", Permanent, Reason.SHOPIFY_ERROR),
            ("SOMETHING_NEW", Permanent, Reason.SHOPIFY_ERROR),
            (None, Transient, Reason.SHOPIFY_ERROR),
        ],
    )
    @pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {"orders": None}}])
    def test_without_data_is_told_by_its_code(
        self, code: str | None, kind: type[Failure], reason: Reason, data: dict[str, Any]
    ) -> None:
        said = failure(raw({**data, "errors": [an_error(code, "orders")]}))
        assert (type(said), said.reason) == (kind, reason)

    def test_of_denied_access_names_the_scope(self) -> None:
        error = {**an_error("ACCESS_DENIED", "orders"), "message": "Required access: `read_orders`"}
        assert "`read_orders`" in failure(raw({"data": {}, "errors": [error]})).message

    @pytest.mark.parametrize(
        "error",
        [
            an_error("SOMETHING_NEW", "orders", "nodes", 0, "totalPriceSet"),
            an_error(None, "orders", "nodes", 0, "refunds"),
            an_error("INTERNAL_SERVER_ERROR", "orders", "nodes", 0, "customer"),
            an_error(),
            "no more than a text",
            None,
        ],
    )
    def test_beside_data_spoils_the_page(self, error: Any) -> None:
        said = failure(raw({**a_page_of(a_node()), "errors": [error]}))
        assert (type(said), said.reason) == (Transient, Reason.SHOPIFY_ERROR)

    def test_that_matters_most_speaks_for_all(self) -> None:
        errors = [an_error("undefinedField"), an_error("ACCESS_DENIED"), an_error("THROTTLED")]
        assert wait(raw({"errors": errors})) == 2
        assert failure(raw({"errors": errors[:2]})).reason is Reason.SHOP_UNAUTHORIZED

    @pytest.mark.parametrize("errors", ["Not Found", {"base": ["no"]}, 7])
    def test_of_another_shape_is_unreadable(self, errors: Any) -> None:
        said = failure(raw({"data": None, "errors": errors}))
        assert (type(said), said.reason) == (Transient, Reason.SHOPIFY_ERROR)

    def test_on_the_count_alone_spoils_nothing_else(self) -> None:
        body = {**a_page_of(a_node(), ordersCount=None), "errors": [an_error("X", "ordersCount")]}
        assert answer_in(raw(body)).data == body["data"]


class TestWithheldCustomerData:
    def test_is_left_out_rather_than_null(self) -> None:
        node = a_node(customer=None, email=None, phone="+15550100")
        paths = (("customer",), ("email",))
        errors = [
            {"message": NOT_APPROVED, "path": ["orders", "nodes", 0, *path]} for path in paths
        ]
        answer = answer_in(raw({**a_page_of(node), "errors": errors}))
        (order,) = orders_in(answer)
        assert order.keys() == a_node().keys() - {"customer"} | {"phone"}
        assert answer.withheld == ("customer", "email")

    def test_leaves_what_is_beside_it(self) -> None:
        node = a_node(customer={"id": "7", "phone": None})
        errors = [an_error("ACCESS_DENIED", "orders", "nodes", 0, "customer", "phone")]
        answer = answer_in(raw({**a_page_of(node), "errors": errors}))
        assert orders_in(answer)[0]["customer"] == {"id": "7"}
        assert answer.withheld == ("customer.phone",)

    def test_may_take_what_is_around_it_along(self) -> None:
        node = a_node(customer=None)
        errors = [an_error(None, "orders", "nodes", 0, "customer", "displayName")]
        answer = answer_in(raw({**a_page_of(node), "errors": errors}))
        assert "customer" not in orders_in(answer)[0]

    def test_leaves_other_orders_as_they_are(self) -> None:
        errors = [an_error(None, "orders", "nodes", 1, "customer")]
        nodes = (a_node(1), a_node(2, customer=None), a_node(3, customer=None))
        answer = answer_in(raw({**a_page_of(*nodes), "errors": errors}))
        assert ["customer" in order for order in orders_in(answer)] == [True, False, True]

    def test_is_named_by_the_order_that_lacks_it(self) -> None:
        paths = ((0, "customer", "displayName"), (0, "email"), (1, "email"))
        errors = [an_error(None, "orders", "nodes", *path) for path in paths]
        nodes = (a_node(1, customer=None, email=None), a_node(2, email=None), a_node(3))
        reading = page_in(answer_in(raw({**a_page_of(*nodes), "errors": errors})), None)
        assert [order.withheld for order in reading.orders] == [
            ("customer", "email"),
            ("email",),
            (),
        ]

    def test_is_named_among_orders_asked_for_by_their_ids(self) -> None:
        errors = [an_error(None, "order1", "customer", "firstName")]
        customer = {"id": "gid://shopify/Customer/7", "firstName": None}
        data = {"order0": a_node(1), "order1": a_node(2, customer=customer)}
        reading = by_id(answer_in(raw({"data": data, "errors": errors})), 2)
        assert [order.withheld for order in reading.orders] == [(), ("customer.firstName",)]
        assert reading.orders[1].fields["customer"] == {"id": "gid://shopify/Customer/7"}

    def test_does_not_excuse_another_error(self) -> None:
        errors = [
            an_error(None, "orders", "nodes", 0, "customer"),
            an_error(None, "orders", "nodes", 0, "lineItems"),
        ]
        assert isinstance(failure(raw({**a_page_of(a_node()), "errors": errors})), Transient)

    @pytest.mark.parametrize(
        "path", [("orders", "nodes", 9, "customer"), ("orders", "x", "customer"), ("customer",)]
    )
    def test_is_no_reason_to_stumble_over_a_path_that_leads_nowhere(
        self, path: tuple[str | int, ...]
    ) -> None:
        body = {**a_page_of(a_node()), "errors": [an_error(None, *path)]}
        assert answer_in(raw(body)).withheld == ("customer",)


class TestAnAnswerThatCannotBeRead:
    @pytest.mark.parametrize(
        "body",
        [
            "",
            "not json",
            '{"data": {"orders"',
            "[]",
            "null",
            "7",
            "{}",
            '{"data": null}',
            '{"data": []}',
            b'{"data": "\xff"}',
            "[" * 100_000,
        ],
        ids=range(11),
    )
    def test_is_never_an_empty_one(self, body: str | bytes) -> None:
        said = failure(raw(body))
        assert (type(said), said.reason) == (Transient, Reason.SHOPIFY_ERROR)

    def test_says_that_it_is_html(self) -> None:
        assert "HTML" in failure(raw(HTML, Content_Type="text/html; charset=utf-8")).message

    def test_is_judged_by_what_it_says_it_is(self) -> None:
        assert isinstance(failure(raw(a_page_of(), Content_Type="text/plain")), Transient)


class TestAnIgnoredFilter:
    def warned(self, code: str) -> RawAnswer:
        warning = {"field": "updatedat", "message": "Invalid search field", "code": code}
        search = [{"path": ["orders"], "query": "…", "parsed": {}, "warnings": [warning]}]
        return raw({**a_page_of(a_node()), "extensions": {"search": search}})

    def test_is_a_caveat_as_it_finds_more_than_was_asked_for(self) -> None:
        answer = answer_in(self.warned("invalid_field"))
        assert [each.kind for each in answer.caveats] == [CaveatKind.IGNORED_FILTER]
        assert not answer.keeps_to_the_filter

    @pytest.mark.parametrize("code", ["invalid_value", ""])
    def test_that_may_find_less_stops_the_run(self, code: str) -> None:
        said = failure(self.warned(code))
        assert isinstance(said, Permanent)
        assert "filter" in said.message

    @pytest.mark.parametrize("search", [[], None, "x", [None], [{"warnings": []}], [{"path": []}]])
    def test_is_not_seen_where_there_is_none(self, search: Any) -> None:
        assert answer_in(raw({**a_page_of(), "extensions": {"search": search}})).data


class TestACost:
    def test_of_any_kind_of_number_is_read(self) -> None:
        extensions = json.loads(json.dumps(cost(101, 1954, 100.0)))
        assert cost_in(extensions) == Cost(101, None, 1954, 100, 2000)

    @pytest.mark.parametrize("value", [None, "7", -1, True, [], {}, Decimal("Infinity")])
    def test_of_no_number_is_left_out(self, value: Any) -> None:
        assert cost_in({"cost": {"requestedQueryCost": value}}) == Cost()

    def test_is_never_waited_for_longer_than_an_hour(self) -> None:
        slow = Cost(requested=700, available=0, restored_a_second=0.001)
        assert slow.throttled_for == timedelta(hours=1)
        assert retry_after("1e300") == timedelta(hours=1)
