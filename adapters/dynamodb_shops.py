"""The users' shops and credentials in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapters.aws_failures import translated
from adapters.dynamodb_items import StoredItem, as_instant, as_text
from domain.ports import Clock, ShopDirectory
from domain.shops import ConnectedShop, ShopStatus, shop_domain

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

_EARLIER_CREDENTIALS = ("accessTokenExpiresAt", "refreshToken", "refreshTokenExpiresAt", "scopes")


@dataclass(frozen=True, slots=True)
class DynamoShops(ShopDirectory):
    """The shops table. Retries belong to the client. Tokens are stored as they are."""

    client: DynamoDBClient
    table: str
    clock: Clock

    def find(self, user_id: str) -> ConnectedShop | None:
        with translated(f"table {self.table}"):
            answer = self.client.get_item(
                TableName=self.table, Key={"userId": as_text(user_id)}, ConsistentRead=True
            )
        return _shop(user_id, answer["Item"]) if "Item" in answer else None

    def connect(self, shop: ConnectedShop) -> None:
        removed = ", ".join(_EARLIER_CREDENTIALS)
        with translated(f"table {self.table}"):
            self.client.update_item(
                TableName=self.table,
                Key={"userId": as_text(shop.user_id)},
                UpdateExpression="SET shop = :shop, accessToken = :token, #status = :status,"
                f" updatedAt = :now REMOVE {removed}",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":shop": as_text(shop.shop),
                    ":token": as_text(shop.access_token),
                    ":status": as_text(shop.status),
                    ":now": as_instant(shop.updated_at or self.clock.now()),
                },
            )

    def each(self, status: ShopStatus) -> Iterator[str]:
        """Scans: the table has one small item a user, and this is asked once a day."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "ProjectionExpression": "userId",
            "FilterExpression": "#status = :status",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": as_text(status)},
        }
        if status is ShopStatus.CONNECTED:
            request["FilterExpression"] += " OR attribute_not_exists(#status)"
        while True:
            with translated(f"table {self.table}"):
                page = self.client.scan(**request)
            for item in page["Items"]:
                yield item["userId"]["S"]
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _shop(user_id: str, item: Mapping[str, Any]) -> ConnectedShop:
    stored = StoredItem(f"the shop of user {user_id}", item)
    return ConnectedShop(
        user_id=user_id,
        shop=_domain(stored),
        access_token=_token(stored),
        status=_status(stored),
        updated_at=stored.optional_instant("updatedAt"),
    )


def _domain(stored: StoredItem) -> str:
    try:
        return shop_domain(stored.text("shop"))
    except ValueError:
        raise stored.unreadable("shop") from None


def _token(stored: StoredItem) -> str:
    token = stored.text("accessToken")
    if not token:
        raise stored.unreadable("accessToken")
    return token


def _status(stored: StoredItem) -> ShopStatus:
    """A shop without a status was stored by a person or another service: it is connected."""
    try:
        return ShopStatus(stored.optional_text("status") or ShopStatus.CONNECTED)
    except ValueError:
        raise stored.unreadable("status") from None
