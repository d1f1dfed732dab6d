"""What can be made to go wrong, and for how many requests."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from threading import Lock
from typing import Any

FOREVER = 1_000_000_000


class Fault(StrEnum):
    """Everything that the sandbox can do wrong on purpose."""

    RATE_LIMITED = "rate-limited"
    """HTTP 429 with a decimal Retry-After ("2.0")."""
    SERVER_ERROR = "server-error"
    """HTTP 500 with a page of HTML."""
    BAD_GATEWAY = "bad-gateway"
    """HTTP 502 with a page of HTML."""
    UNAVAILABLE = "unavailable"
    """HTTP 503 with a page of HTML."""
    BAD_TOKEN = "bad-token"  # noqa: S105 - the name of a fault
    """HTTP 401: the token is wrong, or the app was uninstalled."""
    FROZEN = "frozen"
    """HTTP 402: the shop has not paid its bill."""
    FORBIDDEN = "forbidden"
    """HTTP 403: a scope is missing."""
    UNAVAILABLE_SHOP = "unavailable-shop"
    """HTTP 403: the shop is not available."""
    NOT_FOUND = "not-found"
    """HTTP 404: the shop was closed, or never was."""
    LOCKED = "locked"
    """HTTP 423: the shop is locked."""
    REJECTED = "rejected"
    """HTTP 430: Shopify's security finds the request malicious."""
    THROTTLED = "throttled"
    """HTTP 200 without data: the bucket is drained to a point less than the query costs."""
    MAX_COST = "max-cost"
    """HTTP 200 without data: the query costs more than any may, whatever it costs."""
    INTERNAL_ERROR = "internal-error"
    """HTTP 200 without data: INTERNAL_SERVER_ERROR."""
    ACCESS_DENIED = "access-denied"
    """HTTP 200, `orders` is null: the app lacks read_orders."""
    PROTECTED_DATA = "protected-data"
    """HTTP 200, real data, but customers, e-mail, phones and addresses are null; an error for each
    (none by REST)."""
    HALF_A_BODY = "half-a-body"
    """HTTP 200, complete as HTTP, but the JSON stops half-way."""
    EMPTY_OBJECT = "empty-object"
    """HTTP 200 with the body {}."""
    EMPTY_DATA = "empty-data"
    """HTTP 200 with the body {"data":{}}."""
    HTML = "html"
    """HTTP 200 with a page of HTML."""
    RESET_BEFORE = "reset-before"
    """The connection is reset before anything is answered."""
    RESET_IN_BODY = "reset-in-body"
    """The connection is reset in the middle of the body."""
    SLOW = "slow"
    """The right answer, `delay` seconds late."""
    REDIRECT = "redirect"
    """HTTP 302 to another host."""
    GATEWAY_TIMEOUT = "gateway-timeout"
    """HTTP 504 with a page of HTML."""
    NO_RETRY_AFTER = "no-retry-after"
    """HTTP 429 that does not say how long to wait."""
    STALE_PAGE_INFO = "stale-page-info"
    """REST: a link to a further page is refused with HTTP 400; first pages are answered."""
    NEXT_FIRST = "next-first"
    """REST: the right answer, but its Link header names `next` before `previous`."""
    FOREIGN_LINK = "foreign-link"
    """REST: the right answer, but its Link header leads to another host."""
    OWN_LINK = "own-link"
    """REST: the right answer, but its Link header names the shop's own domain (a proxy)."""
    NO_CALL_LIMIT = "no-call-limit"
    """REST: the right answer without X-Shopify-Shop-Api-Call-Limit."""
    NULL_FIELDS = "null-fields"
    """REST: orders without prices, addresses and customers."""
    IGNORED_FILTER = "ignored-filter"
    """Every order is found, whatever update times are asked for. GraphQL warns of it."""
    OTHER_VERSION = "other-version"
    """The right answer, but X-Shopify-API-Version says that another version gave it."""

    BULK_IN_PROGRESS = "bulk-in-progress"
    """A bulk query is refused: another one is in progress."""
    BULK_FAILS = "bulk-fails"
    """The bulk operation ends FAILED, INTERNAL_SERVER_ERROR, with half of the data."""
    BULK_TIMES_OUT = "bulk-times-out"
    """It ends FAILED, TIMEOUT."""
    BULK_DENIED = "bulk-denied"
    """It ends FAILED, ACCESS_DENIED."""
    BULK_CANCELED = "bulk-canceled"
    """It ends CANCELED, as Shopify does with operations that make no progress."""
    BULK_EXPIRES = "bulk-expires"
    """It ends EXPIRED."""
    BULK_STUCK_CREATED = "bulk-stuck-created"
    """It stays CREATED."""
    BULK_STUCK_RUNNING = "bulk-stuck-running"
    """It stays RUNNING, and its object count stands still."""

    URL_EXPIRED = "url-expired"
    """The download host answers 400: the signature of the URL is too old."""
    DOWNLOAD_UNAVAILABLE = "download-unavailable"
    """It answers 503."""
    DOWNLOAD_RESET = "download-reset"
    """The connection is reset in the middle of the file."""
    RANGE_IGNORED = "range-ignored"
    """It sends the whole file, with 200, whatever range is asked for."""
    FILE_CHANGED = "file-changed"
    """The file has another ETag than before."""
    STRAY_CHILD = "stray-child"
    """A child row names another parent than the row before it."""
    CUT_LINE = "cut-line"
    """A row is cut off, and the next one begins all the same."""

    GRANT_LOST = "grant-lost"
    """Token endpoint: new tokens are given, but the connection is reset before the answer."""
    GRANT_UNAVAILABLE = "grant-unavailable"
    """Token endpoint: HTTP 520, as it was seen for a day in June 2026."""
    GRANT_DEAD = "grant-dead"
    """Token endpoint: HTTP 401, the refresh token is not active any more."""
    INVALID_GRANT = "invalid-grant"
    """Token endpoint: HTTP 400, the same in OAuth's words."""
    INVALID_CLIENT = "invalid-client"
    """Token endpoint: HTTP 401, the app's own id or secret is wrong."""


