"""Checkpoints in DynamoDB: every change is one conditional write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from adapters.attribute_values import AttributeValue, Item
from adapters.aws_failures import translated
from adapters.dynamodb_checkpoint_items import OPEN_RUN, OPTIONAL, attributes, item_key, seconds
from adapters.dynamodb_checkpoint_writes import CheckpointWrites
from adapters.dynamodb_erasures import USER as PURGE
from adapters.dynamodb_erasures import purge_key, purge_stands
from adapters.dynamodb_items import as_instant, as_number, as_text
from adapters.dynamodb_open_work import OpenWork
from adapters.dynamodb_updates import Update
from adapters.dynamodb_watermarks import WATERMARK, mark_in, move_forward, watermark_key
from domain.checkpoints import Checkpoint, RunStatus, Seen, Watermark
from domain.messages import Continuation, RunKey, SyncType
from domain.ports import CheckpointStore, Claim, Clock, Refused

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

_ALIVE = "(attribute_not_exists(#expiresAt) OR #expiresAt > :now)"
_AT_PAGE = f"#status = :running AND #chainId = :chain AND #page = :page AND {_ALIVE}"
_FREE = "(attribute_not_exists(#leaseUntil) OR #leaseUntil <= :instant)"


@dataclass(frozen=True, slots=True)
class DynamoCheckpoints(CheckpointStore):
    """The checkpoints table. Retries belong to the client (botocore's `standard` mode).

    `new_revision` gives a text that no other write uses.
    """

    client: DynamoDBClient
    table: str
    ttl: timedelta
    clock: Clock
    new_revision: Callable[[], str]

    @property
    def _writes(self) -> CheckpointWrites:
        return CheckpointWrites(self.client, self.table, self.clock)

    @property
    def _runs(self) -> OpenWork:
        return OpenWork(self.client, self.table, OPEN_RUN)

    def find(self, key: RunKey) -> Checkpoint | None:
        return self._writes.alive(key, self._get(item_key(key)))

    def begin(self, run: Checkpoint) -> Checkpoint | Refused:
        return self._writes.put(
            run.key,
            {**item_key(run.key), **attributes(run, self.ttl, self.new_revision())},
            "attribute_not_exists(userId) OR expiresAt <= :now",
            {":now": self._now()},
        )

    def replace(
        self, seen: Checkpoint, new: Checkpoint, free_at: datetime | None = None
    ) -> Checkpoint | Refused:
        item = attributes(new, self.ttl, self.new_revision())
        condition = f"#revision = :seen AND {_ALIVE}"
        values = {"seen": as_text(seen.revision), "now": self._now()}
        if free_at is not None:
            condition += f" AND {_FREE}"
            values["instant"] = as_instant(free_at)
        return self._writes.update(new.key, Update(item, condition, values, _absent(item)))

    def claim(self, claim: Claim) -> Checkpoint | Refused:
        update = Update(
            sets={
                "leaseOwner": as_text(claim.lease.owner),
                "leaseUntil": as_instant(claim.lease.until),
                "updatedAt": as_instant(claim.now),
                "expiresAt": as_number(seconds(claim.now + self.ttl)),
                "revision": as_text(self.new_revision()),
            },
            condition=f"{_AT_PAGE} AND {_FREE}",
            values={
                **self._at_page(claim.chain_id, claim.page),
                "instant": as_instant(claim.now),
            },
        )
        return self._writes.update(claim.key, update)

    def extend(self, held: Checkpoint, until: datetime) -> bool:
        if held.lease is None:
            return False
        condition, values = self._still_held(held)
        update = Update({"leaseUntil": as_instant(until)}, condition, values)
        return not isinstance(self._writes.update(held.key, update), Refused)

    def settle(
        self, held: Checkpoint, new: Checkpoint, watermark: Watermark | None = None
    ) -> Checkpoint | Refused:
        revision = self.new_revision()
        item = attributes(new, self.ttl, revision)
        condition, values = self._still_held(held)
        if new.chain == held.chain:
            # Whoever published this page's message may be late to mark it: that mark stays.
            del item["publishedPage"]
        update = Update(item, condition, values, _absent(item))
        if watermark is None:
            return self._writes.update(new.key, update)
        forward = move_forward(self.table, new.key.user_id, watermark)
        return self._writes.update_with(replace(new, revision=revision), update, forward)

    def mark_published(self, continuation: Continuation) -> None:
        page = as_number(continuation.page)
        update = Update(
            sets={"publishedPage": page, "revision": as_text(self.new_revision())},
            condition="#chainId = :chain AND #publishedPage < :published AND #page >= :published"
            f" AND {_ALIVE}",
            values={
                "chain": as_text(continuation.chain_id),
                "published": page,
                "now": self._now(),
            },
        )
        self._writes.update(continuation.key, update)

    def clear(self, key: RunKey) -> bool:
        found = self.find(key) is not None
        with translated(f"table {self.table}"):
            self.client.delete_item(TableName=self.table, Key=item_key(key))
        return found

    def due_before(self, instant: datetime, limit: int) -> tuple[RunKey, ...]:
        overdue = self._runs.since_before(instant, seconds(self.clock.now()))
        keys = islice(self._runs.keys(overdue), limit)
        return tuple(RunKey(user_id, SyncType(sync_type)) for user_id, sync_type in keys)

    def count_due_before(self, instant: datetime) -> int:
        return self._runs.count(self._runs.since_before(instant, seconds(self.clock.now())))

    def watermark(self, user_id: str) -> datetime | None:
        return mark_in(user_id, self._get(watermark_key(user_id)))

    def look(self, key: RunKey) -> Seen:
        keys = [item_key(key), watermark_key(key.user_id), purge_key(key.user_id)]
        with translated(f"table {self.table}"):
            answer = self.client.batch_get_item(
                RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
            )
        items: Iterable[Mapping[str, Any]] = answer["Responses"].get(self.table, ())
        if answer.get("UnprocessedKeys"):
            items = [item for item in map(self._get, keys) if item is not None]
        found = {item["syncType"]["S"]: item for item in items}
        return Seen(
            run=self._writes.alive(key, found.get(key.sync_type)),
            watermark=mark_in(key.user_id, found.get(WATERMARK)),
            purged=purge_stands(found.get(PURGE)),
        )

    def _get(self, key: Item) -> Mapping[str, Any] | None:
        with translated(f"table {self.table}"):
            return self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get(
                "Item"
            )

    def _now(self) -> AttributeValue:
        return as_number(seconds(self.clock.now()))

    def _at_page(self, chain_id: str, page: int) -> Item:
        return {
            "running": as_text(RunStatus.RUNNING),
            "chain": as_text(chain_id),
            "page": as_number(page),
            "now": self._now(),
        }

    def _still_held(self, held: Checkpoint) -> tuple[str, Item]:
        """The condition that nobody has taken the page since, whether or not the lease ran out."""
        values = self._at_page(held.chain.chain_id, held.page)
        if held.lease is None:
            return f"{_AT_PAGE} AND attribute_not_exists(#leaseOwner)", values
        values["owner"] = as_text(held.lease.owner)
        return f"{_AT_PAGE} AND #leaseOwner = :owner", values


def _absent(item: Item) -> tuple[str, ...]:
    return tuple(name for name in OPTIONAL if name not in item)
