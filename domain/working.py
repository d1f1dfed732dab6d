"""One page: fetch, store, record what failed, advance, publish the next. The order matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.advancing import PageResult, advanced, smaller, watermark_after
from domain.caveats import unheard
from domain.checkpoints import Checkpoint, SourceName, put_off
from domain.comparing import CompareCounts
from domain.failures import (
    Failure,
    Interrupted,
    LeaseLost,
    PageTooLarge,
    Preparing,
    Purged,
    RateLimited,
    Reason,
    Spoilt,
    Transient,
    Unavailable,
)
from domain.giving_up import GiveUpPage
from domain.keeping import KeepFailedBatches
from domain.occurrences import (
    PageMadeSmaller,
    PageStored,
    Reported,
    RunChanged,
    RunCompared,
    RunEvent,
    RunWarned,
    WaitedForRateLimit,
)
from domain.orders import LARGEST_COST, PageRequest
from domain.outcomes import Done, GiveBack, How, Later, Outcome, Why
from domain.policy import RunPolicy
from domain.ports import (
    CheckpointStore,
    Clock,
    Lease,
    LeaseKeeper,
    Observer,
    OrderSource,
    OrderStore,
    Refused,
)
from domain.publishing import PublishPage
from domain.reaching import FindShop


@dataclass(frozen=True, slots=True)
class Timing:
    """Monotonic seconds at which a page's work began, was fetched and was stored."""

    began: float
    fetched: float
    stored: float


