"""What AWS's clock says: proof, besides, that the credentials are good."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.aws_failures import code_of, translated
from domain.failures import Permanent, Reason

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

_KNOWN_BUT_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


def time_of_aws(client: DynamoDBClient) -> datetime:
    """The Date of an answer to a cheap call, which need not be allowed: who is denied is known.

    Raises `Permanent` or `Transient` if AWS cannot be reached or does not know us.
    """
    with translated("asking AWS for the time"):
        try:
            answer: Any = client.list_tables(Limit=1)
        except ClientError as error:
            if code_of(error) not in _KNOWN_BUT_DENIED:
                raise
            answer = error.response
    date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    if date is None:
        raise Permanent(Reason.DATABASE_ERROR, "asking AWS for the time: the answer has no Date")
    return parsedate_to_datetime(date)
