"""Whether the orders table answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.aws_failures import translated

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient


def reach_orders(client: DynamoDBClient, table: str, user_id: str) -> None:
    """Read an order of a user who has none, by a call that the daemon is allowed anyway.

    Raises `Permanent` or `Transient` if the table cannot be read.
    """
    key = {"userId": {"S": user_id}, "orderId": {"S": "0"}}
    with translated(f"table {table}"):
        client.batch_get_item(
            RequestItems={table: {"Keys": [key], "ProjectionExpression": "orderId"}}
        )
