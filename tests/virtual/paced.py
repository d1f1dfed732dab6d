"""The simulated Shopify and its rate limits in virtual time, behind the real sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from requests.structures import CaseInsensitiveDict

from adapters.shopify_transport import RawAnswer, ShopifyApi
from domain.checkpoints import Checkpoint, RunStatus
from domain.messages import Message, RunKey, SyncRequest, SyncType
from domain.shops import ConnectedShop
from sandbox.shopify.rest_api import RestRequest
from sandbox.shopify.server import answer_to
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.throttle import Bucket
from sandbox.shopify.world import World as Shopify
from tests.builders import a_shop
from tests.fakes.clock import FakeClock
from tests.virtual.time import VirtualTime
from tests.virtual.workers import World

USER = "user-1"
DOMAIN = "user-1.myshopify.com"
KINDS = tuple(SyncType)
TO_SHOPIFY = timedelta(milliseconds=60)
BACK = timedelta(milliseconds=140)


@dataclass
class VirtualTransport:
    """A request is charged when it arrives, and its answer takes a while to come back."""

    shopify: Shopify
    clock: FakeClock
    api: ShopifyApi = field(default=ShopifyApi("https://{shop}", "2026-10", 30.0))
    time: VirtualTime = field(init=False)

    def post(self, shop: ConnectedShop, body: bytes) -> RawAnswer:
        self.time.sleep(TO_SHOPIFY)
        found = self.shopify.api(shop.shop)
        assert found is not None
        answer = answer_to(found, body)
        assert answer is not None
        self.time.sleep(BACK)
        return RawAnswer(200, CaseInsensitiveDict(), msgspec.json.encode(answer.body))

    def get(self, shop: ConnectedShop, resource: str, query: Mapping[str, str]) -> RawAnswer:
        self.time.sleep(TO_SHOPIFY)
        found = self.shopify.rest(shop.shop)
        assert found is not None
        address = f"https://{shop.shop}/admin/api/2026-10/{resource}.json"
        response, _ = found.answer(RestRequest(address, resource, query))
        self.time.sleep(BACK)
        return RawAnswer(response.status, CaseInsensitiveDict(response.headers), response.body)


class PacedWorld:
    """A user whose shop is read by several chains at once, as fast as its rate limit allows."""

    def __init__(
        self,
        source: str,
        *,
        orders: int,
        page_size: int,
        processes: int = 1,
        plan: Plan = Plan.STANDARD,
        **settings: Any,
    ) -> None:
        self.source = source
        clock = FakeClock()
        shop = Shop(DOMAIN, orders=orders, seed=4, plan=plan, most_lines=1)
        self.shopify = Shopify(Shops([shop]), clock.monotonic, lambda: clock.now().timestamp())
        transport = VirtualTransport(self.shopify, clock)
        every: dict[str, Any] = {f"source_{each.value}": source for each in KINDS}
        every |= {f"page_delay_{each.value}": "adaptive" for each in KINDS}
        every |= {"page_size": page_size, **settings}
        self.world = World(every, processes, transport=transport, clock=clock)
        transport.time = self.world.time
        self.world.shops.connect(a_shop(USER, DOMAIN))
        self.delays: list[float] = []
        self._record_delays()

    def run(self, *kinds: SyncType) -> float:
        """Have these syncs done at once; the seconds that they took."""
        began = self.world.clock.monotonic()
        for kind in kinds:
            self.world.send(SyncRequest(RunKey(USER, kind), f"request-{kind.value}"))
        self.world.run_until(
            lambda: all(self.completed(kind) for kind in kinds), timedelta(hours=3)
        )
        return self.world.clock.monotonic() - began

    def completed(self, kind: SyncType) -> bool:
        run = self.checkpoint(kind)
        return run is not None and run.status is RunStatus.COMPLETED

    def checkpoint(self, kind: SyncType) -> Checkpoint | None:
        return self.world.checkpoints.find(RunKey(USER, kind))

    @property
    def bucket(self) -> Bucket:
        return self.shopify.buckets()[DOMAIN][self.source]

    @property
    def refused(self) -> float:
        return self.bucket.use()["refused"]

    def restored(self) -> float:
        """The share of what the bucket could have gained so far that it did gain."""
        use = self.bucket.use()
        gained = use["spent"] - use["bucket"] + use["left"]
        return gained / (use["restoreRate"] * use["seconds"])

    def _record_delays(self) -> None:
        publish = self.world.publisher.publish

        def recorded(message: Message, delay: timedelta) -> None:
            self.delays.append(delay.total_seconds())
            publish(message, delay)

        self.world.publisher.publish = recorded  # type: ignore[method-assign]
