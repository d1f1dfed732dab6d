"""Calls of a shop's REST API, made until they are answered or it is clear that they will not be."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from adapters.pacer import Api, Pacer, Wish
from adapters.shopify_client import Attempts, Versions
from adapters.shopify_rest_answers import RestAnswer, rest_answer_in
from adapters.shopify_told import A_CALL, rest_calls
from adapters.shopify_transport import RawAnswer, ShopifyTransport
from domain.ports import Observer
from domain.shops import ConnectedShop

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RestQuestion:
    """A resource, such as `orders/count` (or `/admin/oauth/access_scopes`), with parameters."""

    resource: str
    parameters: Mapping[str, str]

    @property
    def wish(self) -> Wish:
        """A call; the same question has the same place, whichever chain and delivery asks it."""
        place: Hashable = self.resource, *sorted(self.parameters.items())
        return Wish(A_CALL, place)


@dataclass(frozen=True, slots=True)
class ShopifyRestClient:
    """Asks when the shop's rate limit has room, and reports what a person should know."""

    transport: ShopifyTransport
    attempts: Attempts
    observer: Observer
    pacer: Pacer
    versions: Versions = field(default_factory=Versions)

    def ask(
        self,
        shop: ConnectedShop,
        question: RestQuestion,
        read: Callable[[RestAnswer], T],
        patience: timedelta,
    ) -> T:
        """What `read` makes of the answer; an answer that it cannot read counts as failed."""
        return self.attempts(lambda: read(self._answer(shop, question)), patience)

    def ready_in(self, shop: ConnectedShop, question: RestQuestion) -> timedelta:
        """Keep the shop's rate limit free for the question; how long to delay it."""
        return self.pacer.book(shop.shop, Api.REST, question.wish)

    def _answer(self, shop: ConnectedShop, question: RestQuestion) -> RestAnswer:
        api = self.transport.api
        raw = self._sent(shop, question)
        doubts = self.versions.check(raw, api.version, self.observer)
        linked = "page_info" in question.parameters
        return replace(rest_answer_in(raw, api.homes(shop), linked=linked), caveats=doubts)

    def _sent(self, shop: ConnectedShop, question: RestQuestion) -> RawAnswer:
        with self.pacer.request(shop.shop, Api.REST, question.wish) as request:
            raw = self.transport.get(shop, question.resource, question.parameters)
            request.tells(rest_calls(raw))
        return raw
