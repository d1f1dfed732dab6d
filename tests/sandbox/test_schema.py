"""The trimmed schema and the made-up data fit each other."""

from pathlib import Path
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    execute_sync,
    get_named_type,
    is_leaf_type,
    is_union_type,
    parse,
    print_ast,
    validate,
)

from sandbox.shopify import trim_schema
from sandbox.shopify.pages import page_of
from sandbox.shopify.schema import schema
from tests.sandbox.conftest import OpenShop, ShopUnderTest

DEPTH = 5


def every_field(kind: GraphQLObjectType, depth: int) -> str:
    """A selection of everything below that type, so many levels deep."""
    parts = ["__typename"]
    for name, definition in kind.fields.items():
        arguments = "(first: 20)" if "first" in definition.args else ""
        inner = _inner(definition, depth)
        if inner is not None:
            parts.append(f"{name}{arguments}{inner}")
    return "{" + " ".join(parts) + "}"


def _inner(definition: GraphQLField, depth: int) -> str | None:
    named = get_named_type(definition.type)
    if is_leaf_type(named):
        return ""
    if not depth:
        return None
    if isinstance(named, GraphQLObjectType):
        return every_field(named, depth - 1)
    kinds = schema().get_possible_types(named)  # type: ignore[arg-type]  # an abstract type
    shared = "" if is_union_type(named) else "index"
    fields = [f"... on {kind.name} {_own_fields(kind)}" for kind in kinds]
    return "{__typename " + shared + " ".join(fields) + "}"


def _own_fields(kind: GraphQLObjectType) -> str:
    leaves = [n for n, f in kind.fields.items() if is_leaf_type(get_named_type(f.type))]
    return "{" + " ".join(leaves) + "}"


def whole_order() -> str:
    order = schema().type_map["Order"]
    assert isinstance(order, GraphQLObjectType)
    return every_field(order, DEPTH)


def as_graphql_core_answers(shop: ShopUnderTest, query: str) -> dict[str, Any]:
    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if source is None:
            return shop.storefront.answer(info.field_name, arguments)
        value = source[info.field_name]
        if get_named_type(info.return_type).name.endswith("Connection"):
            return page_of(value, arguments)
        first = arguments.get("first")
        return value[:first] if isinstance(value, list) and first else value

    result = execute_sync(schema(), parse(query), field_resolver=resolve)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


class TestTheSchema:
    def test_builds_and_serves_what_a_sync_reads(self) -> None:
        query = (
            "{orders(first: 1, sortKey: UPDATED_AT) {nodes {id lineItems(first: 1) {nodes {sku}}}}}"
        )

        assert validate(schema(), parse(query)) == []

    def test_holds_nothing_deprecated(self) -> None:
        for kind in schema().type_map.values():
            for definition in getattr(kind, "fields", {}).values():
                assert getattr(definition, "deprecation_reason", None) is None

    def test_keeps_types_arguments_and_defaults_as_shopify_wrote_them(self) -> None:
        root = schema().query_type
        assert root is not None

        orders = root.fields["orders"]

        assert str(orders.type) == "OrderConnection!"
        assert str(orders.args["first"].type) == "Int"
        written = orders.args["sortKey"].ast_node
        assert written is not None
        assert print_ast(written) == "sortKey: OrderSortKeys = PROCESSED_AT"

    def test_comes_out_the_same_when_it_is_trimmed_again(self) -> None:
        text = (Path(trim_schema.__file__).parent / "admin_2026-10.graphql").read_text()

        assert trim_schema.trim(text) == text


class TestMadeUpOrders:
    def test_answer_every_field_of_the_schema(self, open_shop: OpenShop) -> None:
        shop = open_shop(40)
        key = shop.catalogue.by_index(7)
        assert key is not None
        gid = f"gid://shopify/Order/{key.id}"

        answer = as_graphql_core_answers(shop, f'{{order(id: "{gid}") {whole_order()}}}')

        assert answer["order"]["id"] == gid

    def test_are_picked_as_graphql_core_picks_them(self, open_shop: OpenShop) -> None:
        shop = open_shop(40)
        for index in (2, 7, 20, 33):
            key = shop.catalogue.by_index(index)
            assert key is not None
            query = f'{{a: order(id: "gid://shopify/Order/{key.id}") {whole_order()}}}'
            plan_answer = shop.ask(query)

            if plan_answer.get("data") is None:
                assert "exceeds the single query max cost" in plan_answer["errors"][0]["message"]
                continue
            assert plan_answer["data"] == as_graphql_core_answers(shop, query)

    def test_are_picked_so_through_fragments_aliases_and_directives(
        self, open_shop: OpenShop
    ) -> None:
        shop = open_shop(300)
        query = """
          query { __typename
            page: orders(first: 60, sortKey: UPDATED_AT) {
              edges { cursor node { ...on Order { ref: name } ...Rest @include(if: true) } }
              pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
            }
            page: orders(first: 60, sortKey: UPDATED_AT) { nodes { tags } }
            shop { plan { shopifyPlus } } ordersCount { count precision }
            currentAppInstallation { accessScopes { handle } }
            node(id: "gid://shopify/Order/1") { id }
          }
          fragment Rest on Order {
            name note @skip(if: true) ...on Node { id }
            lineItems(first: 2) { nodes { title discountAllocations {
              discountApplication { __typename index value {
                ...on PricingPercentageValue { percentage } ...on MoneyV2 { amount } }
                ...on DiscountCodeApplication { code } } } }
              pageInfo { endCursor hasNextPage } }
            refunds(first: 1) { refundLineItems(first: 5) { nodes { lineItem { id } } } }
          }
        """

        assert shop.data(query) == as_graphql_core_answers(shop, query)
