"""The GraphQL documents: each valid against the Admin API's schema, version 2026-10."""

from __future__ import annotations

from adapters import shopify_selections as selections
from domain.personal_data import CustomerData as CustomerData  # noqa: PLC0414 - passed on


def orders_page(customer_data: CustomerData) -> str:
    """A page of orders by update time and id.

    With `$count` also how many there are, and what the app may read. At 250 orders: about 630 of
    the 1,000 points that a single query may cost, in full 680.
    """
    return f"""
query OrdersPage($first: Int!, $after: String, $query: String, $count: Boolean!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ {_order(customer_data)} }}
    {selections.PAGE_INFO}
  }}
  ordersCount(query: $query, limit: null) @include(if: $count) {{ count precision }}
  appInstallation @include(if: $count) {{ accessScopes {{ handle }} }}
}}
{selections.MONEY}
"""


ORDERS_COUNT = """
query OrdersCount($query: String) {
  ordersCount(query: $query, limit: null) { count precision }
}
"""
"""How many orders a search finds: `limit: null`, as Shopify counts to 10,000 otherwise."""


def orders_by_id(customer_data: CustomerData, number: int) -> str:
    """That many orders by their ids: `$id0` is answered as `order0`, and so on.

    Each by `order(id:)`, which reads what is there now; a search reads an index that lags. About
    60 points an order.
    """
    variables = ", ".join(f"$id{n}: ID!" for n in range(number))
    orders = "\n".join(f"order{n}: order(id: $id{n}) {{ ...Asked }}" for n in range(number))
    return f"""
query OrdersById({variables}) {{
{orders}
}}
fragment Asked on Order {{ {_order(customer_data)} }}
{selections.MONEY}
"""


def rest_of(connection: str) -> str:
    """What follows `$after` in one of an order's connections, at most 250 nodes at once."""
    return f"""
query RestOfOrder($id: ID!, $after: String!) {{
  order(id: $id) {{
    {connection}(first: 250, after: $after) {{
      nodes {{ {selections.CONNECTIONS[connection]} }}
      {selections.PAGE_INFO}
    }}
  }}
}}
{selections.MONEY}
"""


def _order(customer_data: CustomerData) -> str:
    customer = selections.CUSTOMER_IN_FULL if customer_data == "full" else selections.CUSTOMER
    connections = "\n".join(
        f"{name}(first: {selections.FIRST[name]}) {{ nodes {{ {node} }} {selections.PAGE_INFO} }}"
        for name, node in selections.CONNECTIONS.items()
    )
    return f"{selections.ORDER}\n{customer}\n{connections}"
