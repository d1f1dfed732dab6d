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
    """HTTP 200, real data but customers are null, and an error for each."""
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
    OTHER_VERSION = "other-version"
    """The right answer, but X-Shopify-API-Version says that another version gave it."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One fault, switched on for the next `times` requests after the first `skip` ones.

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

    def next_for(self, shop: str) -> Switch | None:
        """The fault of this request to that shop: one at most, and it is used up."""
        with self._lock:
            for place, switch in enumerate(self._switches):
                if switch.shop not in (None, shop):
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
