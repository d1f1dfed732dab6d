"""When this process may ask a shop for something: shared by all chains that read the shop."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from math import floor
from threading import Lock

from adapters.buckets import NO_ANSWER, NOBODY_THERE, Bucket, Flight, Slot, Told
from domain.failures import Outage, RateLimited
from domain.ports import Clock, Pause

PATIENCE = timedelta(seconds=4)
"""How long a worker stands still for the rate limit of one shop.

Less than it takes to put a message back (three calls, and SQS counts in whole seconds) is better
waited for; for longer the worker has other shops' pages to work on.
"""
SOON = timedelta(seconds=2)
"""A message that is due within this is sent without a delay. From then on its delay is in whole
seconds, as SQS takes it; what is left of the wait passes here, so that rounding costs nothing."""
LOOK_AGAIN = timedelta(seconds=0.5)
"""Whoever waits looks again this often: what is under way may turn out cheaper than it might."""
FORGOTTEN_AFTER = 3600.0
SWEPT_EVERY = 60.0
_A_MOMENT = timedelta(milliseconds=1)


class Api(Enum):
    """Which of a shop's buckets: its size and what it gains a second until an answer tells.

    Those of the smallest plan (shopify.dev/docs/api/usage/limits).
    """

    GRAPHQL = (2_000.0, 100.0)
    REST = (40.0, 2.0)

    def __init__(self, capacity: float, restore_rate: float) -> None:
        self.capacity = capacity
        self.restore_rate = restore_rate


@dataclass(frozen=True, slots=True)
class Wish:
    """Points that a request may cost. Whoever comes with the same `place` again keeps its slot."""

    points: float
    place: Hashable


class Request:
    """A request under way."""

    def __init__(self) -> None:
        self.told = NO_ANSWER

    def tells(self, told: Told) -> None:
        """What its answer says of the bucket."""
        self.told = told


class Pacer:
    """Paces the requests to each shop's APIs by what the answers say, in any thread.

    Of a shop that is not known one request is sent at once, which teaches. Every answer tells of
    the true bucket, whoever else draws on it: other processes are seen, and left room for.
    """

    def __init__(self, clock: Clock, pause: Pause) -> None:
        self._clock = clock
        self._pause = pause
        self._lock = Lock()
        self._buckets: dict[tuple[str, Api], Bucket] = {}
        self._swept_at = 0.0

    @contextmanager
    def request(self, shop: str, api: Api, wish: Wish) -> Iterator[Request]:
        """Send a request inside, once it has its turn, and let it tell what was answered.

        Raises `RateLimited` if that is further away than a worker waits (its slot is kept), and
        `Interrupted` if the process stops meanwhile.
        """
        flight, request = self._turn(shop, api, wish), Request()
        try:
            yield request
        except Outage:
            request.tells(NOBODY_THERE)
            raise
        finally:
            with self._lock:
                now = self._clock.monotonic()
                self._bucket(shop, api).land(flight, request.told, now)

    def book(self, shop: str, api: Api, wish: Wish) -> timedelta:
        """Keep a slot for a request to come; how long its message is to be delayed."""
        with self._lock:
            now, bucket = self._clock.monotonic(), self._bucket(shop, api)
            slot = bucket.slot(wish.points, wish.place, now)
            wait = bucket.wait(slot, now)
            bucket.keep(slot, wait, now)
        if wait < SOON.total_seconds():
            return timedelta(0)
        return timedelta(seconds=floor(wait))

    def known(self) -> int:
        """How many buckets are remembered."""
        with self._lock:
            return len(self._buckets)

    def _turn(self, shop: str, api: Api, wish: Wish) -> Flight:
        with self._lock:
            slot = self._bucket(shop, api).slot(wish.points, wish.place, self._clock.monotonic())
        waited = timedelta(0)
        try:
            while True:
                wait = self._wait(shop, api, slot, waited)
                if isinstance(wait, Flight):
                    return wait
                self._pause.wait(wait)
                waited += wait
        except BaseException:
            with self._lock:
                if slot.expires is None:
                    self._bucket(shop, api).leave(slot)
            raise

    def _wait(self, shop: str, api: Api, slot: Slot, waited: timedelta) -> Flight | timedelta:
        """How long to wait before looking again; the request's flight if it has its turn."""
        with self._lock:
            now, bucket = self._clock.monotonic(), self._bucket(shop, api)
            wait = timedelta(seconds=bucket.wait(slot, now))
            if not wait:
                return bucket.take(slot, now)
            if waited + wait > PATIENCE:
                bucket.keep(slot, wait.total_seconds(), now)
                raise RateLimited(wait)
        return max(min(wait, LOOK_AGAIN), _A_MOMENT)

    def _bucket(self, shop: str, api: Api) -> Bucket:
        now = self._clock.monotonic()
        self._forget_idle(now)
        found = self._buckets.get((shop, api))
        if found is None:
            found = Bucket(api.capacity, api.restore_rate, now)
            self._buckets[shop, api] = found
        return found

    def _forget_idle(self, now: float) -> None:
        """Shops come and go; a bucket that nobody asked is full again long before that."""
        if now - self._swept_at < SWEPT_EVERY:
            return
        self._swept_at = now
        self._buckets = {
            each: bucket
            for each, bucket in self._buckets.items()
            if not bucket.forgettable(now, FORGOTTEN_AFTER)
        }
