"""The users' shops and credentials in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import Item
from adapters.aws_failures import code_of, translated
from adapters.dynamodb_items import as_instant, as_text
from adapters.dynamodb_shop_items import (
    ABSENCE,
    LEASE,
    REVISION,
    connected_shop,
    shop_standing,
    token_attributes,
)
from adapters.dynamodb_updates import Update
from adapters.token_vault import OpenVault, Owner, TokenVault
from domain.checkpoints import LeaseMark
from domain.ports import Clock, ShopDirectory
from domain.shops import ConnectedShop, ShopStatus, Standing, Tokens

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

_SAME = f"#{REVISION} = :revision"
_MINE = "#refreshLeaseOwner = :owner"


@dataclass(frozen=True, slots=True)
class DynamoShops(ShopDirectory):
    """The shops table. Retries belong to the client; the vault says how tokens are stored."""

    client: DynamoDBClient
    table: str
    clock: Clock
    vault: TokenVault = field(default_factory=OpenVault)

    def find(self, user_id: str) -> ConnectedShop | None:
        item = self._item(user_id)
        return connected_shop(user_id, item, self.vault) if item else None

    def standing(self, user_id: str) -> Standing | None:
        item = self._item(user_id)
        return shop_standing(user_id, item) if item else None

    def connect(self, shop: ConnectedShop) -> None:
        self.prepare(shop)()

    def prepare(self, shop: ConnectedShop) -> Callable[[], None]:
        tokens, absent = token_attributes(_owner(shop), shop.tokens, self.vault)
        sets: Item = {
            **tokens,
            "shop": as_text(shop.shop),
            "status": as_text(shop.status),
            "updatedAt": as_instant(shop.updated_at or self.clock.now()),
        }
        update = Update(sets, "", removes=(*absent, *LEASE, *ABSENCE))

        def store() -> None:
            self._write(shop.user_id, update)

        return store

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

    def lease_refresh(self, shop: ConnectedShop, lease: LeaseMark, now: datetime) -> bool:
        sets = {
            "refreshLeaseOwner": as_text(lease.owner),
            "refreshLeaseUntil": as_instant(lease.until),
        }
        free = f"attribute_not_exists(#refreshLeaseUntil) OR #refreshLeaseUntil <= :now OR {_MINE}"
        values = {"now": as_instant(now), "owner": as_text(lease.owner)}
        return self._changed(shop, Update(sets, f"({free})", values))

    def renew(self, shop: ConnectedShop, owner: str, tokens: Tokens) -> ConnectedShop | None:
        sets, absent = token_attributes(_owner(shop), tokens, self.vault)
        now = self.clock.now()
        update = Update(
            {**sets, "updatedAt": as_instant(now)},
            _MINE,
            {"owner": as_text(owner)},
            (*absent, *LEASE),
        )
        refused, instead = self._refused(shop, update)
        if refused and instead.get(REVISION) != sets[REVISION]:
            return None
        return replace(shop, tokens=tokens, updated_at=now, revision=sets[REVISION]["S"])

    def release_refresh(self, shop: ConnectedShop, owner: str) -> None:
        sets = {"refreshLeaseUntil": as_instant(self.clock.now())}
        self._changed(shop, Update(sets, _MINE, {"owner": as_text(owner)}))

    def require_reauth(self, shop: ConnectedShop, reason: str) -> bool:
        return self._gone(shop, ShopStatus.REAUTH_REQUIRED, reason)

    def park(self, shop: ConnectedShop, reason: str) -> bool:
        return self._gone(shop, ShopStatus.UNAVAILABLE, reason)

    def readmit(self, shop: ConnectedShop) -> bool:
        sets = {"status": as_text(ShopStatus.CONNECTED), "updatedAt": as_instant(self.clock.now())}
        values = {"connected": as_text(ShopStatus.CONNECTED)}
        return self._changed(shop, Update(sets, "#status <> :connected", values, ABSENCE))

    def note_scopes(self, shop: ConnectedShop, scopes: tuple[str, ...]) -> None:
        sets = {"scopes": as_text(",".join(scopes))}
        self._changed(shop, Update(sets, "attribute_exists(#accessToken)"))

    def claim_probe(self, user_id: str, before: datetime) -> bool:
        condition = (
            "(#status = :unavailable"
            " OR (#status = :reauth AND attribute_not_exists(#refreshToken)))"
            " AND (attribute_not_exists(#statusSince) OR #statusSince < :before)"
            " AND (attribute_not_exists(#probedAt) OR #probedAt < :before)"
        )
        values = {
            "unavailable": as_text(ShopStatus.UNAVAILABLE),
            "reauth": as_text(ShopStatus.REAUTH_REQUIRED),
            "before": as_instant(before),
        }
        update = Update({"probedAt": as_instant(self.clock.now())}, condition, values)
        refused, _ = self._write(user_id, update)
        return not refused

    def release_probe(self, user_id: str) -> None:
        self._write(user_id, Update({}, "attribute_exists(#probedAt)", removes=("probedAt",)))

    def _item(self, user_id: str) -> Mapping[str, Any] | None:
        with translated(f"table {self.table}"):
            answer = self.client.get_item(
                TableName=self.table, Key={"userId": as_text(user_id)}, ConsistentRead=True
            )
        return answer.get("Item")

    def _gone(self, shop: ConnectedShop, status: ShopStatus, reason: str) -> bool:
        now = as_instant(self.clock.now())
        sets = {
            "status": as_text(status),
            "statusReason": as_text(reason),
            "statusSince": now,
            "updatedAt": now,
        }
        unknown = "(attribute_not_exists(#status) OR #status <> :status)"
        return self._changed(shop, Update(sets, unknown, {"status": as_text(status)}))

    def _changed(self, shop: ConnectedShop, update: Update) -> bool:
        """Whether the item was changed: only if its credentials are the shop's."""
        refused, _ = self._refused(shop, update)
        return not refused

    def _refused(self, shop: ConnectedShop, update: Update) -> tuple[bool, dict[str, Any]]:
        same = replace(
            update,
            condition=f"{_SAME} AND {update.condition}",
            values={**update.values, "revision": as_text(shop.revision)},
        )
        return self._write(shop.user_id, same)

    def _write(self, user_id: str, update: Update) -> tuple[bool, dict[str, Any]]:
        """Whether the condition did not hold, and the item that is stored then."""
        with translated(f"table {self.table}"):
            try:
                self.client.update_item(
                    TableName=self.table, Key={"userId": as_text(user_id)}, **update.request()
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                answer: Any = error.response
                return True, answer.get("Item", {})
        return False, {}


def _owner(shop: ConnectedShop) -> Owner:
    return Owner(shop.user_id, shop.shop)
