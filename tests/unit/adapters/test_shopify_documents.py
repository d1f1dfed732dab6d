"""The GraphQL documents, against the schema that Shopify publishes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from math import floor, log

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    is_composite_type,
    parse,
    validate,
    visit,
)

from adapters import shopify_bulk_documents as bulk
from adapters import shopify_documents as documents
from adapters.shopify_graphql import AT_ONCE
from domain.personal_data import CustomerData
from sandbox.shopify.bulk_plan import bulk_rows

MOST_A_QUERY_MAY_COST = 1000
DOCUMENTS = {
    "page, minimal": documents.orders_page("minimal"),
    "page, full": documents.orders_page("full"),
    "by id, minimal": documents.orders_by_id("minimal", AT_ONCE),
    "by id, full": documents.orders_by_id("full", AT_ONCE),
    "line items": documents.rest_of("lineItems"),
    "shipping lines": documents.rest_of("shippingLines"),
    "bulk, minimal": bulk.bulk_orders("minimal", None),
    "bulk, full": bulk.bulk_orders("full", "updated_at:>='2026-11-01T00:00:00Z'"),
    "bulk operation submitted": bulk.RUN,
    "bulk operation looked at": bulk.FIND,
    "before a bulk operation": bulk.BEFORE,
    "count": documents.ORDERS_COUNT,
    "bulk operation cancelled": bulk.CANCEL,
}
LEVEL_2 = {
    "email",
    "phone",
    "firstName",
    "lastName",
    "displayName",
    "displayAddress",
    "defaultAddress",
    "defaultEmailAddress",
    "defaultPhoneNumber",
    "shippingAddress",
    "billingAddress",
    "addresses",
    "clientIp",
    "statusPageUrl",
    "customerLocale",
    "locale",
    "latitude",
    "longitude",
}


@cache
def schema() -> GraphQLSchema:
    text = files("sandbox.shopify").joinpath("admin_2026-10.graphql").read_text("utf-8")
    return build_schema(text, assume_valid=True)


@pytest.fixture(params=sorted(DOCUMENTS))
def document(request: pytest.FixtureRequest) -> DocumentNode:
    return parse(DOCUMENTS[request.param])


class Selected(Visitor):
    """Every field of a document, as `Type.field`."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.fields: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.fields.add(f"{self.types.get_parent_type()}.{node.name.value}")


def fields_of(document: DocumentNode) -> set[str]:
    types = TypeInfo(schema())
    selected = Selected(types)
    visit(document, TypeInfoVisitor(types, selected))
    return selected.fields


class TestDocuments:
    def test_are_valid(self, document: DocumentNode) -> None:
        assert validate(schema(), document) == []


class TestMinimalCustomerData:
    @pytest.mark.parametrize("name", ["page, minimal", "by id, minimal", "bulk, minimal"])
    def test_needs_no_approval_for_level_2(self, name: str) -> None:
        fields = fields_of(parse(DOCUMENTS[name]))
        assert not [field for field in fields if field.split(".")[1] in LEVEL_2]
        assert {field for field in fields if field.startswith("Customer.")} == {
            "Customer.id",
            "Customer.legacyResourceId",
        }
        assert not [field for field in fields if field.startswith("MailingAddress.")]

    @pytest.mark.parametrize("connection", ["lineItems", "shippingLines"])
    def test_goes_for_what_follows_in_an_order_too(self, connection: str) -> None:
        fields = fields_of(parse(documents.rest_of(connection)))
        assert not [field for field in fields if field.split(".")[1] in LEVEL_2]


class TestFullCustomerData:
    def test_asks_for_who_and_where_the_customer_is(self) -> None:
        fields = fields_of(parse(documents.orders_page("full")))
        assert fields >= {
            "Order.email",
            "Order.phone",
            "Customer.displayName",
            "CustomerEmailAddress.emailAddress",
            "MailingAddress.zip",
        }


