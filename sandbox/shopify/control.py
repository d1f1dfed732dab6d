"""The switches and meters of the simulated Shopify, over HTTP, under /_sandbox."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from sandbox.shopify.bad_answers import Response, as_json
from sandbox.shopify.bulk_operations import Pace
from sandbox.shopify.catalogue import Catalogue
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.order_maker import instant
from sandbox.shopify.shops import Plan, Shop
from sandbox.shopify.timeline import OrderKey
from sandbox.shopify.tokens import LIFE
from sandbox.shopify.world import World

APP = re.compile(r"POST /_sandbox/shops/(?P<shop>[^/]+)/(?P<deed>install|expire|uninstall)")
SHOP = re.compile(r"/_sandbox/shops/(?P<shop>[^/]+)/(?P<deed>touch|create|delete|index)")

HELP = {
    "GET /_sandbox": "this text, the shops and the faults",
    "GET /_sandbox/requests": "per shop: requests, their outcomes, how often each page was sent",
    "DELETE /_sandbox/requests": "count from zero again",
    "POST /_sandbox/faults": '{"fault": "throttled", "shop": null, "times": 3, "skip": 0}',
    "DELETE /_sandbox/faults": "switch every fault off",
    "GET /_sandbox/bulk": "how long bulk operations take, and the requests for their results",
    "POST /_sandbox/bulk": '{"created": 0, "running": 30, "url_life": 60}, in seconds',
    "GET /_sandbox/limits": "the rate limits: what each shop has spent, has left, was refused",
    "POST /_sandbox/limits": '{"enforced": false}: nobody is refused or charged',
    "DELETE /_sandbox/limits": "fill every bucket up, count from zero again",
    "POST /_sandbox/shops": '{"domain": "my.myshopify.com", "orders": 500, "plan": "plus"}',
    "POST /_sandbox/shops/{shop}/touch": '{"indexes": [0, 1], "at": "2026-11-23T12:00:00Z"}',
    "POST /_sandbox/shops/{shop}/create": '{"count": 3, "at": "2026-11-23T12:00:00Z"}',
    "POST /_sandbox/shops/{shop}/delete": '{"indexes": [0, 1]}',
    "POST /_sandbox/shops/{shop}/install": '{"life": 3600}: a pair of tokens that expire',
    "POST /_sandbox/shops/{shop}/expire": "its access tokens have run out",
    "POST /_sandbox/shops/{shop}/uninstall": "no token of it is good any more",
    "POST /_sandbox/shops/{shop}/index": '{"lags": true, "hides": [0, 1]}',
}


@dataclass(frozen=True, slots=True)
class Control:
    """Answers requests under /_sandbox."""

    world: World

    def handle(self, method: str, path: str, body: bytes) -> Response:
        """The answer; 400 with a reason for a request that makes no sense, 404 elsewhere."""
        try:
            wish = msgspec.json.decode(body) if body else {}
            answer = self._answer(f"{method} {path.rstrip('/')}", wish)
        except (ValueError, TypeError, KeyError, msgspec.DecodeError) as error:
            return as_json(400, {"error": f"{type(error).__name__}: {error}"})
        if answer is None:
            return as_json(404, {"errors": "Not Found"})
        return as_json(200, answer)

    def _answer(self, asked: str, wish: Mapping[str, Any]) -> Mapping[str, Any] | None:
        deeds: dict[str, Callable[[], Mapping[str, Any]]] = {
            "GET /_sandbox": self._state,
            "GET /_sandbox/requests": self.world.ledger.state,
            "DELETE /_sandbox/requests": self.world.ledger.clear,
            "GET /_sandbox/faults": self.world.faults.state,
            "POST /_sandbox/faults": lambda: self.world.faults.add(Switch.of(wish)),
            "DELETE /_sandbox/faults": self.world.faults.clear,
            "GET /_sandbox/bulk": self.world.downloads.state,
            "POST /_sandbox/bulk": lambda: self._pace(wish),
            "GET /_sandbox/limits": self._limits,
            "POST /_sandbox/limits": lambda: self._enforce(wish),
            "DELETE /_sandbox/limits": self._begin_again,
            "POST /_sandbox/shops": lambda: self._declare(wish),
        }
        deed = deeds.get(asked)
        if deed is None and (found := APP.fullmatch(asked)):
            return self._about_the_app(found["deed"], found["shop"], wish)
        return deed() if deed is not None else self._write(asked, wish)

    def _about_the_app(self, deed: str, shop: str, wish: Mapping[str, Any]) -> Mapping[str, Any]:
        """`install` answers as Shopify's token endpoint does."""
        tokens = self.world.tokens
        if deed == "install":
            return tokens.install(shop, int(wish.get("life", LIFE)))
        (tokens.expire if deed == "expire" else tokens.uninstall)(shop)
        return {"shop": shop}

    def _declare(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        shop = shop_of(wish)
        self.world.declare(shop)
        return described(shop)

    def _pace(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        pace = self.world.downloads.pace
        for name, seconds in wish.items():
            if name not in Pace.__slots__:
                raise ValueError(f"unknown: {name}")
            setattr(pace, name, float(seconds))
        return self.world.downloads.state()

    def _limits(self) -> dict[str, Any]:
        buckets = self.world.buckets().items()
        use = {shop: {api: each.use() for api, each in apis.items()} for shop, apis in buckets}
        return {"enforced": self.world.limits.enforced, "shops": use}

    def _enforce(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(wish["enforced"], bool):
            raise TypeError("enforced is true or false")
        self.world.limits.enforced = wish["enforced"]
        return self._limits()

    def _begin_again(self) -> dict[str, Any]:
        for apis in self.world.buckets().values():
            for bucket in apis.values():
                bucket.begin_again()
        return self._limits()

    def _state(self) -> dict[str, Any]:
        return {
            "help": HELP,
            "faults": {"can": list(Fault), **self.world.faults.state()},
            "shops": [described(shop) for shop in self.world.shops.all()],
        }

    def _write(self, asked: str, wish: Mapping[str, Any]) -> dict[str, Any] | None:
        method, _, path = asked.partition(" ")
        found = SHOP.fullmatch(path)
        api = self.world.api(found["shop"]) if found and method == "POST" else None
        if found is None or api is None:
            return None
        catalogue = api.storefront.catalogue
        if found["deed"] == "delete":
            for index in wish["indexes"]:
                catalogue.delete(index)
            return {"deleted": len(wish["indexes"])}
        if found["deed"] == "index":
            (catalogue.lag if wish.get("lags") else catalogue.catch_up)()
            catalogue.hide(*wish.get("hides", ()))
            return dict(wish)
        at = _moment(catalogue, wish.get("at"))
        if found["deed"] == "create":
            keys = [catalogue.create(at) for _ in range(wish.get("count", 1))]
        else:
            keys = [catalogue.touch(index, at) for index in wish["indexes"]]
        return {"orders": [_written(key) for key in keys]}


def shop_of(wish: Mapping[str, Any]) -> Shop:
    """A shop from JSON; ValueError or TypeError says what is wrong with it."""
    given = dict(wish)
    if "plan" in given:
        given["plan"] = Plan.named(given["plan"])
    if "last_update" in given:
        given["last_update"] = datetime.fromisoformat(given["last_update"])
    return Shop(**given)


def described(shop: Shop) -> dict[str, Any]:
    """What to know of a shop to use it. The token opens nothing but this sandbox."""
    return {
        "domain": shop.domain,
        "orders": shop.orders,
        "plan": shop.plan.handle,
        "currency": shop.currency,
        "token": shop.token,
    }


def _moment(catalogue: Catalogue, at: str | None) -> datetime:
    if at is not None:
        return datetime.fromisoformat(at)
    now = max(int(time.time()), catalogue.newest_update())
    return datetime.fromtimestamp(now, UTC)


def _written(key: OrderKey) -> dict[str, Any]:
    return {"index": key.index, "id": str(key.id), "updatedAt": instant(key.updated)}
