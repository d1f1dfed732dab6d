"""Runs and failed batches as the commands show them: as JSON, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

from domain.checkpoints import Checkpoint, RunStatus
from domain.comparisons import Comparison
from domain.erasures import Erasure
from domain.failed_batches import FailedBatch
from domain.shops import ShopStatus, Standing

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
_GAP = "   "
_A_MOMENT = timedelta(seconds=1)


def run_facts(run: Checkpoint, now: datetime) -> dict[str, Json]:
    """The checkpoint, under the names of its attributes in the table."""
    totals = run.totals
    running = run.status is RunStatus.RUNNING
    return {
        "userId": run.key.user_id,
        "syncType": run.key.sync_type.value,
        "shop": run.shop,
        "runId": run.run_id,
        "status": run.status.value,
        "page": run.page,
        "totalSaved": totals.saved,
        "totalFailed": totals.failed,
        "totalExpected": totals.expected,
        "failedPages": totals.failed_pages,
        "startedAt": instant(run.started_at),
        "updatedAt": instant(run.updated_at),
        "completedAt": instant(run.completed_at),
        "dueAt": instant(run.due_at) if running else None,
        "nextPageInSeconds": _whole_seconds(run.due_at - now) if running else None,
        "atWork": running and run.leased(now),
        "attempts": run.attempts,
        "source": run.source.value,
        "waitingFor": run.waiting_for,
        "lastError": _last_error(run),
        "caveats": [{"kind": each.kind.value, "text": each.text} for each in run.caveats],
        "comparison": _comparison(run.comparison),
    }


@dataclass(frozen=True, slots=True)
class Situation:
    """Why a user's syncs go on, or do not, beside the runs themselves."""

    user_id: str
    shop: Standing | None = None
    purge: Erasure | None = None

    @property
    def hinders(self) -> bool:
        """Whether nothing is read of the user's for a reason that a person should know."""
        away = self.shop is not None and self.shop.status is not ShopStatus.CONNECTED
        return away or self.purge is not None


def situation_facts(situation: Situation) -> dict[str, Json]:
    """Whether the user's shop is read, and if not, why and since when; whether it was purged."""
    shop, purge = situation.shop, situation.purge
    absence = shop.absence if shop else None
    return {
        "purgeSince": instant(purge.since) if purge else None,
        "purgedAt": instant(purge.done_at) if purge else None,
        "shopStatus": shop.status.value if shop else None,
        "shopStatusReason": absence.reason if absence else None,
        "shopStatusSince": instant(absence.since) if absence else None,
    }


def no_run_facts(situation: Situation) -> dict[str, Json]:
    """In the place of a run, where there is none."""
    shop = situation.shop.shop if situation.shop else None
    facts: dict[str, Json] = {"userId": situation.user_id, "syncType": None, "shop": shop}
    return {**facts, "runId": None, "status": None}


def situation_words(situation: Situation) -> str:
    """One line; nothing to say where nothing hinders."""
    if (purge := situation.purge) is not None:
        return _purge_words(situation.user_id, purge)
    if situation.shop is not None and situation.hinders:
        return _shop_words(situation.shop)
    return ""


def _purge_words(user_id: str, purge: Erasure) -> str:
    if purge.done_at is None:
        return f"{user_id} is being purged, since {instant(purge.since)}"
    return (
        f"{user_id} was purged: everything was removed by {instant(purge.done_at)}, and messages "
        "are dropped until `connect`"
    )


def _shop_words(shop: Standing) -> str:
    since = f" since {instant(shop.absence.since)}" if shop.absence else ""
    why = f": {shop.absence.reason}" if shop.absence else ""
    return one_line(f"{shop.shop} is {shop.status.value}{since}{why}")


def batch_facts(batch: FailedBatch) -> dict[str, Json]:
    return {
        "batchId": batch.batch_id,
        "syncType": batch.key.sync_type.value,
        "shop": batch.shop,
        "page": batch.page,
        "orderIds": list(batch.order_ids),
        "reason": batch.reason,
        "error": batch.error,
        "attempts": batch.attempts,
        "createdAt": instant(batch.created_at),
    }


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def next_page(run: Checkpoint, now: datetime) -> str:
    """When the run goes on, in words."""
    if run.status is not RunStatus.RUNNING:
        return "-"
    if run.leased(now):
        return f"working on page {run.page}"
    wait = run.due_at - now
    if run.waiting_for is not None:
        return run.waiting_for
    if abs(wait) < _A_MOMENT:
        return f"page {run.page} now"
    if wait > _A_MOMENT:
        return f"page {run.page} in {length(wait)}"
    return f"page {run.page} due since {length(-wait)}"


def length(duration: timedelta) -> str:
    """Two units at most: `45 s`, `3 min 20 s`, `5 h 2 min`, `9 d 4 h`."""
    seconds = _whole_seconds(duration)
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    for (name, size), (smaller, part) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // part
            return f"{seconds // size} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


def one_line(text: str) -> str:
    """The text without anything that could move a terminal's cursor."""
    return "".join(c if c.isprintable() else " " for c in text)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """The rows, the first of which is the heading, in aligned columns."""
    clean = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    return "\n".join(
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in clean
    )


def run_rows(runs: Sequence[Checkpoint], now: datetime) -> list[list[str]]:
    heading = ["type", "status", "saved", "failed", "expected", "next", "last error"]
    return [heading, *(_row(run, now) for run in runs)]


def _row(run: Checkpoint, now: datetime) -> list[str]:
    totals, error = run.totals, run.last_error
    return [
        run.key.sync_type.value,
        run.status.value,
        f"{totals.saved:,}",
        f"{totals.failed:,}",
        "-" if totals.expected is None else f"{totals.expected:,}",
        next_page(run, now),
        "-" if error is None else f"{error.reason.value}: {error.message}",
    ]


def _last_error(run: Checkpoint) -> dict[str, Json] | None:
    error = run.last_error
    if error is None:
        return None
    at = instant(run.last_error_at)
    return {"reason": error.reason.value, "message": error.message, "at": at}


def _comparison(comparison: Comparison | None) -> dict[str, Json] | None:
    if comparison is None:
        return None
    return {
        "verdict": comparison.verdict.value,
        "handedOver": comparison.handed_over,
        "counted": comparison.counted,
        "settled": comparison.settled,
        "difference": comparison.difference,
    }


def doubts(runs: Sequence[Checkpoint]) -> list[str]:
    """What a person should know of the runs beside their numbers, a line each."""
    return [
        one_line(f"{run.key.sync_type.value}: {caveat.kind.value}: {caveat.text}")
        for run in runs
        for caveat in run.caveats
    ]


def _whole_seconds(duration: timedelta) -> int:
    return max(0, round(duration.total_seconds()))
