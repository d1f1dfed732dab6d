"""Merchants who ask for syncs, one after another, and look whether they got what they asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from random import Random
from typing import Any

from tests.chaos.aws import Aws
from tests.chaos.findings import Findings
from tests.chaos.options import Options
from tests.chaos.shops import SimulatedShop

TOUCHED_AT_ONCE = 3
ASKED_TWICE = 0.3
"""How many requests arrive twice."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Syncs that are asked for together. With `restart` the run is begun again on its way."""

    sync_types: tuple[str, ...]
    restart: bool = False


LIFE = (Stage(("initial",)), Stage(("manual", "daily")), Stage(("manual",), restart=True))
LAST = Stage(("daily",))


@dataclass(slots=True, eq=False)
class Merchant:
    """A user with a shop of their own, new to the daemon: nothing of theirs is stored yet.

    The orders of a busy shop change at any time, those of another one only between two stages: so
    its totals are known exactly.
    """

    user: str
    shop: SimulatedShop
    is_busy: bool
    aws: Aws
    options: Options
    chance: Random
    findings: Findings
    stage: Stage | None = None
    _asked: dict[str, str] = field(default_factory=dict, init=False)
    _requests: int = field(default=0, init=False)
    _restart: bool = field(default=False, init=False)
    _promised: Mapping[str, datetime] = field(default_factory=dict, init=False)
    _touches: int = field(default=0, init=False)

    def ask_for(self, stage: Stage) -> None:
        """Ask for the stage's syncs; what is in the shop now must be stored when they are done."""
        self.stage, self._restart = stage, stage.restart
        self._promised, self._touches = dict(self.shop.versions), self.shop.touches
        self._asked = {sync_type: self._ask(sync_type) for sync_type in stage.sync_types}

    def change_orders(self) -> None:
        count = self.chance.randint(1, TOUCHED_AT_ONCE)
        self.shop.touch(self.chance.sample(range(self.shop.shop.orders), count))

    def is_done(self) -> bool:
        """Whether every sync of the stage is completed; if so the result has been checked."""
        if self.stage is None:
            return True
        found = {each: self.aws.checkpoint(self.user, each) for each in self._asked}
        if self._restart:
            self._restart_on_the_way(found)
            return False
        if any(
            run.get("status") != "completed" or run["requestId"] != self._asked[each]
            for each, run in found.items()
        ):
            return False
        for run in found.values():
            self._check_run(run)
        self._check_stored()
        if self.stage is LIFE[0]:  # one run so far: a page sent twice was fetched twice for it
            most = max(self.shop.fetches().values())
            self.findings.most_fetches = max(self.findings.most_fetches, most)
        self.stage = None
        return True

    def state(self) -> str:
        """Where the stage is, for a complaint."""
        found = (self.aws.checkpoint(self.user, each) for each in self._asked)
        runs = ", ".join(
            f"{run.get('syncType')} {run.get('status')} at page {run.get('page')}"
            f" ({run.get('lastError', {})})"
            for run in found
        )
        return f"{self.user}: {runs}"

    def _restart_on_the_way(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        for sync_type, run in found.items():
            if run.get("requestId") == self._asked[sync_type] and run["page"] > 1:
                self._asked[sync_type] = self._ask(sync_type, mode="restart")
                self._restart = False

    def _ask(self, sync_type: str, **more: str) -> str:
        self._requests += 1
        request = f"{self.user}-{self._requests}"
        message = {"type": "sync-page", "userId": self.user, "syncType": sync_type, **more}
        for _ in range(2 if self.chance.random() < ASKED_TWICE else 1):
            self.aws.publish({**message, "requestId": request})
        self.findings.requests += 1
        return request

    def _check_run(self, run: Mapping[str, Any]) -> None:
        least = most = self._in_window(run.get("updatedSince"))
        if self.is_busy:
            changed = self.shop.touches - self._touches
            least, most = least - changed, most + changed
        handed_over = int(run["totalSaved"] + run["totalFailed"])
        what = f"{run['syncType']} run {run['runId']} of {self.user}"
        if not least <= handed_over <= most:
            self.findings.complain(f"{what}: {handed_over} orders, not {least} to {most}")
        pages = max(1, ceil(handed_over / self.options.page_size))
        if "pageSize" not in run and run["page"] != pages + 1:
            self.findings.complain(f"{what}: {run['page'] - 1} pages, not {pages}")
        self.findings.runs += 1

    def _in_window(self, since: str | None) -> int:
        if since is None:
            return len(self._promised)
        start = datetime.fromisoformat(since).replace(microsecond=0)
        return sum(updated >= start for updated in self._promised.values())

    def _check_stored(self) -> None:
        items = self.aws.stored(self.user)
        stored = dict(items)
        named = self.aws.failed_orders(self.user)
        lost = self._promised.keys() - stored.keys() - named
        older = [
            order for order, at in self._promised.items() if order in stored and stored[order] < at
        ]
        strangers = stored.keys() - self.shop.versions.keys()
        findings = self.findings
        findings.orders_checked += len(self._promised)
        findings.lose(self.user, len(lost))
        findings.find_twice(self.user, len(items) - len(stored) + len(strangers))
        findings.find_older(self.user, len(older), for_now=self._may_be_older_for_now)

    @property
    def _may_be_older_for_now(self) -> bool:
        """A first write that was on its way when a newer version was stored: batches only."""
        return self.is_busy and self.options.writes == "batch" and self.stage is not LAST
