"""The three tables: created if missing, and inspected for what would not work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from adapters.aws_failures import code_of, translated
from adapters.dynamodb_open_work import INDEX
from domain.failures import Reason, Transient

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

EXPIRY = "expiresAt"


@dataclass(frozen=True, slots=True)
class TableNames:
    checkpoints: str
    orders: str
    shops: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What would not work, and how to mend it."""

    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class TableDesign:
    """A table's key attributes (all strings), and whether it has the open-work index and a TTL."""

    name: str
    keys: tuple[str, ...]
    open_work: bool = False

    @property
    def key_schema(self) -> list[dict[str, str]]:
        return _key_schema(self.keys)

    def definition(self) -> dict[str, Any]:
        """The arguments of CreateTable."""
        named = (*self.keys, "openKind", "openSince") if self.open_work else self.keys
        table: dict[str, Any] = {
            "TableName": self.name,
            "KeySchema": self.key_schema,
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in named],
            "BillingMode": "PAY_PER_REQUEST",
        }
        if self.open_work:
            table["GlobalSecondaryIndexes"] = [INDEX_DEFINITION]
        return table


def _key_schema(keys: tuple[str, ...]) -> list[dict[str, str]]:
    roles = ("HASH", "RANGE")
    return [{"AttributeName": n, "KeyType": role} for n, role in zip(keys, roles, strict=False)]


INDEX_DEFINITION: dict[str, Any] = {
    "IndexName": INDEX,
    "KeySchema": _key_schema(("openKind", "openSince")),
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": [EXPIRY]},
}
"""Sparse: only running runs and failed batches have its keys. The expiry is in it because TTL
deletes late: runs that are long gone would otherwise stand before the ones that are due."""


def designs(names: TableNames) -> tuple[TableDesign, ...]:
    return (
        TableDesign(names.checkpoints, ("userId", "syncType"), open_work=True),
        TableDesign(names.orders, ("userId", "orderId")),
        TableDesign(names.shops, ("userId",)),
    )


def create_tables(client: DynamoDBClient, names: TableNames) -> tuple[str, ...]:
    """Create what is missing and wait until it can be used; says what was done, step by step."""
    done: list[str] = []
    for design in designs(names):
        with translated(f"table {design.name}"):
            done += _create(client, design)
    return tuple(done)


def inspect_tables(client: DynamoDBClient, names: TableNames) -> tuple[Problem, ...]:
    """What keeps the tables from working."""
    found: list[Problem] = []
    for design in designs(names):
        with translated(f"table {design.name}"):
            found += _inspect(client, design)
    return tuple(found)


def _create(client: DynamoDBClient, design: TableDesign) -> list[str]:
    done = [_create_table(client, design)]
    try:
        client.get_waiter("table_exists").wait(
            TableName=design.name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    except WaiterError as error:
        raise Transient(
            Reason.DATABASE_ERROR, f"table {design.name} is not active after two minutes"
        ) from error
    if design.open_work and not _expires(client, design.name):
        client.update_time_to_live(
            TableName=design.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY},
        )
        done.append(f"table {design.name}: items expire by {EXPIRY}")
    return done


def _create_table(client: DynamoDBClient, design: TableDesign) -> str:
    try:
        client.create_table(**design.definition())
    except ClientError as error:
        if code_of(error) != "ResourceInUseException":
            raise
        return f"table {design.name} exists"
    return f"table {design.name} created"


def _expires(client: DynamoDBClient, table: str) -> bool:
    description = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    enabled = description.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    return enabled and description.get("AttributeName") == EXPIRY


def _inspect(client: DynamoDBClient, design: TableDesign) -> list[Problem]:
    try:
        table: Any = client.describe_table(TableName=design.name)["Table"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return [Problem(f"table {design.name} does not exist", "run `shopify-sync bootstrap`")]
    found = []
    if _named(table["KeySchema"]) != _named(design.key_schema):
        keys = " and ".join(design.keys)
        found.append(
            Problem(
                f"table {design.name} has other keys than {keys}",
                "name another table in the settings: keys cannot be changed",
            )
        )
    if design.open_work:
        found += _inspect_index(table) + _inspect_expiry(client, design.name)
    return found


def _inspect_index(table: Any) -> list[Problem]:
    name = table["TableName"]
    for index in table.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] == INDEX:
            projection = index["Projection"]
            if _named(index["KeySchema"]) == _named(INDEX_DEFINITION["KeySchema"]) and (
                projection["ProjectionType"] == "ALL"
                or EXPIRY in projection.get("NonKeyAttributes", [])
            ):
                return []
            mend = f"delete the index and create it again: keys openKind, openSince; with {EXPIRY}"
            return [Problem(f"index {INDEX} of table {name} is not as it should be", mend)]
    mend = f"create it: keys openKind and openSince (strings), projecting {EXPIRY}"
    return [Problem(f"table {name} has no index {INDEX}", mend)]


def _inspect_expiry(client: DynamoDBClient, table: str) -> list[Problem]:
    if _expires(client, table):
        return []
    return [
        Problem(
            f"table {table} keeps checkpoints for ever: its TTL is not the attribute {EXPIRY}",
            f"run `shopify-sync bootstrap`, or switch TTL on for {EXPIRY}",
        )
    ]


def _named(key_schema: Any) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in key_schema}
