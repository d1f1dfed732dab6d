"""All merchants of one play: as many as there should be, each with another thing to ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from sandbox.shopify.shops import Shop
from tests.chaos.aws import Aws
from tests.chaos.findings import Findings
from tests.chaos.merchants import LAST, LIFE, Merchant
from tests.chaos.options import Options
from tests.chaos.shops import SimulatedShop

CHANGES = 0.15
"""How likely orders of a busy shop change at each look at its merchant."""


@dataclass(slots=True, eq=False)
class _Place:
    merchant: Merchant
    stages: int = 0


@dataclass(slots=True, eq=False)
class Crowd:
    """When a merchant's life is over a new one takes the place."""

    aws: Aws
    shopify_root: str
    options: Options
    chance: Random
    findings: Findings
    _places: list[_Place] = field(default_factory=list, init=False)
    _lives: int = field(default=0, init=False)

    def enter(self) -> None:
        for _ in range(self.options.merchants):
            place = _Place(self._newcomer())
            self._places.append(place)
            self._next_stage(place)

    def tend(self) -> None:
        """Whoever is done asks for the next thing."""
        for place in self._places:
            merchant = place.merchant
            if merchant.is_busy and self.chance.random() < CHANGES:
                merchant.change_orders()
            if merchant.is_done():
                self._next_stage(place)

    def are_done(self) -> bool:
        """Whether everybody got what they asked for; nobody asks for more."""
        done = [place.merchant.is_done() for place in self._places]
        return all(done)

    def ask_for_the_last(self) -> None:
        """Let everybody sync what has changed last."""
        for place in self._places:
            place.merchant.ask_for(LAST)

    def leave(self) -> None:
        """Count what is in the shops and in the table, and every page that was fetched."""
        for place in self._places:
            merchant = place.merchant
            self.findings.orders_in_shops += len(merchant.shop.versions)
            self.findings.items_in_table += len(self.aws.stored(merchant.user))
            self.findings.fetches += sum(merchant.shop.fetches().values())

    def states(self) -> list[str]:
        return [
            place.merchant.state() for place in self._places if place.merchant.stage is not None
        ]

    def _next_stage(self, place: _Place) -> None:
        if place.stages == len(LIFE):
            self._retire(place.merchant)
            place.merchant, place.stages = self._newcomer(), 0
        if place.stages:
            place.merchant.change_orders()
        place.merchant.ask_for(LIFE[place.stages])
        place.stages += 1

    def _newcomer(self) -> Merchant:
        self._lives += 1
        orders = self.options.orders + self.chance.randrange(self.options.page_size)
        domain = f"chaos-{self._lives}.myshopify.com"
        seed = self.options.seed + self._lives
        sold = Shop(domain, orders=orders, seed=seed, most_lines=self.options.most_lines)
        shop = SimulatedShop.opened(self.shopify_root, sold)
        user = f"merchant-{self._lives}"
        self.aws.connect(user, domain, shop.shop.token)
        return Merchant(
            user=user,
            shop=shop,
            is_busy=self._lives % 2 == 0,
            aws=self.aws,
            options=self.options,
            chance=self.chance,
            findings=self.findings,
        )

    def _retire(self, merchant: Merchant) -> None:
        self.findings.fetches += sum(merchant.shop.fetches().values())
        self.findings.merchants += 1
        merchant.shop.close()
        self.aws.forget(merchant.user)
