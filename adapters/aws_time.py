"""What time AWS thinks it is: signatures are refused when ours is too far from it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from adapters.aws_failures import translated

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient


def time_of_aws(client: DynamoDBClient) -> datetime:
    """By the Date header of a cheap call, to the second; our own time if there is none.

    Raises `Permanent` or `Transient` if AWS does not let us ask.
    """
    with translated("AWS"):
        answer = client.list_tables(Limit=1)
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return datetime.now(UTC) if date is None else parsedate_to_datetime(date)