class TestABulkQuery:
    @pytest.mark.parametrize("customer_data", ["minimal", "full"])
    def test_is_one_that_shopify_runs(self, customer_data: CustomerData) -> None:
        assert bulk_rows(bulk.bulk_orders(customer_data, None)).field == "orders"

    @pytest.mark.parametrize("kind", ["minimal", "full"])
    def test_asks_for_what_a_page_asks_for(self, kind: str) -> None:
        page = fields_of(parse(DOCUMENTS[f"page, {kind}"]))
        asked = fields_of(parse(DOCUMENTS[f"bulk, {kind}"]))
        assert page - asked == {
            *(f"{name}Connection.nodes" for name in ("Order", "LineItem", "ShippingLine")),
            *(f"{name}Connection.pageInfo" for name in ("Order", "LineItem", "ShippingLine")),
            "PageInfo.endCursor",
            "PageInfo.hasNextPage",
            "QueryRoot.ordersCount",
            "Count.count",
            "Count.precision",
            "QueryRoot.appInstallation",
            "AppInstallation.accessScopes",
            "AccessScope.handle",
        }

    def test_is_not_sorted_and_has_no_fragments(self) -> None:
        text = bulk.bulk_orders("full", "updated_at:>='2026-11-01T00:00:00Z'")
        assert "sortKey" not in text
        assert "..." not in text
        assert "\n" not in text


class Costs:
    """Points of a document, by the rule that fits the costs that Shopify's own apps declare."""

    FREE = frozenset({"MoneyBag", "MoneyV2", "PageInfo"})

    def __init__(self, document: DocumentNode, **variables: int) -> None:
        self.variables = variables
        self.fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        (self.operation,) = (
            each for each in document.definitions if isinstance(each, OperationDefinitionNode)
        )

    @property
    def total(self) -> int:
        return self.of(self.operation.selection_set, "QueryRoot")

    def of(self, selected: SelectionSetNode | None, parent: str) -> int:
        points = 0
        for node in selected.selections if selected else ():
            match node:
                case FieldNode():
                    points += self.of_field(node, parent)
                case FragmentSpreadNode():
                    points += self.of(self.fragments[node.name.value].selection_set, parent)
                case _:
                    raise TypeError("inline fragments are not reckoned with")
        return points

    def of_field(self, node: FieldNode, parent: str) -> int:
        owner = schema().type_map[parent]
        kind = get_named_type(owner.fields[node.name.value].type)  # type: ignore[attr-defined]  # every parent of a field has fields
        if not is_composite_type(kind) or kind.name in self.FREE:
            return 0
        if not kind.name.endswith("Connection"):
            return 1 + self.of(node.selection_set, kind.name)
        node_type = kind.name.removesuffix("Connection")
        (nodes,) = (
            each
            for each in (node.selection_set.selections if node.selection_set else ())
            if isinstance(each, FieldNode) and each.name.value == "nodes"
        )
        one = 1 + self.of(nodes.selection_set, node_type)
        return 2 + max(1, floor(2 * log(self.first(node)))) * one

    def first(self, node: FieldNode) -> int:
        (value,) = (each.value for each in node.arguments or () if each.name.value == "first")
        named = getattr(value, "name", None)
        return self.variables[named.value] if named else int(value.value)  # type: ignore[attr-defined]  # a variable or a number


def points(name: str, **variables: int) -> int:
    return Costs(parse(DOCUMENTS[name]), **variables).total


class TestCosts:
    """2 + max(1, floor(2 ln n)) * C for a connection of n; objects 1; money nothing."""

    def test_of_a_page_of_250_are_well_below_what_a_query_may_cost(self) -> None:
        assert points("page, minimal", first=250) == 632
        assert points("page, full", first=250) == 676

    def test_of_the_smallest_page(self) -> None:
        assert points("page, minimal", first=1) == 62

    def test_of_an_order_without_its_line_items(self) -> None:
        page, line_items = points("page, minimal", first=1), 2 + 7 * 6
        assert page - line_items - 2 - 3 == 13

    def test_of_as_many_orders_by_id_as_are_asked_for_at_once(self) -> None:
        assert points("by id, full") == AT_ONCE * 61 < MOST_A_QUERY_MAY_COST

    def test_of_what_follows_in_an_order(self) -> None:
        assert points("line items") == 1 + 2 + 11 * 6
