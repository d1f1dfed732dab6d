"""What every store of failed batches promises of calls that fail, come late, twice or at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from domain.failed_batches import FailedBatch
from domain.failures import Transient
from domain.ports import FailedBatchStore
from tests.builders import KEY
from tests.contracts.failed_batch_stores import (
    InDynamoDB,
    InMemory,
    InTroubledDynamoDB,
    a_batch,
)
from tests.contracts.troubled_stores import Trouble

CALLS: Mapping[str, Callable[[FailedBatchStore, FailedBatch], object]] = {
    "add": lambda store, _: store.add(a_batch("9", page=4)),
    "update": lambda store, batch: store.update(replace(batch, attempts=7)),
    "remove": lambda store, batch: store.remove(batch),
    "find": lambda store, batch: store.find(KEY, batch.batch_id),
    "of": lambda store, _: store.of(KEY),
    "count": lambda store, _: store.count(),
}
WRITES = ("add", "remove", "update")


class TroublePromises:
    def test_knows_every_call(self) -> None:
        assert set(CALLS) == FailedBatchStore.__abstractmethods__

    @pytest.mark.parametrize("what", sorted(CALLS))
    def test_does_nothing_where_a_call_fails(
        self, store: FailedBatchStore, trouble: Trouble, what: str
    ) -> None:
        batch = store.add(a_batch())
        trouble.fail_next()
        with pytest.raises(Transient):
            CALLS[what](store, batch)
        assert store.of(KEY) == (batch,)

    @pytest.mark.parametrize("what", WRITES)
    def test_writes_once_what_is_written_again_after_a_lost_answer(
        self, store: FailedBatchStore, trouble: Trouble, what: str
    ) -> None:
        batch = store.add(a_batch())
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            CALLS[what](store, batch)
        written = store.of(KEY)
        assert written != (batch,)
        CALLS[what](store, batch)
        assert store.of(KEY) == written

    def test_adds_once_after_a_lost_answer_where_the_number_was_taken(
        self, store: FailedBatchStore, trouble: Trouble
    ) -> None:
        store.add(a_batch())
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            store.add(a_batch("9"))
        assert store.add(a_batch("9")) == a_batch("9", batch=2)
        assert store.count() == 2


class LatePromises:
    def test_keeps_what_failed_again_after_part_of_it_was_mended(
        self, store: FailedBatchStore
    ) -> None:
        batch = store.add(a_batch("1", "2"))
        left = replace(batch, order_ids=("2",), attempts=2)
        store.update(left)
        again = store.add(a_batch("1", "2"))
        assert again == a_batch("1", "2", batch=2)
        assert store.of(KEY) == (left, again)

    def test_updates_nothing_that_was_removed_meanwhile(self, store: FailedBatchStore) -> None:
        batch = store.add(a_batch())
        store.remove(batch)
        store.update(replace(batch, attempts=2))
        assert store.of(KEY) == ()
        assert store.count() == 0

    def test_gives_the_number_of_a_removed_batch_to_the_next(self, store: FailedBatchStore) -> None:
        first, second = store.add(a_batch("1")), store.add(a_batch("2"))
        store.remove(first)
        assert store.add(a_batch("3")).batch == 1
        assert store.find(KEY, second.batch_id) == second

    def test_removes_one_batch_and_no_other(self, store: FailedBatchStore) -> None:
        first, second = store.add(a_batch("1")), store.add(a_batch("2"))
        for _ in range(2):
            store.remove(first)
        assert store.of(KEY) == (second,)
        assert store.count() == 1


class CrowdPromises:
    def at_once(self, add: Callable[[int], FailedBatch]) -> list[FailedBatch]:
        with ThreadPoolExecutor(16) as threads:
            return list(threads.map(add, range(16)))

    def test_keeps_one_batch_that_many_add(self, store: FailedBatchStore) -> None:
        kept = self.at_once(lambda _: store.add(a_batch()))
        assert kept == [a_batch()] * 16
        assert store.count() == 1

    def test_gives_each_of_many_batches_a_number_of_its_own(self, store: FailedBatchStore) -> None:
        kept = self.at_once(lambda n: store.add(a_batch(str(n))))
        assert sorted(batch.batch for batch in kept) == list(range(1, 17))
        assert {batch.order_ids for batch in kept} == {(str(n),) for n in range(16)}
        assert sorted(store.of(KEY), key=lambda b: b.batch) == sorted(kept, key=lambda b: b.batch)


class TestFakeFailedBatches(InMemory, TroublePromises, LatePromises, CrowdPromises):
    """In memory."""


class TestDynamoFailedBatches(InDynamoDB, LatePromises, CrowdPromises):
    """In DynamoDB."""


class TestDynamoFailedBatchesInTrouble(InTroubledDynamoDB, TroublePromises):
    """In DynamoDB, over a bad wire."""
