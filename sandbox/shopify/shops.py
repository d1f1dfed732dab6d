"""The shops of the sandbox: who they are, how many orders they have, what their tokens are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from threading import Lock

DOMAIN_SUFFIX = ".myshopify.com"


@dataclass(frozen=True, slots=True)
class Rate:
    """What a bucket holds when it is full, and how much of it comes back a second."""

    bucket: int
    restore_rate: int


class Plan(Enum):
    """A Shopify plan, as far as its GraphQL bucket: points it holds, points restored a second.

    The restore rates are Shopify's published ones; a bucket of twenty seconds was observed.
    """

    STANDARD = ("standard", 2_000, 100)
    ADVANCED = ("advanced", 4_000, 200)
    PLUS = ("plus", 20_000, 1_000)

    def __init__(self, handle: str, bucket: int, restore_rate: int) -> None:
        self.handle = handle
        self.bucket = bucket
        self.restore_rate = restore_rate

    @property
    def rest(self) -> Rate:
        """Calls of the REST API: 40 at 2 a second, 80 at 4, 400 at 20."""
        return Rate(self.bucket // 50, self.restore_rate // 50)

    @classmethod
    def named(cls, handle: str) -> "Plan":
        """The plan of that handle; ValueError names the ones there are."""
        for plan in cls:
            if plan.handle == handle:
                return plan
        raise ValueError(f"no plan {handle!r}: {', '.join(plan.handle for plan in cls)}")


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop that always has the same orders: everything about them follows from this value."""

    domain: str
    orders: int = 2_000
    seed: int = 1
    plan: Plan = Plan.STANDARD
    currency: str = "USD"
    last_update: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    days: int = 730
    token: str = ""
    kinds: int = 0
    """So many different orders, which repeat under ids, names and times of their own; 0: no end."""
    scopes: tuple[str, ...] = ("read_orders", "read_all_orders", "read_customers")
    """What the app may do. Without read_all_orders orders created in the last 60 days are all."""
    most_lines: int | None = None
    """Orders have no more line items than that: small ones, for what is not about their size."""

    def __post_init__(self) -> None:
        if not self.domain.endswith(DOMAIN_SUFFIX):
            raise ValueError(f"a shop's domain ends in {DOMAIN_SUFFIX}: {self.domain!r}")
        if self.orders < 0 or self.days < 1 or self.kinds < 0:
            raise ValueError("a shop has no fewer than 0 orders and no less than a day of them")
        if self.most_lines is not None and self.most_lines < 1:
            raise ValueError("an order has one line item at least")
        if not self.token:
            object.__setattr__(self, "token", token_of(self.domain))

    def kind(self, index: int) -> int:
        """Orders of one kind differ in nothing but what is their own."""
        return index % self.kinds if self.kinds else index

    @property
    def handle(self) -> str:
        return self.domain.removesuffix(DOMAIN_SUFFIX)


def token_of(domain: str) -> str:
    """The access token of a sandbox shop that was given no other one."""
    return f"shpat_sandbox_{domain.removesuffix(DOMAIN_SUFFIX)}"


SHOPS_FOR_PEOPLE = (
    Shop("demo-shop.myshopify.com", orders=1_250, seed=11, plan=Plan.PLUS),
    Shop("small-shop.myshopify.com", orders=40, seed=12),
    Shop("big-shop.myshopify.com", orders=1_000_000, seed=13, plan=Plan.PLUS),
    Shop("busy-shop.myshopify.com", orders=12_000, seed=14, plan=Plan.PLUS),
    Shop("yen-shop.myshopify.com", orders=800, seed=15, currency="JPY"),
    Shop("empty-shop.myshopify.com", orders=0, seed=16),
)


class Shops:
    """The shops declared so far; unknown domains get a shop like `template` if there is one."""

    def __init__(self, shops: Iterable[Shop], template: Shop | None = None) -> None:
        self._shops = {shop.domain: shop for shop in shops}
        self._template = template
        self._lock = Lock()

    def find(self, domain: str) -> Shop | None:
        """The shop of that domain, made from the template if it is new; None without either."""
        with self._lock:
            shop = self._shops.get(domain)
            if shop is None and self._template is not None and _is_shop_domain(domain):
                shop = _like(self._template, domain)
                self._shops[domain] = shop
            return shop

    def declare(self, shop: Shop) -> None:
        with self._lock:
            self._shops[shop.domain] = shop

    def all(self) -> tuple[Shop, ...]:
        with self._lock:
            return tuple(self._shops.values())


def _is_shop_domain(domain: str) -> bool:
    handle = domain.removesuffix(DOMAIN_SUFFIX)
    return handle != domain and handle.replace("-", "").isalnum()


def _like(template: Shop, domain: str) -> Shop:
    return Shop(
        domain,
        orders=template.orders,
        seed=template.seed + sum(domain.encode()),
        plan=template.plan,
        currency=template.currency,
        last_update=template.last_update,
        days=template.days,
        kinds=template.kinds,
        most_lines=template.most_lines,
    )
