"""What the tokens' schedules are played on: Shopify, the shops table, and the way to them.

Shopify is as strict as its documentation allows: a refresh token is good until its replacement is
used, and asked with again it makes the replacement that nobody used worthless.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ReadTimeoutError

from adapters.dynamodb_shops import DynamoShops
from adapters.dynamodb_tables import TableDesign
from domain.failures import (
    Outage,
    Reason,
    RefreshRefused,
    TokenRefused,
)
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.ports import OrderSource, TokenGrants
from domain.shops import ConnectedShop, ShopStatus, Tokens
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_dynamodb.refusals import Refusal
from tests.builders import SHOP, USER
from tests.simulation.course import EPOCH, Course, Violation
from tests.simulation.tasks import Crash, current
from tests.simulation.virtual import VirtualClock
from tests.strict_dynamodb import client_error, plain

LIFE = 3600.0
SKEW = timedelta(seconds=2)


@dataclass
class Shopify:
    """The token endpoint and the API: pairs are numbered in the order they were given."""

    course: Course
    latest: int = 1
    earlier: int | None = None
    ends: dict[int, float] = field(default_factory=lambda: {1: LIFE})
    given: int = 1

    def grant(self, number: int) -> int | None:
        """The number of the new pair; None for a refresh token that is dead."""
        if number not in (self.latest, self.earlier):
            return None
        self.given += 1
        self.latest, self.earlier = self.given, number
        self.ends[self.given] = self.course.now + LIFE
        return self.given

    def takes(self, number: int) -> bool:
        return self.course.now < self.ends[number]


def pair(number: int, course: Course, expires: float) -> Tokens:
    left = timedelta(seconds=expires - course.now)
    return Tokens(f"a{number}", course.instant() + left, f"r{number}")


@dataclass
class World:
    """One schedule. `happened` counts what went wrong, `faults` says whether it still may."""

    course: Course
    faults: bool = True
    happened: dict[str, int] = field(default_factory=dict)
    leases: dict[str, float] = field(default_factory=dict)
    """Until when each worker's latest lease lasts, at the least: clocks differ by some seconds."""
    asking: set[str] = field(default_factory=set)
    """Whose request for tokens is on its way."""
    stored: set[int] = field(default_factory=lambda: {1})
    served: int = 0

    def __post_init__(self) -> None:
        self.shopify = Shopify(self.course)
        self.dynamodb = StrictDynamoDB(self.course.epoch_seconds)
        self.dynamodb.create_table(**TableDesign("shops", ("userId",)).definition())
        first = ConnectedShop(USER, SHOP, pair(1, self.course, LIFE))
        DynamoShops(Direct(self), "shops", VirtualClock(self.course, 0)).connect(first)  # type: ignore[arg-type] # as much as is used

    def fails(self, chance: float, what: str) -> bool:
        if not self.faults or not self.course.happens(chance):
            return False
        self.happened[what] = self.happened.get(what, 0) + 1
        self.course.say(lambda: f"{name()}: {what}")
        return True

    def take_time(self, least: float, most: float) -> None:
        """The call takes that long, or its worker is paused in it, or dies."""
        task = current()
        if task is None:
            return
        if self.fails(0.02, "crash"):
            raise Crash
        took = self.course.random.uniform(least, most)
        if self.fails(0.03, "pause"):
            took += self.course.random.choice([30, 200, 900, 4000])
        task.wait(self.course.now + took)

    def row(self) -> Any:
        return self.dynamodb.get_item(
            TableName="shops", Key={"userId": {"S": USER}}, ConsistentRead=True
        )["Item"]

    def look(self) -> None:
        """What must hold after every write."""
        row = self.row()
        number = int(row["accessToken"]["S"][1:])
        if number < max(self.stored):
            raise Violation(f"pair {number} was stored over a later one")
        self.stored.add(number)
        if row["status"]["S"] == ShopStatus.REAUTH_REQUIRED:
            raise Violation("a shop whose refresh token lives has to authorise the app again")


def name() -> str:
    task = current()
    return task.name if task else "world"


@dataclass(frozen=True, slots=True)
class Direct:
    """DynamoDB without anything in between."""

    world: World

    def __getattr__(self, operation: str) -> Any:
        def call(**asked: Any) -> Any:
            try:
                return getattr(self.world.dynamodb, operation)(**plain(asked))
            except Refusal as refusal:
                raise client_error(refusal, operation) from None

        return call


@dataclass(frozen=True, slots=True)
class Network:
    """DynamoDB as a worker reaches it, with botocore's retries of what was not answered."""

    world: World

    def __getattr__(self, operation: str) -> Any:
        def call(**asked: Any) -> Any:
            for _ in range(3):
                self.world.take_time(0.01, 0.2)
                arrives = not self.world.fails(0.04, "no answer of the table")
                answer = self._delivered(operation, asked) if arrives else None
                self.world.take_time(0.01, 0.2)
                if arrives and not self.world.fails(0.04, "lost answer of the table"):
                    if isinstance(answer, Exception):
                        raise answer
                    return answer
            raise ReadTimeoutError(endpoint_url="dynamodb")

        return call

    def _delivered(self, operation: str, asked: dict[str, Any]) -> Any:
        try:
            answer = getattr(Direct(self.world), operation)(**asked)
        except Exception as error:  # noqa: BLE001 - it arrives later
            return error
        self.world.course.say(lambda: f"{name()}: {operation} {asked.get('UpdateExpression', '')}")
        until = asked.get("ExpressionAttributeValues", {}).get(":new_refreshLeaseUntil")
        if until is not None:
            at = datetime.fromisoformat(until["S"]) - EPOCH - 2 * SKEW
            self.world.leases[name()] = at.total_seconds()
        self.world.look()
        return answer


@dataclass(frozen=True, slots=True)
class Endpoint(TokenGrants):
    """Shopify's token endpoint as a worker reaches it."""

    world: World

    def refresh(self, shop: ConnectedShop, refresh_token: str) -> Tokens:
        del shop
        world = self.world
        world.take_time(0.1, 2)
        sender = name()
        world.asking.add(sender)
        now = world.course.now
        at_once = sorted(each for each in world.asking if world.leases.get(each, 0.0) > now)
        if len(at_once) > 1:
            raise Violation(f"{' and '.join(at_once)} refresh at once")
        try:
            return self._asked(int(refresh_token[1:]))
        finally:
            world.asking.discard(sender)

    def _asked(self, number: int) -> Tokens:
        world = self.world
        arrives = not world.fails(0.05, "no answer of Shopify")
        given = world.shopify.grant(number) if arrives else None
        world.course.say(lambda: f"{name()}: pair {given} for refresh token {number}")
        tokens = pair(given, world.course, world.shopify.ends[given]) if given else None
        world.take_time(0.1, 10)
        if not arrives or world.fails(0.1, "lost answer of Shopify"):
            raise Outage(Reason.SHOPIFY_ERROR, "no answer")
        if tokens is None:
            raise RefreshRefused("the refresh token is not active any more")
        return tokens


@dataclass(frozen=True, slots=True)
class Api(OrderSource):
    """Takes an access token that was stored and is good."""

    world: World

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        del request
        self.world.take_time(0.1, 3)
        number = int(shop.access_token[1:])
        if number not in self.world.stored:
            raise Violation(f"access token {number} was used before it was stored")
        if not self.world.shopify.takes(number):
            raise TokenRefused("the access token is not accepted (HTTP 401)")
        return OrderPage((), None, None)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        raise NotImplementedError

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        raise NotImplementedError
