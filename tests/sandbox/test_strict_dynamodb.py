"""The strict DynamoDB: what it refuses, and what it shows of a write.

That the adapters work on it as on moto is what tests/contracts/test_strict_engines.py shows.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_dynamodb.refusals import Refusal

TABLE = {
    "TableName": "t",
    "KeySchema": [
        {"AttributeName": "user", "KeyType": "HASH"},
        {"AttributeName": "order", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "open",
            "KeySchema": [
                {"AttributeName": "kind", "KeyType": "HASH"},
                {"AttributeName": "since", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["until"]},
        }
    ],
}


def an_item(number: int, **more: str) -> dict[str, Any]:
    texts = {"user": "u", "order": str(number), **more}
    return {name: {"S": value} for name, value in texts.items()}


def key(number: int) -> dict[str, Any]:
    return an_item(number)


def puts(*items: dict[str, Any]) -> dict[str, Any]:
    return {"t": [{"PutRequest": {"Item": item}} for item in items]}


@pytest.fixture
def engine() -> StrictDynamoDB:
    engine = StrictDynamoDB(page_size=2)
    engine.create_table(**TABLE)
    return engine


def refused(code: str, call: Any, **asked: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call(**asked)
    assert caught.value.code == code
    return caught.value


class TestStrictDynamoDB:
    @pytest.mark.parametrize(
        "items",
        [
            [an_item(n) for n in range(26)],
            [],
            [an_item(1), an_item(1)],
            [an_item(1), an_item(2, note="x" * 410_000)],
            [an_item(1), {"user": {"S": "u"}, "order": {"S": ""}}],
            [an_item(1), {"user": {"S": "u"}}],
        ],
        ids=["26 items", "none", "one twice", "one too large", "an empty key", "no key"],
    )
    def test_refuses_a_whole_batch(
        self, engine: StrictDynamoDB, items: list[dict[str, Any]]
    ) -> None:
        refused("ValidationException", engine.batch_write_item, RequestItems=puts(*items))
        assert not engine.tables["t"].items

    def test_gives_back_what_is_stored_where_a_condition_fails(
        self, engine: StrictDynamoDB
    ) -> None:
        engine.put_item(TableName="t", Item=an_item(1, note="there"))
        asked = {
            "TableName": "t",
            "Item": an_item(1),
            "ConditionExpression": "attribute_not_exists(note)",
        }
        assert refused("ConditionalCheckFailedException", engine.put_item, **asked).more == {}
        asked["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        refusal = refused("ConditionalCheckFailedException", engine.put_item, **asked)
        assert refusal.more == {"Item": an_item(1, note="there")}

    @pytest.mark.parametrize(
        ("expression", "holds"),
        [
            ("note = :v", True),
            ("#n <> :v", False),
            ("#n >= :v AND #n <= :v", True),
            ("NOT begins_with(#n, :v)", False),
            ("attribute_exists(gone) OR attribute_not_exists(gone)", True),
            ("(gone < :v OR #n = :v) AND attribute_exists(#n)", True),
            ("gone < :v", False),
        ],
    )
    def test_tells_whether_a_condition_holds(
        self, engine: StrictDynamoDB, expression: str, *, holds: bool
    ) -> None:
        engine.put_item(TableName="t", Item=an_item(1, note="b"))
        asked: dict[str, Any] = {"TableName": "t", "Key": key(1), "ConditionExpression": expression}
        if "#n" in expression:
            asked["ExpressionAttributeNames"] = {"#n": "note"}
        if ":v" in expression:
            asked["ExpressionAttributeValues"] = {":v": {"S": "b"}}
        if holds:
            engine.delete_item(**asked)
        else:
            refused("ConditionalCheckFailedException", engine.delete_item, **asked)

    @pytest.mark.parametrize(
        ("expression", "names"),
        [
            ("note = ", {}),
            ("note ~ note", {}),
            ("size(note) > note", {}),
            ("#gone = note", {}),
            ("note = note", {"#unused": "note"}),
        ],
    )
    def test_refuses_an_expression_that_it_cannot_read(
        self, engine: StrictDynamoDB, expression: str, names: dict[str, str]
    ) -> None:
        asked = {"Item": an_item(1), "ConditionExpression": expression}
        refused(
            "ValidationException",
            engine.put_item,
            TableName="t",
            ExpressionAttributeNames=names,
            **asked,
        )

    def test_compares_numbers_as_numbers(self, engine: StrictDynamoDB) -> None:
        engine.put_item(TableName="t", Item={**an_item(1), "page": {"N": "10"}})
        engine.delete_item(
            TableName="t",
            Key=key(1),
            ConditionExpression="page > :nine",
            ExpressionAttributeValues={":nine": {"N": "9"}},
        )
        assert not engine.tables["t"].items

    def test_writes_all_of_a_transaction_or_nothing(self, engine: StrictDynamoDB) -> None:
        engine.put_item(TableName="t", Item=an_item(2, note="there"))
        actions = [
            {"Put": {"TableName": "t", "Item": an_item(1)}},
            {
                "Put": {
                    "TableName": "t",
                    "Item": an_item(2),
                    "ConditionExpression": "attribute_not_exists(note)",
                }
            },
        ]
        refusal = refused(
            "TransactionCanceledException", engine.transact_write_items, TransactItems=actions
        )
        codes = [reason["Code"] for reason in refusal.more["CancellationReasons"]]
        assert codes == ["None", "ConditionalCheckFailed"]
        assert list(engine.tables["t"].items) == [("u", "2")]

    def test_takes_a_transaction_with_the_same_token_for_done(self, engine: StrictDynamoDB) -> None:
        actions = [
            {
                "Put": {
                    "TableName": "t",
                    "Item": an_item(1),
                    "ConditionExpression": "attribute_not_exists(order)",
                }
            }
        ]
        for _ in range(2):
            engine.transact_write_items(TransactItems=actions, ClientRequestToken="token")
        refused(
            "IdempotentParameterMismatchException",
            engine.transact_write_items,
            TransactItems=[*actions, *actions],
            ClientRequestToken="token",
        )
        refused("TransactionCanceledException", engine.transact_write_items, TransactItems=actions)

    def test_hands_over_page_after_page(self, engine: StrictDynamoDB) -> None:
        engine.batch_write_item(RequestItems=puts(*(an_item(n) for n in range(5))))
        asked: dict[str, Any] = {
            "TableName": "t",
            "KeyConditionExpression": "user = :u",
            "ExpressionAttributeValues": {":u": {"S": "u"}},
        }
        found: list[str] = []
        while True:
            page = engine.query(**asked)
            found += [item["order"]["S"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            assert page["Count"] == 2
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        assert found == ["0", "1", "2", "3", "4"]


class TestAnIndex:
    @pytest.fixture
    def open_work(self) -> dict[str, Any]:
        return {
            "TableName": "t",
            "IndexName": "open",
            "KeyConditionExpression": "kind = :k",
            "ExpressionAttributeValues": {":k": {"S": "run"}},
        }

    def test_holds_only_what_has_its_keys_and_shows_what_it_projects(
        self, engine: StrictDynamoDB, open_work: dict[str, Any]
    ) -> None:
        engine.put_item(TableName="t", Item=an_item(1, kind="run", since="2", until="9", note="n"))
        engine.put_item(TableName="t", Item=an_item(2, kind="run"))
        engine.put_item(TableName="t", Item=an_item(3, kind="run", since="1"))
        first, second = engine.query(**open_work)["Items"]
        assert first["order"] == {"S": "3"}
        assert second == an_item(1, kind="run", since="2", until="9")

    def test_lags_behind_its_table(self, open_work: dict[str, Any]) -> None:
        now = [0.0]
        engine = StrictDynamoDB(lambda: now[0], lambda: 3.0)
        engine.create_table(**TABLE)
        engine.put_item(TableName="t", Item=an_item(1, kind="run", since="1"))
        assert engine.query(**open_work)["Items"] == []
        now[0] = 3.0
        assert len(engine.query(**open_work)["Items"]) == 1
        engine.delete_item(TableName="t", Key=key(1))
        assert len(engine.query(**open_work)["Items"]) == 1
        now[0] = 6.0
        assert engine.query(**open_work)["Items"] == []

    def test_is_never_read_consistently(
        self, engine: StrictDynamoDB, open_work: dict[str, Any]
    ) -> None:
        refused("ValidationException", engine.query, **open_work, ConsistentRead=True)
