"""What the domain needs from the world, in its own words.

Every method may raise `Transient` when the other side cannot be reached or fails, and `Permanent`
when it refuses in a way that trying again does not change (a table that does not exist, a denied
permission). Implementations add no other exceptions than those a method names.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.checkpoints import Checkpoint, LeaseMark, Seen, Watermark
from domain.erasures import Erased, Erasure
from domain.failed_batches import FailedBatch
from domain.messages import Continuation, Message, RunKey
from domain.occurrences import Occurrence
from domain.orders import Order, OrderPage, PageRequest, StoreReport, Window
from domain.shops import ConnectedShop, ShopStatus, Standing, Tokens


class Clock(Protocol):
    """The time."""

    @abstractmethod
    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds that only grow and that count while the process is paused."""


class Chance(Protocol):
    """Randomness and identities."""

    @abstractmethod
    def uniform(self) -> float:
        """A number in [0, 1)."""

    @abstractmethod
    def new_id(self) -> str:
        """An identity nobody else has or can guess."""


class Pause(Protocol):
    """Waits that end when the process stops."""

    @abstractmethod
    def wait(self, duration: timedelta) -> None:
        """Return after the duration; raise `Interrupted` as soon as the process is stopping."""


class Observer(Protocol):
    """Somebody who wants to know what happened: metrics, logs."""

    @abstractmethod
    def notice(self, occurrence: Occurrence) -> None:
        """Take note. Never raises."""


class Lease(Protocol):
    """The right to work on something, for a time that somebody keeps extending."""

    @abstractmethod
    def assert_held(self) -> None:
        """Raise `LeaseLost` unless enough of it is left to send one more request.

        Judged by the monotonic clock against the last extension that is known to have worked, so a
        process that was paused notices when it wakes.
        """


class LeaseKeeper(Protocol):
    """Extends leases in the background while their work goes on."""

    @abstractmethod
    def keep(self, held: Checkpoint, granted: float) -> AbstractContextManager[Lease]:
        """Extend the checkpoint's lease until the context ends.

        `granted` is the monotonic time from before the lease was asked for. When the context ends
        no extension is under way any more.
        """


class OrderSource(Protocol):
    """A shop's orders, read page by page.

    A source that has to prepare its answer raises `Preparing` until it has, and `Spoilt` where that
    came to nothing. Raises `RateLimited` when the wait is too long to sit out, `PageTooLarge` when
    a smaller page is needed, `TokenRefused` when another token may do, `Permanent` with reason
    shop-unauthorized, shop-unavailable or shopify-error, `SecurityRejected` when the shop has to be
    left alone for minutes, `Transient` after its own retries, `Interrupted` when the process stops
    while it waits.
    """

    @abstractmethod
    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        """The next orders, each with all of its line items.

        By (update time, id), ascending, unless the page says that it is not `ascending`. An answer
        that cannot be read is `Transient`, never an empty page.
        """

    @abstractmethod
    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        """These orders as they are now; one that no longer exists is absent from the answer."""

    @abstractmethod
    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        """How many orders Shopify counts in the window; None if it does not say exactly."""


class OrderStore(Protocol):
    """The orders table."""

    @abstractmethod
    def save(self, shop: ConnectedShop, orders: tuple[Order, ...], lease: Lease) -> StoreReport:
        """Store the orders; afterwards each is in the table or named in the report.

        Safe to repeat. An order that is stored unchanged is not written again but counts as saved,
        one that is stored with a later update time stays as it is and counts as saved. One order
        that cannot be stored does not keep the others from it.
        Asks the lease before each request, retries included, and passes on its `LeaseLost`.
        What was erased of the user is not stored: raises `Purged` if that is everything, and takes
        a customer who was redacted out of the orders (`ErasureLedger`).
        Raises `Transient` with reason database-error when nothing at all could be written.
        """


