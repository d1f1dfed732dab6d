"""What a query costs, by the rule that fits Shopify's declared costs (Shopify publishes none).

a connection: 2 + max(1, floor(2 ln n)) * (1 + the cost of one node's fields)
an object, or a list of objects: 1 + the cost of its fields; money, edges, pageInfo: 0
an interface or union: the dearest of its types; a scalar or enum: 0; a mutation: 10 besides
"""

from math import floor, log

MOST_ONE_QUERY_MAY_COST = 1_000
A_CONNECTION = 2
A_MUTATION = 10
FREE = frozenset({"MoneyBag", "MoneyV2", "PageInfo"})


def multiplier(size: int) -> int:
    """How many times a node counts in a connection of that size: 1 for 1, 10 for 150."""
    return max(1, floor(2 * log(size))) if size > 1 else 1


def of_connection(size: int, fields: int) -> int:
    return A_CONNECTION + multiplier(size) * (1 + fields)


def of_object(type_name: str, fields: int) -> int:
    return fields + (type_name not in FREE)
