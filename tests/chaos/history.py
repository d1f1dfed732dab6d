"""What the checkpoints table itself says has happened: every version of every checkpoint.

A worker that is killed can swallow a log line; it can neither add a record here nor withhold one.
What is not seen here is a worker that writes the very version that another one wrote: that page is
in their logs twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RUNS = frozenset({"initial", "manual", "daily"})


@dataclass(frozen=True, slots=True)
class Version:
    """A checkpoint as it was at one moment."""

    run_id: str
    page: int
    orders: int
    """totalSaved + totalFailed."""
    status: str
    owner: str
    """Of the lease."""
    smaller_pages: bool

    @classmethod
    def of(cls, image: Mapping[str, Any] | None) -> Version | None:
        if not image:
            return None
        return cls(
            run_id=image["runId"]["S"],
            page=int(image["page"]["N"]),
            orders=int(image["totalSaved"]["N"]) + int(image["totalFailed"]["N"]),
            status=image["status"]["S"],
            owner=image.get("leaseOwner", {}).get("S", ""),
            smaller_pages="pageSize" in image,
        )


@dataclass(slots=True)
class History:
    """All runs, page by page. `complaints` is empty if each page counted once and in order."""

    page_size: int
    runs: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    counted: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often each page of each run moved its checkpoint on."""
    skipped: int = 0
    complaints: list[str] = field(default_factory=list)
    _owners: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]], page_size: int) -> History:
        history = cls(page_size)
        for record in records:
            if record["Keys"]["syncType"]["S"] in RUNS:
                history._add(Version.of(record.get("OldImage")), Version.of(record.get("NewImage")))
        return history

    @property
    def counted_twice(self) -> int:
        return sum(times - 1 for times in self.counted.values())

    @property
    def taken_over(self) -> int:
        """How often work on a page began again under another lease."""
        return sum(len(owners) - 1 for owners in self._owners.values())

    def _add(self, old: Version | None, new: Version | None) -> None:
        if new is None:
            self.complaints.append(f"the checkpoint of run {old.run_id if old else '?'} vanished")
            return
        if new.owner:
            self._owners.setdefault((new.run_id, new.page), set()).add(new.owner)
        if old is None or old.run_id != new.run_id:
            self._begin(new)
        else:
            self._go_on(old, new)
        if new.status == "completed":
            self.completed.add(new.run_id)

    def _begin(self, new: Version) -> None:
        if new.run_id in self.runs:
            self.complaints.append(f"run {new.run_id} came back after another run had begun")
        if new.page != 1 or new.orders:
            self.complaints.append(f"run {new.run_id} began at page {new.page}")
        self.runs.add(new.run_id)

    def _go_on(self, old: Version, new: Version) -> None:
        step, grown = new.page - old.page, new.orders - old.orders
        where = f"page {old.page} of run {old.run_id}"
        if step == 0 and grown:
            self.complaints.append(f"{where}: totals changed by {grown} without an advance")
        elif step < 0:
            self.complaints.append(f"{where}: the checkpoint went back to page {new.page}")
        elif step:
            self._advance(old, new)

    def _advance(self, old: Version, new: Version) -> None:
        where = f"page {old.page} of run {old.run_id}"
        self.counted[old.run_id, old.page] += 1
        self.skipped += new.page - old.page - 1
        if old.status != "running":
            self.complaints.append(f"{where} counted although the run was {old.status}")
        grown, full = new.orders - old.orders, new.status == "running" and not new.smaller_pages
        if full and grown != self.page_size:
            self.complaints.append(f"{where} counted {grown} orders, not {self.page_size}")
