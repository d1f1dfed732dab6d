"""The operations, with boto3's arguments and answers; each is atomic because nothing interrupts it.

Left out, and refused aloud where it would be asked for: expressions beyond those that
`conditions.py` and `updates.py` know, local indexes, streams, throughput (API reference).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeAlias

from sandbox.strict_dynamodb.conditions import Item, condition
from sandbox.strict_dynamodb.refusals import Refusal, invalid
from sandbox.strict_dynamodb.tables import Key, Table, in_order, table_of
from sandbox.strict_dynamodb.updates import update

Asked: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

LARGEST_READ = 100
LARGEST_BATCH = 25
LARGEST_TRANSACTION = 100


class StrictDynamoDB:
    """Tables in memory. `now` gives seconds; an index shows a write `lag()` seconds later.

    A query hands over `page_size` items at most, as if those were the megabyte that a page holds.
    """

    def __init__(
        self,
        now: Callable[[], float] = lambda: 0.0,
        lag: Callable[[], float] = lambda: 0.0,
        page_size: int = 1000,
    ) -> None:
        self._now = now
        self._lag = lag
        self.page_size = page_size
        self._tokens: dict[str, Any] = {}
        self.tables: dict[str, Table] = {}

    def create_table(self, **asked: Any) -> Answer:
        if asked["TableName"] in self.tables:
            raise Refusal("ResourceInUseException", "Table already exists")
        self.tables[asked["TableName"]] = table_of(asked)
        return {}

    def get_item(self, **asked: Any) -> Answer:
        table = self._table(asked)
        item = table.items.get(table.key(asked["Key"], exactly=True))
        return {} if item is None else {"Item": _projected(item, asked)}

    def put_item(self, **asked: Any) -> Answer:
        table = self._table(asked)
        key = table.checked(asked["Item"])
        self._store(table, key, self._after_put(table, key, asked))
        return {}

    def update_item(self, **asked: Any) -> Answer:
        table = self._table(asked)
        key = table.key(asked["Key"], exactly=True)
        new = self._after_update(table, key, asked)
        self._store(table, key, new)
        return {"Attributes": dict(new)} if asked.get("ReturnValues") == "ALL_NEW" else {}

    def delete_item(self, **asked: Any) -> Answer:
        table = self._table(asked)
        key = table.key(asked["Key"], exactly=True)
        _assert_condition(table.items.get(key), asked)
        if key in table.items:
            self._store(table, key, None)
        return {}

    def batch_get_item(self, **asked: Any) -> Answer:
        found: Answer = {}
        total = sum(len(each["Keys"]) for each in asked["RequestItems"].values())
        if not 1 <= total <= LARGEST_READ:
            raise invalid("Too many items requested for the BatchGetItem call")
        for name, wanted in asked["RequestItems"].items():
            table = self._table({"TableName": name})
            keys = [table.key(key, exactly=True) for key in wanted["Keys"]]
            _assert_distinct(keys)
            found[name] = [
                _projected(table.items[key], wanted) for key in keys if key in table.items
            ]
        return {"Responses": found, "UnprocessedKeys": {}}

    def batch_write_item(self, **asked: Any) -> Answer:
        """Refused as a whole because of one item; otherwise each write is one by itself."""
        writes: list[tuple[Table, Key, Item | None]] = []
        for name, requests in asked["RequestItems"].items():
            table = self._table({"TableName": name})
            writes += [(table, *_write_of(table, request)) for request in requests]
        if not 1 <= len(writes) <= LARGEST_BATCH:
            raise invalid("Too many items requested for the BatchWriteItem call")
        _assert_distinct([(table.name, *key) for table, key, _ in writes])
        for table, key, item in writes:
            self._store(table, key, item)
        return {"UnprocessedItems": {}}

    def transact_write_items(self, **asked: Any) -> Answer:
        """All or nothing; the same `ClientRequestToken` again changes nothing and succeeds."""
        token, actions = asked.get("ClientRequestToken"), asked["TransactItems"]
        if token is not None and token in self._tokens:
            if self._tokens[token] != actions:
                raise Refusal(
                    "IdempotentParameterMismatchException",
                    "The request uses the same client token as a previous, "
                    "but non-identical request.",
                )
            return {}
        if not 1 <= len(actions) <= LARGEST_TRANSACTION:
            raise invalid("Member must have length less than or equal to 100")
        writes, reasons = [], []
        for action in actions:
            ((kind, what),) = action.items()
            try:
                writes.append(self._transacted(kind, what))
                reasons.append({"Code": "None"})
            except Refusal as refusal:
                reasons.append(_reason(refusal))
        if any(reason["Code"] != "None" for reason in reasons):
            codes = ", ".join(str(reason["Code"]) for reason in reasons)
            raise Refusal(
                "TransactionCanceledException",
                f"Transaction cancelled, please refer cancellation reasons [{codes}]",
                CancellationReasons=reasons,
            )
        _assert_distinct([(table.name, *key) for table, key, _ in writes])
        if token is not None:
            self._tokens[token] = deepcopy(actions)
        for table, key, item in writes:
            self._store(table, key, item)
        return {}

    def query(self, **asked: Any) -> Answer:
        table = self._table(asked)
        if "IndexName" not in asked:
            sort_key = table.keys[1] if len(table.keys) > 1 else None
            return self._page(in_order(table.items, sort_key), table, asked)
        index = table.indexes[asked["IndexName"]]
        if asked.get("ConsistentRead"):
            raise invalid("Consistent reads are not supported on global secondary indexes")
        index.catch_up(self._now())
        return self._page(in_order(index.items, index.keys[1]), table, asked)

    def scan(self, **asked: Any) -> Answer:
        table = self._table(asked)
        return self._page(iter(table.items.items()), table, asked)

    def _page(self, items: Iterator[tuple[Key, Item]], table: Table, asked: Asked) -> Answer:
        """A page is cut before its filter is applied, as DynamoDB does it."""
        _assert_placeholders(asked, "KeyConditionExpression", "FilterExpression")
        wanted = [each for each in items if _holds(each[1], asked, "KeyConditionExpression")]
        start = 0
        if "ExclusiveStartKey" in asked:
            last = table.key(asked["ExclusiveStartKey"])
            start = next((n + 1 for n, (key, _) in enumerate(wanted) if key == last), len(wanted))
        size = min(asked.get("Limit", self.page_size), self.page_size)
        page = wanted[start : start + size]
        found = [item for _, item in page if _holds(item, asked, "FilterExpression")]
        answer: Answer = {"Count": len(found)}
        if asked.get("Select") != "COUNT":
            answer["Items"] = [_projected(item, asked) for item in found]
        if start + size < len(wanted):
            answer["LastEvaluatedKey"] = {n: page[-1][1][n] for n in table.keys}
        return answer

    def _transacted(self, kind: str, what: Asked) -> tuple[Table, Key, Item | None]:
        table = self._table(what)
        if kind == "Put":
            key = table.checked(what["Item"])
            return table, key, self._after_put(table, key, what)
        if kind == "Update":
            key = table.key(what["Key"], exactly=True)
            return table, key, self._after_update(table, key, what)
        raise invalid(f"{kind} in a transaction is not known here")

    def _after_put(self, table: Table, key: Key, asked: Asked) -> Item:
        _assert_placeholders(asked, "ConditionExpression")
        _assert_condition(table.items.get(key), asked)
        item: Item = asked["Item"]
        return item

    def _after_update(self, table: Table, key: Key, asked: Asked) -> Item:
        changes = update(asked["UpdateExpression"])
        _assert_placeholders(asked, "ConditionExpression", more=changes.placeholders)
        old = table.items.get(key)
        _assert_condition(old, asked)
        new = changes.apply(
            old or asked["Key"],
            asked.get("ExpressionAttributeNames", {}),
            asked.get("ExpressionAttributeValues", {}),
        )
        if any(new.get(name) != asked["Key"][name] for name in table.keys):
            raise invalid("Cannot update attribute. This attribute is part of the key")
        table.checked(new)
        return new

    def _store(self, table: Table, key: Key, item: Item | None) -> None:
        table.store(key, item, self._now() + self._lag())

    def _table(self, asked: Asked) -> Table:
        try:
            return self.tables[asked["TableName"]]
        except KeyError:
            raise Refusal("ResourceNotFoundException", "Requested resource not found") from None


def _write_of(table: Table, request: Asked) -> tuple[Key, Item | None]:
    if "PutRequest" in request:
        item = request["PutRequest"]["Item"]
        return table.checked(item), item
    return table.key(request["DeleteRequest"]["Key"], exactly=True), None


def _holds(item: Item, asked: Asked, name: str) -> bool:
    if name not in asked:
        return True
    names = asked.get("ExpressionAttributeNames", {})
    return condition(asked[name]).test(item, names, asked.get("ExpressionAttributeValues", {}))


def _assert_condition(stored: Item | None, asked: Asked) -> None:
    if _holds(stored or {}, asked, "ConditionExpression"):
        return
    more: Answer = {}
    if asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and stored is not None:
        more["Item"] = dict(stored)
    raise Refusal("ConditionalCheckFailedException", "The conditional request failed", **more)


def _assert_placeholders(
    asked: Asked, *expressions: str, more: frozenset[str] = frozenset()
) -> None:
    """DynamoDB refuses a name or a value that no expression uses."""
    used = set(more)
    for name in (*expressions, "ProjectionExpression"):
        if name == "ProjectionExpression":
            used.update(part.strip() for part in asked.get(name, "").split(","))
        elif name in asked:
            used |= condition(asked[name]).placeholders
    given = {
        *asked.get("ExpressionAttributeNames", ()),
        *asked.get("ExpressionAttributeValues", ()),
    }
    if unused := given - used:
        raise invalid(f"Value provided in expression attributes unused: {sorted(unused)}")


def _assert_distinct(keys: Sequence[Any]) -> None:
    if len(set(keys)) != len(keys):
        raise invalid("Provided list of item keys contains duplicates")


def _projected(item: Item, asked: Asked) -> Answer:
    if "ProjectionExpression" not in asked:
        return dict(item)
    names = asked.get("ExpressionAttributeNames", {})
    wanted = [part.strip() for part in asked["ProjectionExpression"].split(",")]
    found = {names.get(part, part) for part in wanted}
    return {name: value for name, value in item.items() if name in found}


def _reason(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a transaction names it among its reasons."""
    if refusal.code == "ConditionalCheckFailedException":
        return {"Code": "ConditionalCheckFailed", "Message": refusal.message, **refusal.more}
    if refusal.code == "ValidationException":
        return {"Code": "ValidationError", "Message": refusal.message}
    raise refusal
