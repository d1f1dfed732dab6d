"""Ways to break the fake order source, leases, clock, chance, pause and observer."""

from __future__ import annotations

from tests.planting import PlantedBug

_SOURCE = "tests.fakes.order_source"
_LEASES = "tests.fakes.leases"
_CLOCK = "tests.fakes.clock"
_CHANCE = "tests.fakes.chance"
_PAUSE = "tests.fakes.pause"
_OBSERVER = "tests.fakes.observer"

BUGS = (
    PlantedBug(
        "cursor-is-inclusive",
        _SOURCE,
        "_place(order) > after",
        "_place(order) >= after",
        "a page begins after the cursor",
    ),
    PlantedBug(
        "window-leaves-out-its-first-second",
        _SOURCE,
        "order.updated_at >= window.since",
        "order.updated_at > window.since",
        "orders updated at or after `since`",
    ),
    PlantedBug(
        "count-includes-the-end-of-its-window",
        _SOURCE,
        "order.updated_at < window.until",
        "order.updated_at <= window.until",
        "orders updated before `until`",
    ),
    PlantedBug(
        "last-page-is-followed-by-an-empty-one",
        _SOURCE,
        "more = len(rest) > request.size",
        "more = len(rest) >= request.size",
        "no cursor means that it was the last page",
    ),
    PlantedBug(
        "cursor-skips-orders-of-the-same-second",
        _SOURCE,
        "return datetime.fromisoformat(instant), number",
        "return datetime.fromisoformat(instant), number + 1000",
        "every order of the window is handed over",
    ),
    PlantedBug(
        "orders-of-a-second-are-unsorted",
        _SOURCE,
        "return order.updated_at, int(order.order_id)",
        "return order.updated_at, -int(order.order_id)",
        "by (update time, id), ascending",
    ),
    PlantedBug(
        "failure-is-an-empty-page",
        _SOURCE,
        "                raise fault.failure",
        "                self._orders = {}",
        "never an empty page",
    ),
    PlantedBug(
        "lease-is-never-lost",
        _LEASES,
        "if self.lost or used_up or",
        "if used_up or",
        "a lease that somebody else has is lost",
    ),
    PlantedBug(
        "lease-lasts-to-the-last-instant",
        _LEASES,
        "return granted + self.length.total_seconds() * 0.8",
        "return granted + self.length.total_seconds()",
        "enough is left to send one more request",
    ),
    PlantedBug(
        "lease-counts-from-its-answer",
        _LEASES,
        "FakeLease(self.clock, self._good_until(granted), ",
        "FakeLease(self.clock, self._good_until(self.clock.monotonic()), ",
        "granted is from before the lease was asked for",
    ),
    PlantedBug(
        "lease-is-kept-after-the-work",
        _LEASES,
        "[each for each in self._in_hand if each is not lease]",
        "list(self._in_hand)",
        "when the context ends nothing is extended any more",
    ),
    PlantedBug(
        "lease-is-not-extended",
        _LEASES,
        "lease.until = self._good_until(self.clock.monotonic())",
        "lease.until += 0",
        "extended while the work goes on",
    ),
    PlantedBug(
        "clock-stands-still-for-monotonic",
        _CLOCK,
        "return 1000.0 + self._passed.total_seconds()",
        "return 1000.0",
        "seconds that only grow",
    ),
    PlantedBug(
        "clock-jumps-to-the-last-advance",
        _CLOCK,
        "self._passed += duration",
        "self._passed = duration",
        "time goes on",
    ),
    PlantedBug(
        "clock-knows-no-zone",
        _CLOCK,
        "return self._start + self._passed",
        "return (self._start + self._passed).replace(tzinfo=None)",
        "aware, in UTC",
    ),
    PlantedBug(
        "chance-exceeds-one",
        _CHANCE,
        "return self._random.random()",
        "return self._random.random() * 2",
        "a number in [0, 1)",
    ),
    PlantedBug(
        "chance-gives-an-id-twice",
        _CHANCE,
        "{next(self._numbers)}",
        "{next(self._numbers) // 2}",
        "an identity nobody else has",
    ),
    PlantedBug(
        "pause-does-not-notice-a-stop-meanwhile",
        _PAUSE,
        "        self.on_wait(duration)\n        if self._stopped:",
        "        self.on_wait(duration)\n        if duration is None:",
        "Interrupted as soon as the process is stopping",
    ),
    PlantedBug(
        "pause-forgets-the-stop",
        _PAUSE,
        '            raise Interrupted("the process is stopping")\n        self.waits',
        "            self._stopped = False\n        self.waits",
        "every wait after the stop ends at once",
    ),
    PlantedBug(
        "observer-remembers-the-last",
        _OBSERVER,
        "self._occurrences.append(occurrence)",
        "self._occurrences = [occurrence]",
        "every occurrence",
    ),
    PlantedBug(
        "observer-turns-time-round",
        _OBSERVER,
        "self._occurrences.append(occurrence)",
        "self._occurrences.insert(0, occurrence)",
        "in the order of time",
    ),
)
