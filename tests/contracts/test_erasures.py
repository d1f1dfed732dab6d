"""What every ledger of erasures, and every set of a user's records, promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.aws_first_attempts import leave_to_botocore
from adapters.dynamodb_checkpoints import DynamoCheckpoints
from adapters.dynamodb_erasures import DynamoErasures
from adapters.dynamodb_failed_batches import DynamoFailedBatches
from adapters.dynamodb_orders import DynamoOrders, OrderTable, WriteMode
from adapters.dynamodb_shops import DynamoShops
from adapters.dynamodb_tables import TableNames
from adapters.dynamodb_user_records import DynamoUserRecords
from domain.checkpoints import RunStatus, Watermark
from domain.erasures import FENCE, Erased, Erasure
from domain.failures import LeaseLost, Purged
from domain.leases import FixedLease
from domain.messages import RunKey, SyncType
from domain.orders import Order
from domain.ports import (
    CheckpointStore,
    ErasureLedger,
    FailedBatchStore,
    OrderStore,
    ShopDirectory,
    UserRecords,
)
from tests.at_hand import a_failed_batch
from tests.builders import NOW, USER, a_lease, a_run, a_shop, an_order
from tests.dynamodb import new_table
from tests.fakes.chance import FakeChance
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import FakeErasures, FakeUserRecords
from tests.fakes.failed_batches import FakeFailedBatches
from tests.fakes.observer import FakeObserver
from tests.fakes.orders import FakeOrders
from tests.fakes.pause import FakePause
from tests.fakes.shops import FakeShops

OTHER = "user-2"
SECOND = timedelta(seconds=1)
WRITE = "before-call.dynamodb.BatchWriteItem"


def customer(number: int) -> dict[str, Any]:
    return {"id": f"gid://shopify/Customer/{number}", "legacyResourceId": str(number)}


def of_customer(number: int, who: int, *, at: Any = NOW, **fields: Any) -> Order:
    return an_order(number, at, customer=customer(who), email=f"{who}@example.com", **fields)


@dataclass(slots=True)
class Stores:
    """Everything that holds something of users."""

    clock: FakeClock
    ledger: ErasureLedger
    records: UserRecords
    shops: ShopDirectory
    checkpoints: CheckpointStore
    failed_batches: FailedBatchStore
    orders: OrderStore
    stored: Callable[[str], dict[str, dict[str, Any]]]

    def save(self, *of: Order, user_id: str = USER) -> None:
        lease = FixedLease.lasting(self.clock, timedelta(hours=1))
        report = self.orders.save(a_shop(user_id), of, lease)
        assert not report.failed

    def purge(self, **changes: Any) -> Erasure:
        return self.ledger.begin(Erasure(**{"user_id": USER, "since": self.clock.now(), **changes}))

    def redact(self, who: str = "7", **changes: Any) -> Erasure:
        return self.purge(**{"customer_id": who, **changes})


class LedgerPromises:
    def test_knows_of_nothing_at_first(self, stores: Stores) -> None:
        assert not stores.ledger.of(USER)

    def test_knows_what_was_marked(self, stores: Stores) -> None:
        stores.redact("7", order_ids=("1", "2"))
        stores.redact("8")
        assert stores.ledger.of(USER) == Erased(
            customers=frozenset({"7", "8"}), orders=frozenset({"1", "2"})
        )
        stores.purge()
        assert stores.ledger.of(USER).user
        assert not stores.ledger.of(OTHER)

    def test_shows_a_purge_that_stands_to_who_looks_for_a_run(self, stores: Stores) -> None:
        keys = [RunKey(USER, sync_type) for sync_type in SyncType]
        stores.redact()
        assert not any(stores.checkpoints.look(key).purged for key in keys)
        mark = stores.purge()
        assert all(stores.checkpoints.look(key).purged for key in keys)
        assert not stores.checkpoints.look(RunKey(OTHER, SyncType.DAILY)).purged
        stores.ledger.advance(replace(mark, done_at=NOW))
        assert stores.checkpoints.look(keys[0]).purged
        stores.ledger.lift(USER)
        assert not any(stores.checkpoints.look(key).purged for key in keys)

    def test_keeps_the_first_of_two_marks(self, stores: Stores) -> None:
        first = stores.purge()
        stores.clock.advance(SECOND)
        assert stores.purge(request_id="another") == first
        assert stores.ledger.stands(first)

    def test_notes_how_far_it_is(self, stores: Stores) -> None:
        mark = stores.redact()
        stores.ledger.advance(replace(mark, after="5"))
        assert stores.redact().after == "5"
        done = replace(mark, after="5", done_at=NOW)
        stores.ledger.advance(done)
        assert stores.redact() == done
        assert stores.ledger.of(USER).customers == {"7"}

    def test_begins_anew_for_more_orders(self, stores: Stores) -> None:
        mark = stores.redact(order_ids=("1",))
        stores.ledger.advance(replace(mark, after="5", done_at=NOW))
        stores.clock.advance(SECOND)
        again = stores.redact(order_ids=("2",))
        assert (again.order_ids, again.after, again.done_at) == (("1", "2"), None, None)
        assert again.since == mark.since + SECOND
        stores.ledger.advance(replace(mark, after="9", done_at=NOW))
        assert stores.redact() == again

    def test_is_not_lifted_while_the_purge_is_under_way(self, stores: Stores) -> None:
        assert stores.ledger.lift(USER)
        stores.purge()
        assert not stores.ledger.lift(USER)
        assert stores.ledger.of(USER).user

    def test_is_lifted_once_it_is_done(self, stores: Stores) -> None:
        mark = stores.purge()
        stores.ledger.advance(replace(mark, done_at=NOW))
        assert stores.ledger.lift(USER)
        assert not stores.ledger.of(USER)
        assert not stores.ledger.stands(mark)
        assert stores.ledger.lift(USER)

    def test_tells_of_a_purge_until_it_is_lifted(self, stores: Stores) -> None:
        stores.redact()
        assert stores.ledger.purge_of(USER) is None
        mark = stores.purge()
        assert stores.ledger.purge_of(USER) == mark
        assert stores.ledger.purge_of(OTHER) is None
        done = replace(mark, done_at=NOW + SECOND)
        stores.ledger.advance(done)
        assert stores.ledger.purge_of(USER) == done
        stores.ledger.lift(USER)
        assert stores.ledger.purge_of(USER) is None

    def test_knows_a_copy_of_the_request_after_it_was_lifted(self, stores: Stores) -> None:
        """A copy that comes late does not purge a user who has come back."""
        stores.ledger.advance(replace(stores.purge(request_id="r1"), done_at=NOW))
        stores.ledger.lift(USER)
        stores.clock.advance(SECOND)
        assert stores.purge(request_id="r1").done_at == NOW
        assert not stores.ledger.of(USER)
        another = stores.purge(request_id="r2")
        assert (another.done_at, another.lifted_at) == (None, None)
        assert stores.ledger.of(USER).user


class RecordsPromises:
    def fill(self, stores: Stores, user_id: str) -> None:
        stores.shops.connect(a_shop(user_id))
        stores.save(*(of_customer(n, 7) for n in range(1, 8)), user_id=user_id)
        for kind in SyncType:
            key = RunKey(user_id, kind)
            held = stores.checkpoints.begin(a_run(key=key, lease=a_lease()))
            assert not hasattr(held, "stored")
            done: Any = replace(held, status=RunStatus.COMPLETED, lease=None)
            stores.checkpoints.settle(held, done, Watermark(NOW, None))
            stores.failed_batches.add(a_failed_batch(key=key))

    def holds(self, stores: Stores, user_id: str) -> bool:
        keys = [RunKey(user_id, kind) for kind in SyncType]
        return bool(
            stores.shops.find(user_id)
            or stores.checkpoints.watermark(user_id)
            or any(stores.checkpoints.find(key) for key in keys)
            or any(stores.failed_batches.of(key) for key in keys)
        )

    def test_are_removed_with_everything(self, stores: Stores) -> None:
        self.fill(stores, USER)
        self.fill(stores, OTHER)
        stores.redact()
        assert self.holds(stores, USER)
        for _ in range(2):
            stores.records.remove_state(USER)
            assert not self.holds(stores, USER)
        assert not stores.ledger.of(USER)
        assert self.holds(stores, OTHER)

    def test_leave_the_users_own_mark(self, stores: Stores) -> None:
        mark = stores.purge()
        stores.records.remove_state(USER)
        assert stores.ledger.stands(mark)

    def test_lose_so_many_orders_at_once(self, stores: Stores) -> None:
        self.fill(stores, USER)
        self.fill(stores, OTHER)
        removed = [stores.records.remove_orders(USER, 3) for _ in range(4)]
        assert removed == [3, 3, 1, 0]
        assert stores.stored(USER) == {}
        assert len(stores.stored(OTHER)) == 7

    def test_lose_a_customer_and_keep_the_orders(self, stores: Stores) -> None:
        stores.save(of_customer(1, 7, note="for Bo"), of_customer(2, 8), of_customer(3, 7))
        stores.save(an_order(4, email="guest@example.com"), an_order(5, email="g@example.com"))
        assert stores.records.redact_orders(stores.redact("7", order_ids=("4",)), 100) == (3, None)
        stored = stores.stored(USER)
        assert [stored[str(n)]["email"] for n in range(1, 6)] == [
            None,
            "8@example.com",
            None,
            None,
            "g@example.com",
        ]
        assert (stored["1"]["customer"], stored["1"]["note"], stored["1"]["name"]) == (
            None,
            None,
            "#1",
        )

    def test_lose_a_customer_step_by_step(self, stores: Stores) -> None:
        stores.save(*(of_customer(n, 7) for n in range(1, 6)))
        mark, found, steps = stores.redact(), 0, 0
        while True:
            redacted, after = stores.records.redact_orders(mark, 2)
            found, steps = found + redacted, steps + 1
            if after is None:
                break
            mark = replace(mark, after=after)
        assert found == 5
        assert steps >= 3
        assert stores.records.redact_orders(stores.redact(), 100) == (0, None)


class FencedPromises:
    def test_stores_nothing_of_a_purged_user(self, stores: Stores) -> None:
        stores.purge()
        with pytest.raises(Purged):
            stores.save(an_order(1))
        assert stores.stored(USER) == {}
        stores.save(an_order(1), user_id=OTHER)
        assert len(stores.stored(OTHER)) == 1

    def test_stores_a_redacted_customers_orders_without_the_customer(self, stores: Stores) -> None:
        stores.redact("7", order_ids=("3",))
        stores.save(of_customer(1, 7), of_customer(2, 8), an_order(3, email="g@example.com"))
        stored = stores.stored(USER)
        assert (stored["1"]["email"], stored["1"]["customer"]) == (None, None)
        assert (stored["2"]["email"], stored["3"]["email"]) == ("8@example.com", None)

    def test_leaves_an_order_redacted_that_names_its_customer_no_more(self, stores: Stores) -> None:
        """Who is deleted at Shopify leaves orders with an e-mail address and no customer."""
        stores.save(of_customer(1, 7))
        stores.records.redact_orders(stores.redact(), 100)
        later = NOW + SECOND
        stores.save(an_order(1, later, customer=None, email="7@example.com", note="new"))
        assert stores.stored(USER)["1"]["email"] is None
        withheld = an_order(1, later + SECOND, customer=None)
        stores.save(replace(withheld, withheld=("email", "customer")))
        assert stores.stored(USER)["1"].get("email") is None

    def test_redacts_what_is_stored_of_the_customer_and_was_not_looked_at_yet(
        self, stores: Stores
    ) -> None:
        stores.save(of_customer(1, 7))
        stores.redact()
        stores.save(an_order(1, NOW + SECOND, customer=None, email="7@example.com"))
        assert stores.stored(USER)["1"]["email"] is None

    def test_stores_again_once_the_mark_is_lifted(self, stores: Stores) -> None:
        stores.ledger.advance(replace(stores.purge(), done_at=NOW))
        stores.ledger.lift(USER)
        stores.save(an_order(1))
        assert len(stores.stored(USER)) == 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class InMemory:
    @pytest.fixture
    def stores(self, clock: FakeClock) -> Stores:
        ledger, shops = FakeErasures(clock), FakeShops(clock)
        checkpoints, batches = FakeCheckpoints(clock), FakeFailedBatches()
        checkpoints.ledger = ledger
        orders = FakeOrders(ledger=ledger)
        records = FakeUserRecords(shops, checkpoints, batches, orders, ledger)

        def stored(user_id: str) -> dict[str, dict[str, Any]]:
            return {i: dict(order.fields) for i, order in orders.of(user_id).items()}

        return Stores(clock, ledger, records, shops, checkpoints, batches, orders, stored)


class InDynamoDB:
    mode = WriteMode.BATCH

    @pytest.fixture
    def names(self, dynamodb: Any, checkpoints_table: str, orders_table: str) -> TableNames:
        return TableNames(checkpoints_table, orders_table, new_table(dynamodb, ("userId",)))

    @pytest.fixture
    def stores(
        self, dynamodb: Any, orders_dynamodb: Any, names: TableNames, clock: FakeClock
    ) -> Stores:
        ledger = DynamoErasures(dynamodb, names.checkpoints, clock)
        orders = DynamoOrders(
            OrderTable(orders_dynamodb, names.orders, self.mode),
            clock,
            FakeChance(),
            FakePause(clock.advance),
            FakeObserver(),
            ledger,
            "full",
        )

        def stored(user_id: str) -> dict[str, dict[str, Any]]:
            answer = dynamodb.query(
                TableName=names.orders,
                KeyConditionExpression="userId = :user",
                ExpressionAttributeValues={":user": {"S": user_id}},
            )
            return {item["orderId"]["S"]: plain(item) for item in answer["Items"]}

        return Stores(
            clock,
            ledger,
            DynamoUserRecords(dynamodb, names, clock),
            DynamoShops(dynamodb, names.shops, clock),
            DynamoCheckpoints(
                dynamodb, names.checkpoints, timedelta(days=7), clock, FakeChance().new_id
            ),
            DynamoFailedBatches(dynamodb, names.checkpoints, clock),
            orders,
            stored,
        )


def plain(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if "NULL" in value else value.get("S", value) for name, value in item.items()
    }


class TestInMemory(InMemory, LedgerPromises, RecordsPromises, FencedPromises):
    """In memory."""


class TestInDynamoDB(InDynamoDB, LedgerPromises, RecordsPromises, FencedPromises):
    """In DynamoDB, orders by BatchWriteItem where they are new."""

    def test_asks_again_before_it_sends_what_took_long(
        self, stores: Stores, orders_dynamodb: Any
    ) -> None:
        waited: list[str] = []

        def marked_meanwhile(**_: Any) -> None:
            if not waited:
                waited.append("once")
                stores.clock.advance(FENCE)
                stores.purge()

        leave_to_botocore(orders_dynamodb)
        orders_dynamodb.meta.events.register(WRITE, marked_meanwhile)
        with pytest.raises(Purged):
            stores.save(*(an_order(n) for n in range(1, 40)))
        assert len(stores.stored(USER)) <= 25

    def test_leaves_an_order_redacted_that_is_redacted_while_it_is_written(
        self, stores: Stores, orders_dynamodb: Any
    ) -> None:
        stores.save(of_customer(1, 7))

        def redacted_meanwhile(**_: Any) -> None:
            stores.records.redact_orders(stores.redact(), 100)

        leave_to_botocore(orders_dynamodb)
        orders_dynamodb.meta.events.register("before-call.dynamodb.PutItem", redacted_meanwhile)
        stores.save(of_customer(1, 7, at=NOW + SECOND))
        assert stores.stored(USER)["1"]["email"] is None
        assert stores.stored(USER)["1"]["updatedAt"] == "2026-11-23T12:00:01Z"

    def test_does_the_work_anew_if_a_customer_was_redacted_meanwhile(
        self, stores: Stores, orders_dynamodb: Any
    ) -> None:
        waited: list[str] = []

        def marked_meanwhile(**_: Any) -> None:
            if not waited:
                waited.append("once")
                stores.clock.advance(FENCE)
                stores.redact()

        leave_to_botocore(orders_dynamodb)
        orders_dynamodb.meta.events.register(WRITE, marked_meanwhile)
        with pytest.raises(LeaseLost):
            stores.save(*(of_customer(n, 7) for n in range(1, 40)))


class TestInDynamoDBByTransactions(InDynamoDB, FencedPromises):
    """In DynamoDB, every order under a condition."""

    mode = WriteMode.TRANSACTION