@dataclass(frozen=True, slots=True)
class Refused:
    """A conditional write's condition did not hold; this is what is stored instead."""

    stored: Checkpoint | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants to work on which page of which chain, from when until when."""

    key: RunKey
    chain_id: str
    page: int
    now: datetime
    lease: LeaseMark


class CheckpointStore(Protocol):
    """The runs' state. Every change is a conditional write that takes effect at most once.

    A write whose answer was lost is recognised as ours and reported as having taken effect.
    A checkpoint that has outlived its time (7 days by default since its last change) is gone,
    whether or not the table still holds it.
    """

    @abstractmethod
    def find(self, key: RunKey) -> Checkpoint | None:
        """The checkpoint as it is now (strongly consistent)."""

    @abstractmethod
    def begin(self, run: Checkpoint) -> Checkpoint | Refused:
        """Store the run if there is no checkpoint."""

    @abstractmethod
    def replace(
        self, seen: Checkpoint, new: Checkpoint, free_at: datetime | None = None
    ) -> Checkpoint | Refused:
        """Store `new` if the checkpoint is unchanged since `seen` was read.

        An extension of the lease is not a change; with `free_at` the write is refused, too, where
        the lease as it is stored now lasts beyond that instant.
        """

    @abstractmethod
    def claim(self, claim: Claim) -> Checkpoint | Refused:
        """Take the lease if the run is running, at that page, of that chain, and nobody has it."""

    @abstractmethod
    def extend(self, held: Checkpoint, until: datetime) -> bool:
        """Move the end of the lease that `held` shows; False if it is no longer ours."""

    @abstractmethod
    def settle(
        self, held: Checkpoint, new: Checkpoint, watermark: Watermark | None = None
    ) -> Checkpoint | Refused:
        """Store `new` if the run is running at the chain and page of `held`, its lease still ours.

        With a watermark the user's mark moves in the same atomic write: forward, never back, and
        only if the window that was read leaves no gap behind it. A mark that does not move does
        not keep the checkpoint from being stored.
        """

    @abstractmethod
    def mark_published(self, continuation: Continuation) -> None:
        """Note that a message for the page was published, if it is still a page of that chain."""

    @abstractmethod
    def clear(self, key: RunKey) -> bool:
        """Remove the checkpoint; False if there was none."""

    @abstractmethod
    def due_before(self, instant: datetime, limit: int) -> tuple[RunKey, ...]:
        """Runs that are running and were due before the instant, longest overdue first.

        May lag behind by seconds. Touches only runs that are running, never the whole table.
        """

    @abstractmethod
    def count_due_before(self, instant: datetime) -> int:
        """How many such runs there are."""

    @abstractmethod
    def watermark(self, user_id: str) -> datetime | None:
        """Up to when all of the user's orders are known to be stored."""

    @abstractmethod
    def look(self, key: RunKey) -> Seen:
        """What `find`, `watermark` and the ledger of erasures say, at one look."""


class FailedBatchStore(Protocol):
    """Orders that could not be stored. Nothing here expires."""

    @abstractmethod
    def add(self, batch: FailedBatch) -> FailedBatch:
        """Keep the batch and return it as kept: under the next free number if its own is taken.

        Adding a batch with the same orders at the same place again changes nothing.
        """

    @abstractmethod
    def find(self, key: RunKey, batch_id: str) -> FailedBatch | None:
        """The batch, strongly consistent."""

    @abstractmethod
    def of(self, key: RunKey) -> tuple[FailedBatch, ...]:
        """The user's failed batches of that sync type, oldest first."""

    @abstractmethod
    def update(self, batch: FailedBatch) -> None:
        """Store what has changed, if the batch still exists."""

    @abstractmethod
    def remove(self, batch: FailedBatch) -> None:
        """Forget the batch; nothing happens if it is gone already."""

    @abstractmethod
    def count(self) -> int:
        """How many failed batches there are, of all users."""


class ErasureLedger(Protocol):
    """The marks of what was erased: every write of orders is held against them. Nothing expires."""

    @abstractmethod
    def begin(self, asked: Erasure) -> Erasure:
        """Store the mark and return what is stored.

        If there is one already it stays, unless more is asked for now (`Erasure.asked_again`).
        """

    @abstractmethod
    def advance(self, mark: Erasure) -> None:
        """Store how far it is, if it is still the mark that was begun then."""

    @abstractmethod
    def stands(self, mark: Erasure) -> bool:
        """Whether it is still the mark that was begun then, and was not lifted since."""

    @abstractmethod
    def lift(self, user_id: str) -> bool:
        """The user is about to be connected again: True unless a purge is under way."""

    @abstractmethod
    def of(self, user_id: str) -> Erased:
        """What was erased of the user's, strongly consistent."""

    @abstractmethod
    def purge_of(self, user_id: str) -> Erasure | None:
        """The mark of the user's purge; None if there is none, or it was lifted since."""