@dataclass(frozen=True, slots=True)
class WorkOnPage:
    """Work on the page whose lease is held; ends in one outcome, whatever happens.

    A run reads through the source that it began with: its cursor means nothing to another.
    """

    checkpoints: CheckpointStore
    find_shop: FindShop
    sources: Mapping[SourceName, OrderSource]
    orders: OrderStore
    keep_failed: KeepFailedBatches
    leases: LeaseKeeper
    publish: PublishPage
    give_up: GiveUpPage
    observer: Observer
    clock: Clock
    policy: RunPolicy

    def __call__(self, held: Checkpoint, granted: float) -> Outcome:  # noqa: PLR0911 - one for each way it ends
        try:
            with self.leases.keep(held, granted) as lease:
                result, timing = self._fetch_and_store(held, lease)
            lease.assert_held()  # the end of the keeping may have waited for an extension
            return self._advance(held, result, timing)
        except (LeaseLost, Purged) as end:
            return self._without_us(held, end)
        except Interrupted:
            self._put_off(held, timedelta(0))
            return GiveBack()
        except RateLimited as limit:
            self.observer.notice(WaitedForRateLimit(held.source, limit.wait, in_queue=True))
            self._put_off(held, limit.wait)
            return Later(limit.wait)
        except Preparing as preparing:
            return self._while_preparing(held, preparing)
        except Spoilt as spoilt:
            return self.give_up(replace(held, cursor=spoilt.cursor), spoilt.failure)
        except Unavailable as away:
            return self.give_up.wait_out(held, away.failure, away.wait)
        except PageTooLarge as refusal:
            return self._with_a_smaller_page(held, refusal)
        except Failure as failure:
            return self.give_up(held, failure)
        except Exception as error:  # noqa: BLE001 - a bug in one page must not stop the others
            return self.give_up(held, _bug(error))

    def _fetch_and_store(self, held: Checkpoint, lease: Lease) -> tuple[PageResult, Timing]:
        began = self.clock.monotonic()
        shop = self.find_shop(held.key.user_id, held.shop)
        size = held.page_size or self.policy.page_size
        source = self.sources[held.source]
        page = source.fetch_page(
            shop,
            PageRequest(
                size,
                held.cursor,
                held.since,
                count=held.page == 1,
                run_began=held.whole_until,
                soon=self.policy.page_delays[held.key.sync_type] is None,
            ),
        )
        fetched = self.clock.monotonic()
        lease.assert_held()
        report = self.orders.save(shop, page.orders, lease)
        self.keep_failed(held, shop.shop, report, lease)
        timing = Timing(began, fetched, self.clock.monotonic())
        compare = CompareCounts(source, self.policy.daily_overlap)
        if (compared := compare(held, shop, page, report)) is None:
            return PageResult(shop.shop, page, report), timing
        return PageResult(shop.shop, page, report, compared.comparison, compared.caveats), timing

    def _while_preparing(self, held: Checkpoint, preparing: Preparing) -> Outcome:
        """Store where to go on before anybody asks again.

        A write that fails loses the place: the source finds what it began for this run.
        """
        now = self.clock.now()
        waiting = replace(
            put_off(held, now, now + preparing.wait),
            cursor=preparing.cursor,
            waiting_for=preparing.what,
        )
        later = Later(preparing.wait, Why.PREPARING)
        try:
            settled = self.checkpoints.settle(held, waiting)
        except Transient:
            return later
        return self._overtaken() if isinstance(settled, Refused) else later

    def _with_a_smaller_page(self, held: Checkpoint, refusal: PageTooLarge) -> Outcome:
        """Remember the smaller size before it is used: whoever goes on asks for no more."""
        size = held.page_size or self.policy.page_size
        if size == 1 or held.lease is None:
            return self.give_up(held, refusal)
        granted, now = self.clock.monotonic(), self.clock.now()
        fitting = smaller(size, refusal.cost, refusal.limit or LARGEST_COST)
        shrunk = replace(
            held,
            page_size=fitting,
            lease=replace(held.lease, until=now + self.policy.visibility),
            updated_at=now,
        )
        result = self.checkpoints.settle(held, shrunk)
        if isinstance(result, Refused):
            return self._overtaken()
        self.observer.notice(PageMadeSmaller(held.key, held.run_id, fitting, refusal.message))
        return self(result, granted)

    def _advance(self, held: Checkpoint, result: PageResult, timing: Timing) -> Outcome:
        result = replace(result, fetched_in=timedelta(seconds=timing.fetched - timing.began))
        new = advanced(held, result, self.clock.now(), self.policy)
        mark = watermark_after(new, self.policy.daily_overlap)
        settled = self.checkpoints.settle(held, new, mark)
        if isinstance(settled, Refused):
            return self._overtaken()
        self._notice_stored(held, result, timing)
        self._notice_doubts(held, settled)
        if settled.completed_at is None:
            return self.publish(settled)
        self.observer.notice(
            RunChanged(
                held.key,
                held.run_id,
                RunEvent.COMPLETED,
                lasted=settled.completed_at - settled.started_at,
            )
        )
        return Done()

    def _notice_stored(self, held: Checkpoint, result: PageResult, timing: Timing) -> None:
        now = self.clock.monotonic()
        self.observer.notice(
            PageStored(
                key=held.key,
                run_id=held.run_id,
                page=held.page,
                source=held.source,
                saved=result.report.saved,
                failed=tuple(
                    order.failure.value for batch in result.report.failed for order in batch
                ),
                fetch=timedelta(seconds=timing.fetched - timing.began),
                store=timedelta(seconds=timing.stored - timing.fetched),
                total=timedelta(seconds=now - timing.began),
            )
        )

    def _notice_doubts(self, held: Checkpoint, settled: Checkpoint) -> None:
        if settled.as_of is not None and held.as_of is None:
            ahead = (settled.started_at - settled.as_of).total_seconds()
            text = f"our clock is ahead of Shopify's, by {ahead:.0f} s or more: set it right"
            self.observer.notice(Reported("clock", text))
        for caveat in unheard(held.caveats, settled.caveats):
            self.observer.notice(RunWarned(held.key, held.run_id, caveat))
        if settled.comparison is not None:
            self.observer.notice(RunCompared(held.key, held.run_id, settled.comparison))

    def _put_off(self, held: Checkpoint, wait: timedelta) -> None:
        """Free the page for whoever gets its message next; not a failed attempt.

        A write that fails costs nothing: the lease ends by itself.
        """
        now = self.clock.now()
        try:
            self.checkpoints.settle(held, put_off(held, now, now + wait))
        except Transient:
            return

    def _without_us(self, held: Checkpoint, end: LeaseLost | Purged) -> Outcome:
        """Nothing more is stored. A run that began while its user was purged is no run at all."""
        if isinstance(end, LeaseLost):
            return self._overtaken()
        self.checkpoints.clear(held.key)
        return Done(How.STALE)

    def _overtaken(self) -> Outcome:
        """Somebody else has the page: nothing is deleted, nothing is published."""
        return Later(self.policy.visibility, Why.BUSY)


def _bug(error: Exception) -> Transient:
    """Only the kind of error and where it happened: its text may carry customer data."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f" in {frame.tb_frame.f_code.co_name}, line {frame.tb_lineno}" if frame else ""
    return Transient(Reason.BUG, f"{type(error).__name__}{where}")
