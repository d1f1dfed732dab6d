"""What a play has shown, in figures; what does not hold, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.deeds import Deed
from tests.chaos.findings import Findings
from tests.chaos.history import History
from tests.chaos.letters import Letters
from tests.chaos.log_files import Logs
from tests.chaos.options import Options


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Seconds: until the last deed, and from then until everything was at rest."""

    chaos: float
    rest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    options: Options
    spent: TimeSpent
    deeds: Counter[Deed]
    unexpected: Sequence[str]
    """Ways in which workers ended that they should not have ended in."""
    faults: Mapping[str, Any]
    findings: Findings
    history: History
    logs: Logs
    left: int
    letters: Letters
    folder: Path

    @property
    def complaints(self) -> tuple[str, ...]:
        """Everything that does not hold."""
        own = [
            *_more_than_once("counted", self.history.counted),
            *_more_than_once("is in the log", self.logs.stored),
            *(
                f"the log knows of page {page} of run {run}, the table does not"
                for run, page in self.logs.stored.keys() - self.history.counted.keys()
            ),
        ]
        if self.history.skipped:
            own.append(f"{self.history.skipped} pages were skipped")
        if self.left:
            own.append(f"{self.left} messages are left in the source queue")
        if len(self.history.runs) != self.findings.requests:
            own.append(f"{len(self.history.runs)} runs for {self.findings.requests} requests")
        others = (self.findings, self.history, self.logs, self.letters)
        found = [complaint for each in others for complaint in each.complaints]
        return tuple(dict.fromkeys((*own, *found, *self.unexpected)))

    def lines(self) -> Iterator[str]:
        """A figure a line."""
        for name, value in self.figures():
            yield f"{name:<44} {value}"
        for complaint in self.complaints:
            yield f"DOES NOT HOLD: {complaint}"
        if self.complaints:
            yield f"seed {self.options.seed}; the workers' logs are in {self.folder}"

    def figures(self) -> Iterator[tuple[str, str]]:
        """Name and value of each figure."""
        yield "seed, order writes", f"{self.options.seed}, {self.options.writes}"
        spent = self.spent
        yield "duration", f"{spent.chaos:.0f} s of chaos, at rest {spent.rest:.0f} s later"
        yield from ((f"workers: {deed}", str(self.deeds[deed])) for deed in Deed)
        yield from self._about_faults()
        yield from self._about_orders()
        yield from self._about_pages()
        yield "messages left in the source queue", str(self.left)
        yield "dead letters", str(self.letters)

    def _about_faults(self) -> Iterator[tuple[str, str]]:
        yield "calls to AWS", f"{sum(self.faults['calls'].values()):,}"
        for mishap, operations in sorted(self.faults["happened"].items()):
            yield f"faults: {mishap}", f"{sum(operations.values()):,} ({_most(operations)})"

    def _about_orders(self) -> Iterator[tuple[str, str]]:
        found = self.findings
        yield "merchants", f"{found.merchants + self.options.merchants}, each with a shop"
        yield "orders checked against the shops", f"{found.orders_checked:,}"
        yield "orders in the shops at the end", f"{found.orders_in_shops:,}"
        yield "items in the table at the end", f"{found.items_in_table:,}"
        yield "orders named in failed batches", str(self.letters.orders)
        yield "losses", str(found.lost)
        yield "duplicates in the table", str(found.twice)
        yield "orders older than the shop's version", str(found.older)
        yield "older until the next sync (batch only)", str(found.older_for_now)

    def _about_pages(self) -> Iterator[tuple[str, str]]:
        found, history = self.findings, self.history
        pages = history.counted.total()
        per_page = f"{found.fetches / max(pages, 1):.3f} ({found.fetches:,} fetches)"
        logged = self.logs.stored_twice
        yield "requests", str(found.requests)
        yield "runs, completed", f"{len(history.runs)}, {len(history.completed)}"
        yield "pages that counted", f"{pages:,}"
        yield "pages counted twice", f"{history.counted_twice} by the table, {logged} by the logs"
        yield "pages skipped", str(history.skipped)
        yield "pages begun again under another lease", str(history.taken_over)
        yield "pages whose log line a kill swallowed", str(pages - len(self.logs.stored))
        yield "Shopify fetches per page", f"{per_page}; most for one page: {found.most_fetches}"
        yield "messages sent per page", f"{self._sent() / max(pages, 1):.3f}"
        yield "stalled runs taken up by the watchdog", str(self.logs.events["stalled run taken up"])

    def _sent(self) -> int:
        calls: int = self.faults["calls"].get("SendMessage", 0)
        return calls


def _most(operations: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {times}" for name, times in Counter(operations).most_common(4))


def _more_than_once(what: str, times: Counter[tuple[str, int]]) -> Iterator[str]:
    return (
        f"page {page} of run {run} {what} {n} times" for (run, page), n in times.items() if n > 1
    )
