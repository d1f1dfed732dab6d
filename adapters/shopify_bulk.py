"""A shop's orders through a bulk operation: Shopify writes a file, and we read it in slices.

Source: shopify.dev/docs/api/usage/bulk-operations/queries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters.shopify_answers import unreadable
from adapters.shopify_bulk_cursors import BulkPlace, cursor_of, place_in
from adapters.shopify_bulk_documents import bulk_orders
from adapters.shopify_bulk_operations import BulkOperation, BulkOperations
from adapters.shopify_bulk_waits import BUSY_WAIT, FIRST_WAIT, stuck, until_next_look
from adapters.shopify_downloads import Denied, Downloads, Part
from adapters.shopify_graphql import beyond, updated_since
from adapters.shopify_jsonl import Slice, Stretch, slice_of
from adapters.shopify_scopes import news_of
from domain.failures import (
    Failure,
    Outage,
    Permanent,
    Preparing,
    Reason,
    Spoilt,
    TimedOut,
    Transient,
)
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.personal_data import CustomerData
from domain.ports import Clock, OrderSource
from domain.shops import ConnectedShop

SLICE = 8 * 2**20
"""Bytes of a slice at most: 250 orders are one or two million."""
TROUBLES = 3
"""A file that could not be read so often from one place is given up for a new one."""
OF_USE = frozenset({"CREATED", "RUNNING", "COMPLETED"})
UNDER_WAY = frozenset({"CREATED", "RUNNING", "CANCELING"})
OVER = frozenset({"FAILED", "CANCELED", "EXPIRED"})


@dataclass(frozen=True, slots=True)
class ShopifyBulkOrders(OrderSource):
    """Slices of the file of a bulk operation, which has to be made first.

    Raises `Preparing` with the operation's id before anybody looks at the operation, and with every
    look until it has ended. Raises `Spoilt` where it came to nothing: the next attempt submits a
    new one. Each slice costs one look and one download; what was read of a slice that was not
    advanced is read again, and no more.
    """

    operations: BulkOperations
    downloads: Downloads
    single: OrderSource
    """For orders by their ids, and for counts."""
    clock: Clock
    customer_data: CustomerData

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        place = place_in(request.cursor)
        if place.operation is None:
            return self._begun(shop, request, place)
        operation = self.operations.find(shop, place.operation, scopes=request.count)
        if operation is None:
            raise self._anew(place, None, _failed("Shopify knows the bulk operation no more"))
        if operation.status in UNDER_WAY:
            raise self._waited_for(shop, operation, place)
        if operation.status in OVER:
            raise self._anew(place, operation, _ending(operation))
        if operation.status != "COMPLETED":
            raise unreadable("a bulk operation has a status that is not known")
        page = self._page(operation, place, request)
        return replace(page, scopes=news_of(shop, operation.scopes))

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        return self.single.fetch_orders(shop, order_ids)

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self.single.count(shop, window)

    def _begun(self, shop: ConnectedShop, request: PageRequest, place: BulkPlace) -> OrderPage:
        """Take up what was submitted for this run before a crash, or submit it: `Preparing`.

        Where Shopify counts no orders there is nothing to prepare, and the run is at its end.
        """
        search = updated_since(request.since)
        query = bulk_orders(self.customer_data, search)
        least = request.run_began.replace(microsecond=0) if request.run_began else None
        after = _instant(place.given_up) if place.given_up is not None else None
        before = self.operations.before(shop, search)
        operation = next(
            (
                each
                for each in before.latest
                if each.status in OF_USE
                and " ".join(each.query.split()) == query
                and (least is None or each.created_at >= least)
                and (after is None or each.created_at > after)
            ),
            None,
        )
        if operation is None and before.nothing:
            empty = OrderPage((), None, 0, ascending=False, counted=0, caveats=before.caveats)
            scopes = news_of(shop, before.scopes)
            return replace(empty, scopes=scopes, as_of=before.said_at)
        operation = operation or self.operations.submit(shop, query)
        if operation is None:
            text = "Shopify is busy with other bulk operations of this app in the shop"
            raise Preparing(cursor_of(place), BUSY_WAIT, text)
        now = self.clock.now().timestamp()
        begun = BulkPlace(operation.gid, place.given_up, since=now, moved=now)
        raise Preparing(cursor_of(begun), FIRST_WAIT, _told(operation))

    def _waited_for(
        self, shop: ConnectedShop, operation: BulkOperation, place: BulkPlace
    ) -> Preparing | Spoilt:
        now = self.clock.now().timestamp()
        if (operation.status, operation.objects) != (place.status, place.objects):
            place = replace(place, status=operation.status, objects=operation.objects, moved=now)
        if stuck(operation.status, timedelta(seconds=now - place.moved)):
            if operation.status != "CANCELING":
                self.operations.cancel(shop, operation.gid)
            said = f"the bulk operation stood still ({operation.status}) and was cancelled"
            return self._anew(place, operation, _failed(said))
        wait = until_next_look(timedelta(seconds=now - place.since))
        return Preparing(cursor_of(place), wait, _told(operation))

    def _page(self, operation: BulkOperation, place: BulkPlace, request: PageRequest) -> OrderPage:
        expected = operation.orders if request.count else None
        page = OrderPage((), None, expected, ascending=False, as_of=operation.created_at)
        if operation.url is None and operation.objects == 0:
            return replace(page, caveats=operation.caveats)
        if operation.url is None:
            raise self._anew(place, operation, _failed("a bulk operation's file is gone"))
        found, total, etag = self._read(operation, operation.url, place, request.size)
        ahead = replace(place, offset=found.end, etag=etag, troubles=0)
        cursor = None if found.end == total else cursor_of(ahead)
        caveats = (*operation.caveats, *beyond(found.orders, request.since))
        return replace(page, orders=found.orders, next_cursor=cursor, caveats=caveats)

    def _read(
        self, operation: BulkOperation, url: str, place: BulkPlace, most: int
    ) -> tuple[Slice, int, str | None]:
        try:
            with self.downloads.part(url, place.offset, SLICE) as part:
                if _is_another(part, operation, place):
                    raise self._anew(place, operation, _failed("a bulk operation's file changed"))
                stretch = Stretch(part.start, part.end, part.total)
                return slice_of(part.chunks, stretch, most), part.total, part.etag
        except Denied as denied:
            said = f"a bulk operation's file is not handed over ({denied})"
            raise self._troubled(place, operation, _failed(said)) from denied
        except (Outage, TimedOut):
            raise
        except Transient as failure:
            raise self._troubled(place, operation, failure) from failure

    def _troubled(self, place: BulkPlace, operation: BulkOperation, failure: Transient) -> Spoilt:
        """Tried again with a fresh URL, and in the end with a new operation."""
        if place.troubles + 1 >= TROUBLES:
            return self._anew(place, operation, failure)
        return Spoilt(cursor_of(replace(place, troubles=place.troubles + 1)), failure)

    def _anew(self, place: BulkPlace, operation: BulkOperation | None, failure: Failure) -> Spoilt:
        """Go back to the beginning: nothing says which orders another operation will begin with."""
        created = place.given_up if operation is None else operation.created_at.timestamp()
        return Spoilt(cursor_of(BulkPlace(given_up=created)), failure)


def _ending(operation: BulkOperation) -> Failure:
    """What it means that the operation ended without a result.

    The part of the data that a failed one may offer is not used: nothing says which orders it
    lacks, and the next operation reads all of them anyway.
    """
    if operation.error == "ACCESS_DENIED":
        return Permanent(
            Reason.SHOP_UNAUTHORIZED, "the app may not read all that the bulk operation asks for"
        )
    because = (
        f" ({operation.error})" if operation.error in {"INTERNAL_SERVER_ERROR", "TIMEOUT"} else ""
    )
    return _failed(f"the bulk operation ended {operation.status}{because}")


def _failed(what: str) -> Transient:
    return Transient(Reason.SHOPIFY_ERROR, f"{what}: another one is submitted")


def _told(operation: BulkOperation) -> str:
    so_far = f", {operation.objects:,} rows so far" if operation.objects else ""
    return f"Shopify prepares the orders ({operation.status.lower()}{so_far})"


def _is_another(part: Part, operation: BulkOperation, place: BulkPlace) -> bool:
    size = operation.size
    return (size is not None and part.total != size) or (
        place.etag is not None and part.etag is not None and part.etag != place.etag
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
