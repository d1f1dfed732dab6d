"""What every store of failed batches promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.messages import RunKey, SyncType
from domain.ports import FailedBatchStore
from tests.builders import KEY, NOW, USER
from tests.contracts.failed_batch_stores import SECOND, InDynamoDB, InMemory, a_batch
from tests.fakes.clock import FakeClock


class FailedBatchPromises:
    def test_keeps_everything(self, store: FailedBatchStore) -> None:
        batch = store.add(a_batch())
        assert batch == a_batch()
        assert store.find(KEY, batch.batch_id) == batch
        assert store.of(KEY) == (batch,)

    def test_finds_nothing_where_nothing_is(self, store: FailedBatchStore) -> None:
        assert store.find(KEY, a_batch().batch_id) is None
        assert store.find(KEY, "manual") is None
        assert store.of(KEY) == ()

    def test_finds_no_batch_of_another_sync_type_or_user(self, store: FailedBatchStore) -> None:
        batch = store.add(a_batch())
        assert store.find(RunKey(USER, SyncType.DAILY), batch.batch_id) is None
        assert store.find(RunKey("user-2", SyncType.MANUAL), batch.batch_id) is None

    def test_moves_to_the_next_number_where_one_is_taken(self, store: FailedBatchStore) -> None:
        store.add(a_batch("1"))
        store.add(a_batch("2", batch=2))
        kept = store.add(a_batch("3"))
        assert kept == a_batch("3", batch=3)
        assert len(store.of(KEY)) == 3

    def test_changes_nothing_when_a_batch_is_added_again(self, store: FailedBatchStore) -> None:
        first = store.add(a_batch())
        store.update(replace(first, attempts=4))
        again = store.add(a_batch(created_at=NOW + SECOND))
        assert again == replace(first, attempts=4)
        assert store.of(KEY) == (again,)

    def test_finds_its_moved_batch_when_that_is_added_again(self, store: FailedBatchStore) -> None:
        store.add(a_batch("1"))
        moved = store.add(a_batch("2"))
        assert store.add(a_batch("2")) == moved
        assert len(store.of(KEY)) == 2

    def test_lists_the_oldest_first(self, store: FailedBatchStore) -> None:
        late = store.add(a_batch(page=2, created_at=NOW + SECOND))
        eleventh = store.add(a_batch(page=11))
        second = store.add(a_batch(page=3, batch=2))
        first = store.add(a_batch(page=3))
        earlier_run = store.add(a_batch(run_id="run-9", page=30, created_at=NOW - SECOND))
        assert store.of(KEY) == (earlier_run, first, second, eleventh, late)

    def test_lists_one_users_batches_of_one_sync_type(self, store: FailedBatchStore) -> None:
        mine = store.add(a_batch())
        store.add(a_batch(key=RunKey(USER, SyncType.DAILY)))
        store.add(a_batch(key=RunKey("user-2", SyncType.MANUAL)))
        assert store.of(KEY) == (mine,)
        assert store.count() == 3

    def test_updates_a_batch(self, store: FailedBatchStore) -> None:
        batch = store.add(a_batch("1", "2"))
        left = replace(batch, order_ids=("2",), attempts=2, reason="throttled", error="busy")
        store.update(left)
        assert store.find(KEY, batch.batch_id) == left

    def test_updates_nothing_that_is_gone(self, store: FailedBatchStore) -> None:
        store.update(a_batch())
        assert store.of(KEY) == ()
        assert store.count() == 0

    def test_forgets_a_batch(self, store: FailedBatchStore) -> None:
        batch = store.add(a_batch())
        store.remove(batch)
        assert store.find(KEY, batch.batch_id) is None
        assert store.count() == 0
        store.remove(batch)

    def test_keeps_batches_for_ever(self, store: FailedBatchStore, clock: FakeClock) -> None:
        batch = store.add(a_batch())
        clock.advance(timedelta(days=10_000))
        assert store.of(KEY) == (batch,)
        assert store.count() == 1


class TestFakeFailedBatches(InMemory, FailedBatchPromises):
    """In memory."""


class TestDynamoFailedBatches(InDynamoDB, FailedBatchPromises):
    """In DynamoDB."""
