"""The GraphQL documents of bulk operations: each valid against the Admin API, version 2026-10.

What a bulk operation runs is a text of its own: at most five connections, two levels deep, selected
through edges and nodes, without variables
(shopify.dev/docs/api/usage/bulk-operations/queries). An operation costs no points by its query.
"""

from __future__ import annotations

import json

from adapters import shopify_selections as selections
from domain.personal_data import CustomerData

_OPERATION = """
id status errorCode createdAt query objectCount rootObjectCount fileSize url
"""

RUN = f"""
mutation RunBulkQuery($query: String!) {{
  bulkOperationRunQuery(query: $query, groupObjects: true) {{
    bulkOperation {{ {_OPERATION} }}
    userErrors {{ message code }}
  }}
}}
"""
"""Grouped: a child's row follows its parent's, so that a slice of the file is of whole orders."""

FIND = f"""
query FindBulkOperation($id: ID!, $scopes: Boolean!) {{
  bulkOperation(id: $id) {{ {_OPERATION} }}
  appInstallation @include(if: $scopes) {{ accessScopes {{ handle }} }}
}}
"""

BEFORE = f"""
query BeforeBulkOperation($query: String) {{
  bulkOperations(first: 20, sortKey: CREATED_AT, reverse: true) {{ nodes {{ {_OPERATION} }} }}
  ordersCount(query: $query, limit: 1) {{ count precision }}
  appInstallation {{ accessScopes {{ handle }} }}
}}
"""
"""What to know before one is submitted: whether there is one, and whether there are orders."""

CANCEL = """
mutation CancelBulkOperation($id: ID!) {
  bulkOperationCancel(id: $id) { bulkOperation { id status } userErrors { message } }
}
"""

_MONEY = selections.MONEY.partition("{")[2].rpartition("}")[0]


def bulk_orders(customer_data: CustomerData, search: str | None) -> str:
    """What is asked of orders page by page, as a bulk query: on one line, the same for the same.

    Not sorted: sorted and searched by update time a bulk query leaves out orders. Without
    fragments, which Shopify does not promise to take.
    """
    customer = selections.CUSTOMER_IN_FULL if customer_data == "full" else selections.CUSTOMER
    connections = " ".join(
        f"{name} {{ edges {{ node {{ {node} }} }} }}"
        for name, node in selections.CONNECTIONS.items()
    )
    found = "" if search is None else f"(query: {json.dumps(search)})"
    order = f"{selections.ORDER} {customer} {connections}"
    text = f"{{ orders{found} {{ edges {{ node {{ {order} }} }} }} }}"
    return " ".join(text.replace("...Money", _MONEY).split())
