"""What can go wrong, classified by what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Why something was dead-lettered or a run failed: the public, closed set."""

    INVALID_MESSAGE = "invalid-message"
    UNKNOWN_SHOP = "unknown-shop"
    SHOP_UNAUTHORIZED = "shop-unauthorized"
    SHOP_UNAVAILABLE = "shop-unavailable"
    SHOPIFY_ERROR = "shopify-error"
    DATABASE_ERROR = "database-error"
    FAILED_BATCH = "failed-batch"
    BUG = "bug"


class Failure(Exception):
    """A failure with a reason; `message` carries no secret and no customer data."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Permanent(Failure):
    """Trying again changes nothing until a person does something."""


class Transient(Failure):
    """Trying again later may help; `retry_after` is the least wait, where one is known."""

    def __init__(
        self, reason: Reason, message: str, *, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(reason, message)
        self.retry_after = retry_after


class Outage(Transient):
    """The other side is not there, or fails as a whole: no single page of it is to blame."""


class TimedOut(Transient):
    """The answer took too long: besides trying again, a smaller page may help."""


class PageTooLarge(Permanent):
    """The source refuses a page of this size; a smaller one is fine.

    `cost` is what Shopify would have charged for the page, in points, where it said so, and `limit`
    what it would have let it cost.
    """

    def __init__(
        self, message: str, *, cost: float | None = None, limit: float | None = None
    ) -> None:
        super().__init__(Reason.SHOPIFY_ERROR, message)
        self.cost = cost
        self.limit = limit


class RateLimited(Exception):
    """The source asks us to wait; a wait is not a failed attempt."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"rate limited for {wait.total_seconds():.1f} s")
        self.wait = wait


class Preparing(Exception):
    """The source is preparing its answer: go on from `cursor` after the wait.

    Neither a failed attempt nor a page. `what` tells a person what is waited for.
    """

    def __init__(self, cursor: str | None, wait: timedelta, what: str) -> None:
        super().__init__(what)
        self.cursor = cursor
        self.wait = wait
        self.what = what


class Spoilt(Exception):
    """What the source was preparing is of no use: the attempt failed, as `failure` says.

    The next attempt goes on from `cursor`, whatever becomes of the run until then.
    """

    def __init__(self, cursor: str | None, failure: Failure) -> None:
        super().__init__(failure.message)
        self.cursor = cursor
        self.failure = failure


class Unavailable(Exception):
    """What the work needs is away: it goes back for `wait`, which is not a failed attempt.

    `failure` is what was met last, by this work or by earlier work.
    """

    def __init__(self, wait: timedelta, failure: Failure) -> None:
        super().__init__(f"away: {failure.message}")
        self.wait = wait
        self.failure = failure


class SecurityRejected(Unavailable):
    """The other side takes our request for an attack: asking again soon makes it worse."""


class TokenRefused(Permanent):
    """The access token is not accepted (any more): another one may be."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.SHOP_UNAUTHORIZED, message)


class RefreshRefused(Permanent):
    """The refresh token is dead: it ran out, or the app was uninstalled."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.SHOP_UNAUTHORIZED, message)


class ClientRefused(Failure):
    """Shopify does not accept the app's own credentials: our configuration, no shop's matter."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.SHOPIFY_ERROR, message)


class LeaseLost(Exception):
    """Too little of the lease is left to send anything more, or somebody else has taken it."""


class Purged(Exception):
    """Everything of the user was removed, and nothing is stored again."""


class Interrupted(Exception):
    """The process is shutting down: a wait was ended, the work goes back to the queue."""


@dataclass(frozen=True, slots=True)
class LastError:
    """What a person reads about a run that had trouble."""

    reason: Reason
    message: str
