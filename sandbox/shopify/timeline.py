"""When a shop's orders were made and last updated, by arithmetic: nothing is listed or stored.

Creation time, update time and id never go down from one index to the next, so that a page or a
range is found by bisection, in a shop of a million orders too. Equal update times come in small
groups and, in a shop of more than a thousand orders, in one run longer than a page.
"""

from dataclasses import dataclass

from sandbox.shopify.shops import Shop

FIRST_ID = 5_600_000_000_000
ID_STEP = 32_768
BEYOND_DOUBLES = 2**53
LONG_RUN = range(500, 800)
LONG_RUN_FROM_ORDERS = 1_000
GROUP = 16
TIES_IN_GROUP = range(3, 8)
UPDATE_LAG = 3_600
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class OrderKey:
    """What finds and sorts an order: cheap to know of a million orders. Times: epoch seconds."""

    index: int
    id: int
    created: int
    updated: int
    version: int
    test: bool
    cancelled: bool
    closed: bool


def mixed(seed: int, index: int) -> int:
    """A well-mixed 64-bit number of the two: SplitMix64's finaliser."""
    value = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return value ^ (value >> 31)


class Timeline:
    """The keys of a shop's original orders, index 0 being the oldest."""

    def __init__(self, shop: Shop) -> None:
        self.orders = shop.orders
        self._seed = shop.seed
        self._kind = shop.kind
        self._gap = max(1, shop.days * SECONDS_A_DAY // max(1, shop.orders))
        self._end = int(shop.last_update.timestamp())
        self._long_run = LONG_RUN if shop.orders > LONG_RUN_FROM_ORDERS else range(0)
        self._wide_from = shop.orders * 3 // 4

    def key(self, index: int) -> OrderKey:
        """The key of an order as it was made; an index past the last is an order created later."""
        bits = mixed(self._seed, self._kind(index))
        cancelled = bits >> 8 & 0xF == 0
        return OrderKey(
            index=index,
            id=self.id(index),
            created=self.created(index),
            updated=self.updated(index),
            version=0,
            test=bits & 0x3F == 0,
            cancelled=cancelled,
            closed=not cancelled and bits >> 16 & 0x3 == 0,
        )

    def id(self, index: int) -> int:
        """The numeric order id. The newest quarter has ids that no double holds exactly."""
        wide = BEYOND_DOUBLES if index >= self._wide_from else 0
        return FIRST_ID + wide + index * ID_STEP + mixed(self._seed ^ 0x1D, index) % ID_STEP

    def index_of(self, order_id: int) -> int | None:
        """The index whose id it is, or None."""
        for wide in (0, BEYOND_DOUBLES):
            index = (order_id - FIRST_ID - wide) // ID_STEP
            if index >= 0 and self.id(index) == order_id:
                return index
        return None

    def created(self, index: int) -> int:
        jitter = mixed(self._seed ^ 0xC4, index) % self._gap
        return self._end - UPDATE_LAG - (self.orders - index) * self._gap + jitter

    def updated(self, index: int) -> int:
        """Not before `created`: a run of equal times carries that of its last order."""
        if index in self._long_run:
            return self.created(self._long_run[-1]) + UPDATE_LAG
        place = index % GROUP
        if place in TIES_IN_GROUP:
            last = min(index - place + TIES_IN_GROUP[-1], max(index, self.orders - 1))
            return self.created(last) + UPDATE_LAG
        return self.created(index) + UPDATE_LAG
