"""What AWS's clock says, and whether the orders table answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber

from adapters.aws_time import time_of_aws
from adapters.dynamodb_reach import reach_orders
from domain.failures import Permanent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DATE = {"HTTPHeaders": {"date": "Mon, 23 Nov 2026 12:00:00 GMT"}}


class TestTimeOfAws:
    def test_is_the_date_of_an_answer(self, dynamodb: DynamoDBClient) -> None:
        assert abs(time_of_aws(dynamodb) - datetime.now(UTC)) < timedelta(minutes=1)

    def test_needs_no_permission(self, dynamodb: DynamoDBClient) -> None:
        with Stubber(dynamodb) as stubber:
            stubber.add_client_error(
                "list_tables", "AccessDeniedException", http_status_code=400, response_meta=DATE
            )
            assert time_of_aws(dynamodb) == datetime(2026, 11, 23, 12, tzinfo=UTC)

    @pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidSignatureException"])
    def test_is_not_told_to_strangers(self, dynamodb: DynamoDBClient, code: str) -> None:
        with Stubber(dynamodb) as stubber:
            stubber.add_client_error("list_tables", code, http_status_code=400, response_meta=DATE)
            with pytest.raises(Permanent, match=code):
                time_of_aws(dynamodb)


class TestOrdersTable:
    def test_that_is_missing_is_not_reached(self, dynamodb: DynamoDBClient) -> None:
        with pytest.raises(Permanent, match="table no_such_table: ResourceNotFoundException"):
            reach_orders(dynamodb, "no_such_table", "nobody")

    def test_is_reached(self, dynamodb: DynamoDBClient, orders_table: str) -> None:
        reach_orders(dynamodb, orders_table, "nobody")
