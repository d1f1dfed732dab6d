"""What DynamoDB refuses and moto accepts. Source: the API reference of each operation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.aws.item_sizes import LARGEST_ITEM, Item, are_larger_than
from sandbox.aws.mended_dynamodb import key_names

LARGEST_BATCH = 25
LARGEST_TRANSACTION = 100
LARGEST_REQUEST = 16 * 1024 * 1024
LARGEST_TRANSACTION_BYTES = 4 * 1024 * 1024


class Rejected(Exception):
    """A request that AWS answers with a ValidationException of this message."""


def check(operation: str, asked: Mapping[str, Any], region: str) -> None:
    """Reject a write that DynamoDB would not take; other operations pass."""
    if operation == "PutItem":
        _check_sizes([asked.get("Item", {})])
    elif operation == "BatchWriteItem":
        _check_batch(asked.get("RequestItems", {}), region)
    elif operation == "TransactWriteItems":
        _check_transaction(asked.get("TransactItems", []))


def _check_batch(tables: Mapping[str, list[Mapping[str, Any]]], region: str) -> None:
    total = sum(len(requests) for requests in tables.values())
    if total > LARGEST_BATCH:
        raise Rejected("Too many items requested for the BatchWriteItem call")
    if not total:
        raise Rejected(
            "1 validation error detected: Value '{}' at 'requestItems' failed to "
            "satisfy constraint: Member must have length greater than or equal to 1"
        )
    for table, requests in tables.items():
        names = key_names(region, table)
        if names is not None and _has_duplicates(requests, names):
            raise Rejected("Provided list of item keys contains duplicates")
    items = [item for requests in tables.values() for item in _puts(requests)]
    _check_sizes(items)
    if are_larger_than(LARGEST_REQUEST, items):
        raise Rejected("Request size exceeded the 16 MB limit of a BatchWriteItem call")


def _check_transaction(actions: list[Mapping[str, Any]]) -> None:
    if len(actions) > LARGEST_TRANSACTION:
        raise Rejected("Member must have length less than or equal to 100")
    items = [action["Put"].get("Item", {}) for action in actions if "Put" in action]
    _check_sizes(items)
    if are_larger_than(LARGEST_TRANSACTION_BYTES, items):
        raise Rejected("Transaction request size exceeded the 4 MB limit")


def _puts(requests: list[Mapping[str, Any]]) -> Iterator[Item]:
    for request in requests:
        if "PutRequest" in request:
            yield request["PutRequest"].get("Item", {})


def _has_duplicates(requests: list[Mapping[str, Any]], names: tuple[str, ...]) -> bool:
    keys = []
    for request in requests:
        item = request.get("PutRequest", {}).get("Item") or request.get("DeleteRequest", {}).get(
            "Key", {}
        )
        keys.append(tuple(str(item.get(name)) for name in names))
    return len(set(keys)) != len(keys)


def _check_sizes(items: Sequence[Item]) -> None:
    if any(are_larger_than(LARGEST_ITEM, [item]) for item in items):
        raise Rejected("Item size has exceeded the maximum allowed size")
