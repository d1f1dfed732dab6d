"""Calls of a shop's REST API, made until they are answered or it is clear that they will not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from adapters.shopify_client import Attempts, Versions
from adapters.shopify_rest_answers import RestAnswer, rest_answer_in
from adapters.shopify_transport import ShopifyTransport
from domain.ports import Observer
from domain.shops import ConnectedShop

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RestQuestion:
    """A resource, such as `orders/count`, with its parameters."""

    resource: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ShopifyRestClient:
    """Asks, and reports what a person should know about the answers."""

    transport: ShopifyTransport
    attempts: Attempts
    observer: Observer
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

    def _answer(self, shop: ConnectedShop, question: RestQuestion) -> RestAnswer:
        """The one place where a call is sent and where its call limit comes in."""
        api = self.transport.api
        raw = self.transport.get(shop, question.resource, question.parameters)
        self.versions.check(raw, api.version, self.observer)
        return rest_answer_in(raw, api.homes(shop), linked="page_info" in question.parameters)
