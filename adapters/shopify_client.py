"""Questions to a shop, asked until they are answered or it is clear that they will not be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from typing import Protocol, TypeVar

import msgspec

from adapters.pacer import Api, Pacer, Wish
from adapters.shopify_answers import Answer, answer_in, withheld_text
from adapters.shopify_asking import AskedCosts, Question
from adapters.shopify_told import graphql_cost
from adapters.shopify_transport import RawAnswer, ShopifyTransport
from domain.caveats import Caveat, CaveatKind
from domain.occurrences import Reported
from domain.ports import Observer
from domain.shops import ConnectedShop

T = TypeVar("T")

_VERSION = re.compile(r"20\d\d-\d\d|unstable")


class Attempts(Protocol):
    """Whoever decides how often a call is made."""

    def __call__(self, call: Callable[[], T], patience: timedelta) -> T:
        """The call's result, after as many calls as it takes.

        Waits for rate limits up to the patience, then raises `RateLimited`; raises the last
        failure of a call that is not worth repeating, `Interrupted` when the process stops.
        """


class Versions:
    """The API versions met so far, in any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._met: set[str] = set()

    def is_new(self, version: str) -> bool:
        """True the first time that a version is met."""
        with self._lock:
            known = version in self._met
            self._met.add(version)
            return not known

    def check(self, raw: RawAnswer, asked: str, observer: Observer) -> tuple[Caveat, ...]:
        """The caveat of an answer of another version than was asked for; each is reported once."""
        served = raw.headers.get("X-Shopify-API-Version", asked)
        if served == asked:
            return ()
        named = served if _VERSION.fullmatch(served) else "another one"
        text = (
            f"Shopify answers with API version {named} instead of {asked}, which it no longer "
            "supports or does not know"
        )
        if self.is_new(served):
            observer.notice(Reported("api-version", text))
        return (Caveat(CaveatKind.OTHER_API_VERSION, text),)


@dataclass(frozen=True, slots=True)
class ShopifyClient:
    """Asks when the shop's rate limit has room, and reports what a person should know."""

    transport: ShopifyTransport
    attempts: Attempts
    observer: Observer
    pacer: Pacer
    versions: Versions = field(default_factory=Versions)
    costs: AskedCosts = field(default_factory=AskedCosts)

    def ask(
        self,
        shop: ConnectedShop,
        question: Question,
        read: Callable[[Answer], T],
        patience: timedelta,
    ) -> T:
        """What `read` makes of the answer; an answer that it cannot read counts as failed."""
        body = msgspec.json.encode({"query": question.document, "variables": question.variables})

        def call() -> tuple[Answer, T]:
            raw = self._sent(shop, question, body)
            doubts = self.versions.check(raw, self.transport.api.version, self.observer)
            answer = answer_in(raw)
            answer = replace(answer, caveats=(*answer.caveats, *doubts)) if doubts else answer
            return answer, read(answer)

        answer, content = self.attempts(call, patience)
        if answer.withheld:
            self.observer.notice(Reported("customer-data", withheld_text(answer.withheld)))
        return content

    def ready_in(self, shop: ConnectedShop, question: Question) -> timedelta:
        """Keep the shop's rate limit free for the question; how long to delay it."""
        return self.pacer.book(shop.shop, Api.GRAPHQL, self._wish(question))

    def _sent(self, shop: ConnectedShop, question: Question, body: bytes) -> RawAnswer:
        wish = self._wish(question)
        with self.pacer.request(shop.shop, Api.GRAPHQL, wish) as request:
            raw = self.transport.post(shop, body)
            told, cost = graphql_cost(raw)
            request.tells(told)
        self.costs.learn(question, cost.requested)
        return raw

    def _wish(self, question: Question) -> Wish:
        return Wish(self.costs.of(question), question.place)
