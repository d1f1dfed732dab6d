"""At its end a run puts what it was handed beside what Shopify counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.advancing import as_of, is_last, window_settled_before
from domain.caveats import Caveat, CaveatKind
from domain.checkpoints import Checkpoint
from domain.comparisons import Comparison, Verdict
from domain.failures import Failure, RateLimited, Unavailable
from domain.orders import OrderPage, StoreReport, Window
from domain.ports import OrderSource
from domain.shops import ConnectedShop


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison, and what a person should know of it."""

    comparison: Comparison
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class CompareCounts:
    """Ask Shopify for its count, unless the only page of the run has said it.

    A second count is asked for only where the first one differs: that of the orders which have not
    changed since before the run began, so that whoever changed meanwhile explains no more than it
    can. A count that fails keeps no run from its end, and is said.
    """

    source: OrderSource
    overlap: timedelta

    def __call__(
        self, run: Checkpoint, shop: ConnectedShop, page: OrderPage, report: StoreReport
    ) -> Compared | None:
        """None unless this page is the run's last."""
        if not is_last(run, page):
            return None
        totals = run.totals.plus(report, None)
        handed_over = totals.saved + totals.failed
        run = replace(run, as_of=as_of(run, page))
        if run.page == 1 and page.counted is not None:
            return _judged(Comparison(handed_over, page.counted, page.counted))
        try:
            return _judged(self._counted(run, shop, handed_over))
        except (Failure, RateLimited, Unavailable) as trouble:
            return _uncounted(handed_over, str(trouble))

    def _counted(self, run: Checkpoint, shop: ConnectedShop, handed_over: int) -> Comparison:
        counted = self.source.count(shop, Window(run.since))
        if counted is None or counted == handed_over:
            return Comparison(handed_over, counted)
        settled = window_settled_before(run, self.overlap)
        return Comparison(
            handed_over, counted, 0 if settled is None else self.source.count(shop, settled)
        )


def _judged(comparison: Comparison) -> Compared:
    match comparison.verdict:
        case Verdict.UNKNOWN:
            return _uncounted(comparison.handed_over, "Shopify gives no exact number")
        case Verdict.MISSING:
            text = (
                f"Shopify counts {comparison.settled:,} orders that did not change meanwhile, and "
                f"handed over {comparison.handed_over:,}: some are missing"
            )
            return Compared(comparison, (Caveat(CaveatKind.COUNT_DIFFERS, text),))
        case _:
            return Compared(comparison)


def _uncounted(handed_over: int, why: str) -> Compared:
    text = f"the run was not compared with Shopify's count: {why}"
    return Compared(Comparison(handed_over), (Caveat(CaveatKind.NOT_COUNTED, text),))