class UserRecords(Protocol):
    """Whatever any table holds of a user, the marks of erasures apart. Safe to repeat."""

    @abstractmethod
    def remove_state(self, user_id: str) -> None:
        """Remove the shop with its credentials, all checkpoints, failed batches and the watermark.

        The marks of customers who were redacted go, too: the user's own covers them.
        """

    @abstractmethod
    def remove_orders(self, user_id: str, most: int) -> int:
        """Remove so many orders at most; how many were removed, 0 if there are none left."""

    @abstractmethod
    def redact_orders(self, mark: Erasure, most: int) -> tuple[int, str | None]:
        """Redact those of the next so many orders that are the customer's.

        Returns how many there were, and the last order that was looked at; None after the last.
        """


class ShopDirectory(Protocol):
    """Whose shop is which, and the credentials for it.

    Whoever changes a shop that was found names the credentials that were found with it (its
    revision): what was learnt of them says nothing about others that were stored meanwhile.
    """

    @abstractmethod
    def find(self, user_id: str) -> ConnectedShop | None:
        """The user's shop (strongly consistent)."""

    @abstractmethod
    def standing(self, user_id: str) -> Standing | None:
        """How the user's shop stands (strongly consistent); opens no token, and asks for no key."""

    @abstractmethod
    def connect(self, shop: ConnectedShop) -> None:
        """Store the shop's credentials, in place of the user's earlier ones and all about them."""

    @abstractmethod
    def prepare(self, shop: ConnectedShop) -> Callable[[], None]:
        """Connect the shop in two steps: what is returned stores the credentials.

        All that needs a key is done before, so that a key that cannot be used changes nothing.
        """

    @abstractmethod
    def each(self, status: ShopStatus) -> Iterator[str]:
        """The ids of all users whose shop has that status; may read page after page."""

    @abstractmethod
    def lease_refresh(self, shop: ConnectedShop, lease: LeaseMark, now: datetime) -> bool:
        """Take the right to refresh these credentials; False if somebody has it, or they are gone.

        Nobody else gets it until the lease ends, is released, or new credentials are stored.
        """

    @abstractmethod
    def renew(self, shop: ConnectedShop, owner: str, tokens: Tokens) -> ConnectedShop | None:
        """Store the tokens in place of the shop's, which ends the lease; the shop as it is now.

        None, and nothing is stored, if other credentials are stored or the lease is another's.
        """

    @abstractmethod
    def release_refresh(self, shop: ConnectedShop, owner: str) -> None:
        """End the lease before its time, if it is still that owner's."""

    @abstractmethod
    def require_reauth(self, shop: ConnectedShop, reason: str) -> bool:
        """Note that the credentials are dead; False if it was known or others are stored."""

    @abstractmethod
    def park(self, shop: ConnectedShop, reason: str) -> bool:
        """Note that the shop is away, and why; False if it was known or others are stored."""

    @abstractmethod
    def readmit(self, shop: ConnectedShop) -> bool:
        """Note that the credentials work: the shop is connected. False if nothing had to change."""

    @abstractmethod
    def note_scopes(self, shop: ConnectedShop, scopes: tuple[str, ...]) -> None:
        """Keep what the credentials may be used for; nothing happens if others are stored."""

    @abstractmethod
    def claim_probe(self, user_id: str, before: datetime) -> bool:
        """Whether to look if the shop is still away: True for one caller only.

        Only for a shop that is unavailable or whose fixed token was refused, and of which neither
        was found out, nor anybody looked again, since `before`.
        """

    @abstractmethod
    def release_probe(self, user_id: str) -> None:
        """The probe that was claimed could not be sent: it may be claimed again."""


class TokenGrants(Protocol):
    """Shopify's token endpoint."""

    @abstractmethod
    def refresh(self, shop: ConnectedShop, refresh_token: str) -> Tokens:
        """New tokens for the refresh token, which may be asked for again if the answer is lost.

        Raises `RefreshRefused` for a refresh token that is dead, `ClientRefused` if it is the app's
        own credentials that are not accepted, `Permanent` with reason shop-unavailable, and what
        an `OrderSource` raises for the time being. Takes less than 90 s.
        """


class Publisher(Protocol):
    """The source queue, to send to."""

    @abstractmethod
    def publish(self, message: Message, delay: timedelta) -> None:
        """Send the message, visible after the delay (whole seconds, at most 900, rounded up).

        One attempt: `Transient` means that it may or may not have been sent.
        """

    @abstractmethod
    def dead_letter(self, message: Message, reason: str, error: str) -> None:
        """Send a message of our own to the dead-letter queue, where it waits for a redrive."""