SUBMIT_FAULTS = frozenset({Fault.BULK_IN_PROGRESS})
OPERATION_FAULTS = frozenset(
    {
        Fault.BULK_FAILS,
        Fault.BULK_TIMES_OUT,
        Fault.BULK_DENIED,
        Fault.BULK_CANCELED,
        Fault.BULK_EXPIRES,
        Fault.BULK_STUCK_CREATED,
        Fault.BULK_STUCK_RUNNING,
    }
)
DOWNLOAD_FAULTS = frozenset(
    {
        Fault.URL_EXPIRED,
        Fault.DOWNLOAD_UNAVAILABLE,
        Fault.DOWNLOAD_RESET,
        Fault.RANGE_IGNORED,
        Fault.FILE_CHANGED,
        Fault.STRAY_CHILD,
        Fault.CUT_LINE,
    }
)
GRANT_FAULTS = frozenset(
    {
        Fault.GRANT_LOST,
        Fault.GRANT_UNAVAILABLE,
        Fault.GRANT_DEAD,
        Fault.INVALID_GRANT,
        Fault.INVALID_CLIENT,
    }
)
REQUEST_FAULTS = (
    frozenset(Fault) - SUBMIT_FAULTS - OPERATION_FAULTS - DOWNLOAD_FAULTS - GRANT_FAULTS
)
"""Those of requests to the API itself."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault, switched on for the next `times` requests after the first `skip` ones.

    Of the faults of bulk operations those that are submitted count, or their downloads.

    Without a shop it is for every shop. `delay` is in seconds, for SLOW; `retry_after` is sent as
    it is, for RATE_LIMITED; `version` for OTHER_VERSION.
    """

    fault: Fault
    shop: str | None = None
    times: int = FOREVER
    skip: int = 0
    delay: float = 5.0
    retry_after: str = "2.0"
    version: str = "2026-01"

    def __post_init__(self) -> None:
        if self.times < 1 or self.skip < 0 or self.delay < 0:
            raise ValueError("times is at least 1; skip and delay are not negative")

    @classmethod
    def of(cls, wish: Mapping[str, Any]) -> "Switch":
        """A switch from JSON; ValueError says what is wrong with it."""
        known = {"fault", "shop", "times", "skip", "delay", "retry_after", "version"}
        if unknown := wish.keys() - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if "fault" not in wish:
            raise ValueError(f"a fault is one of {', '.join(Fault)}")
        return cls(**{**wish, "fault": Fault(wish["fault"])})


class Faults:
    """The switches that are on, oldest first. Safe to use from many threads."""

    def __init__(self) -> None:
        self._switches: list[Switch] = []
        self._happened: Counter[str] = Counter()
        self._lock = Lock()

    def add(self, switch: Switch) -> dict[str, Any]:
        """Switch it on, behind those that are on; returns the state."""
        with self._lock:
            self._switches.append(switch)
        return self.state()

    def clear(self) -> dict[str, Any]:
        """Switch every fault off; returns the state."""
        with self._lock:
            self._switches.clear()
        return self.state()

    def next_for(self, shop: str, among: frozenset[Fault] = REQUEST_FAULTS) -> Switch | None:
        """The fault of this request to that shop: one at most, and it is used up."""
        with self._lock:
            for place, switch in enumerate(self._switches):
                if switch.shop not in (None, shop) or switch.fault not in among:
                    continue
                if switch.skip:
                    self._switches[place] = replace(switch, skip=switch.skip - 1)
                    continue
                self._use(place)
                self._happened[switch.fault] += 1
                return switch
            return None

    def state(self) -> dict[str, Any]:
        """The switches that are on, and how often each fault has happened."""
        with self._lock:
            on = [asdict(switch) for switch in self._switches]
            return {"on": on, "happened": dict(self._happened)}

    def _use(self, place: int) -> None:
        switch = self._switches[place]
        if switch.times == 1:
            del self._switches[place]
        elif switch.times != FOREVER:
            self._switches[place] = replace(switch, times=switch.times - 1)
