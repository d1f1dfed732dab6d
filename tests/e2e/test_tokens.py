"""Access tokens that expire, with real processes: one shop's story, since processes are slow."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.holding import HoldingProxy
from tests.e2e.running import Worker, wait_until
from tests.e2e.world import World

ORDERS = 30
USER, SHOP = "expiring", "expiring-shop.myshopify.com"
OTHER_USER, OTHER_SHOP = "steady", "steady-shop.myshopify.com"
STORING = b'"#earlierRefreshToken"'
"""What only the write of a new pair has in it."""


class TestATokenThatExpires:
    def test_is_refreshed_whatever_happens_until_its_refresh_token_is_dead(
        self, world: World
    ) -> None:
        first = installed(world)
        die_between_got_and_stored(world)
        assert row(world)["refreshToken"] == first["refresh_token"]
        worker = world.worker()

        # Once nobody has the lease, the same refresh token is good for another pair; and a token
        # that is good for some minutes more is replaced before it is refused.
        change(world, refreshLeaseUntil=from_now(-1))
        second = row_after(world, "initial")
        assert second["earlierRefreshToken"] == first["refresh_token"]
        world.completed(USER, "manual")  # or two runs would be refused at a time
        assert "401" not in outcomes(world)

        world.tell("POST", f"/_sandbox/shops/{SHOP}/expire")
        third = row_after(world, "daily")
        assert third["earlierRefreshToken"] == second["refreshToken"]
        assert outcomes(world)["401"] == 1
        assert len(world.stored(USER)) == ORDERS

        end_of_the_refresh_token(world, third)
        assert secrets_in(worker, first, second, third) == []


def installed(world: World) -> dict[str, Any]:
    """The first pair of tokens; the shop is connected with them."""
    for shop in (SHOP, OTHER_SHOP):
        world.tell("POST", "/_sandbox/shops", {"domain": shop, "orders": ORDERS, "plan": "plus"})
    answer: dict[str, Any] = world.tell("POST", f"/_sandbox/shops/{SHOP}/install", {})
    done = world.command("connect", USER, SHOP, given=json.dumps({**answer, "expires_in": 200}))
    assert done.returncode == 0, done.stderr
    return answer


def die_between_got_and_stored(world: World) -> None:
    with HoldingProxy(world.sandbox.aws_url, STORING) as proxy:
        worker = world.worker(AWS_ENDPOINT_URL_DYNAMODB=proxy.url)
        world.request(USER)
        assert proxy.held.wait(20)
        assert outcomes(world) == {}, "a pair was used before it was stored"
        worker.signal(signal.SIGKILL)
        assert worker.ended() == -signal.SIGKILL


def end_of_the_refresh_token(world: World, last: dict[str, Any]) -> None:
    """The app is uninstalled: the shop's run fails, another shop goes on."""
    world.tell("POST", f"/_sandbox/shops/{SHOP}/uninstall")
    shops = world.dynamodb.Table("shops")
    token = f"shpat_sandbox_{OTHER_SHOP.removesuffix('.myshopify.com')}"
    shops.put_item(Item={"userId": OTHER_USER, "shop": OTHER_SHOP, "accessToken": token})
    world.request(USER, "daily")
    world.request(OTHER_USER)
    assert world.completed(OTHER_USER)["totalSaved"] == ORDERS
    wait_until(lambda: world.checkpoint(USER, "daily")["status"] == "failed", what="the end")
    assert world.checkpoint(USER, "daily")["lastError"]["reason"] == "shop-unauthorized"
    dead = row(world)
    assert (dead["status"], dead["refreshToken"]) == ("reauth-required", last["refreshToken"])
    letters: list[Any] = wait_until(world.dead_letters, what="a letter")
    reasons = [each["MessageAttributes"]["reason"]["StringValue"] for each in letters]
    assert reasons == ["shop-unauthorized"]


def row(world: World) -> dict[str, Any]:
    return dict(world.dynamodb.Table("shops").get_item(Key={"userId": USER})["Item"])


def row_after(world: World, sync_type: str) -> dict[str, Any]:
    """The shop's row once another sync is completed."""
    world.request(USER, sync_type)
    world.completed(USER, sync_type)
    return row(world)


def change(world: World, **attributes: str) -> None:
    """Let time pass for the shop's row."""
    world.dynamodb.Table("shops").put_item(Item={**row(world), **attributes})


def from_now(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def outcomes(world: World) -> dict[str, int]:
    """How often the shop has answered requests for orders how."""
    shops = world.tell("GET", "/_sandbox/requests")
    found: dict[str, int] = shops.get(SHOP, {"outcomes": {}})["outcomes"]
    return found


def secrets_in(worker: Worker, *pairs: dict[str, Any]) -> list[str]:
    """The tokens that the worker's log shows."""
    log = worker.log.read_text()
    names = ("access_token", "refresh_token", "accessToken", "refreshToken")
    return [name for pair in pairs for name in names if name in pair and str(pair[name]) in log]
