"""Failed batches in memory."""

from __future__ import annotations

from dataclasses import replace

from domain.failed_batches import FailedBatch
from domain.messages import RunKey
from domain.ports import FailedBatchStore
from tests.fakes.faults import Faulty


class FakeFailedBatches(Faulty, FailedBatchStore):
    """Every failed batch of every user; `fail_next` and `lose_next_answer` say what goes wrong."""

    def __init__(self, *batches: FailedBatch) -> None:
        super().__init__()
        self._batches = {_place(batch): batch for batch in batches}

    @property
    def all(self) -> tuple[FailedBatch, ...]:
        with self._lock:
            return tuple(self._batches.values())

    def forget(self, user_id: str) -> None:
        """The user has no failed batches any more."""
        with self._lock:
            gone = [p for p, batch in self._batches.items() if batch.key.user_id == user_id]
            for place in gone:
                del self._batches[place]

    def add(self, batch: FailedBatch) -> FailedBatch:
        with self._call():
            while stored := self._batches.get(_place(batch)):
                if stored.order_ids == batch.order_ids:
                    return stored
                batch = replace(batch, batch=batch.batch + 1)
            self._batches[_place(batch)] = batch
            return batch

    def find(self, key: RunKey, batch_id: str) -> FailedBatch | None:
        with self._call():
            return self._batches.get((key, batch_id))

    def of(self, key: RunKey) -> tuple[FailedBatch, ...]:
        with self._call():
            batches = [batch for batch in self._batches.values() if batch.key == key]
            return tuple(sorted(batches, key=lambda b: (b.created_at, b.run_id, b.page, b.batch)))

    def update(self, batch: FailedBatch) -> None:
        with self._call():
            if _place(batch) in self._batches:
                self._batches[_place(batch)] = batch

    def remove(self, batch: FailedBatch) -> None:
        with self._call():
            self._batches.pop(_place(batch), None)

    def count(self) -> int:
        with self._call():
            return len(self._batches)


def _place(batch: FailedBatch) -> tuple[RunKey, str]:
    return batch.key, batch.batch_id
