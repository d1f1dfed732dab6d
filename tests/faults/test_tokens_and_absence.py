"""Tokens that run out, and shops that are away, on every source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.shopify_grant_answers import tokens_in
from domain.checkpoints import RunStatus, SourceName
from domain.shops import ConnectedShop, ShopStatus
from sandbox.shopify.faults import FOREVER, Fault
from sandbox.shopify.tokens import CLIENT_ID, CLIENT_SECRET
from tests.faults.stage import ORDERS, OTHER_USER, SHOP, USER, Stage

HOUR = 3600


@pytest.fixture(params=list(SourceName))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The app is installed with tokens that expire in an hour; pages are twenty minutes apart."""
    credentials = {"shopify_client_id": CLIENT_ID, "shopify_client_secret": CLIENT_SECRET}
    made = Stage(request.param, settings={**credentials, "page_delay_manual": 900})
    made.open()
    install(made)
    yield made
    made.close()


def install(stage: Stage, life: int = HOUR) -> None:
    tokens = tokens_in(stage.world.tokens.install(SHOP, life), stage.clock.now())
    stage.container.shops().connect(ConnectedShop(USER, SHOP, tokens))


def shop(stage: Stage) -> ConnectedShop:
    found = stage.container.shops().find(USER)
    assert found is not None
    return found


def assert_complete(stage: Stage) -> None:
    run = stage.run()
    assert (run.status, run.totals.saved) == (RunStatus.COMPLETED, ORDERS)
    assert stage.missing() == set()
    assert stage.letters == []


class TestTokensThatExpire:
    def test_are_refreshed_in_the_middle_of_a_run(self, stage: Stage) -> None:
        stage.sync()
        assert_complete(stage)
        assert stage.world.tokens.grants == 1
        assert stage.counted("shop_events_total", event="refreshed") == 1
        outcomes = stage.world.ledger.state()[SHOP]["outcomes"]
        assert "401" not in outcomes

    def test_are_refreshed_when_they_are_refused(self, stage: Stage) -> None:
        stage.request()
        stage.work_once()
        stage.world.tokens.expire(SHOP)
        stage.work()
        assert_complete(stage)
        assert stage.world.ledger.state()[SHOP]["outcomes"]["401"] == 1

    def test_are_refreshed_though_answers_are_lost(self, stage: Stage) -> None:
        stage.request()
        stage.work_once()
        stage.world.tokens.expire(SHOP)
        stage.hit(Fault.GRANT_LOST, times=3)
        stage.hit(Fault.GRANT_UNAVAILABLE, times=2)
        stage.work()
        assert_complete(stage)

    def test_that_are_dead_end_the_run_and_nothing_else(self, stage: Stage) -> None:
        stage.request()
        stage.request(user_id=OTHER_USER)
        stage.work_once()
        stage.world.tokens.uninstall(SHOP)
        stage.work()
        assert stage.run().status is RunStatus.FAILED
        assert stage.letters == ["shop-unauthorized"]
        assert shop(stage).status is ShopStatus.REAUTH_REQUIRED
        assert stage.completed(user_id=OTHER_USER)
        install(stage)
        stage.sync()
        assert (stage.run().status, stage.missing()) == (RunStatus.COMPLETED, set())

    def test_wait_for_an_operator_who_has_to_mend_the_apps_credentials(self, stage: Stage) -> None:
        stage.request()
        stage.work_once()
        stage.world.tokens.expire(SHOP)
        stage.hit(Fault.INVALID_CLIENT, FOREVER)
        for _ in range(20):
            stage.work_once()
        assert (stage.run().status, stage.run().attempts) == (RunStatus.RUNNING, 0)
        assert shop(stage).status is ShopStatus.CONNECTED
        assert stage.counted("shop_events_total", event="client-misconfigured") >= 10
        stage.world.faults.clear()
        stage.work()
        assert_complete(stage)


class TestAFixedTokenThatIsOver:
    """Shopify takes none from public apps from 2027-01-01 on, and says so with HTTP 403."""

    def test_asks_for_one_that_expires_and_goes_on_with_it(self, stage: Stage) -> None:
        stage.connect(USER, SHOP)
        stage.sync()
        assert stage.letters == ["shop-unauthorized"]
        assert shop(stage).status is ShopStatus.REAUTH_REQUIRED
        absence = shop(stage).absence
        assert absence is not None
        assert "Start using expiring offline tokens" in absence.reason
        install(stage)
        stage.sync()
        assert (stage.run().status, stage.missing()) == (RunStatus.COMPLETED, set())
        assert shop(stage).status is ShopStatus.CONNECTED


AWAY = [Fault.FROZEN, Fault.NOT_FOUND, Fault.LOCKED, Fault.UNAVAILABLE_SHOP]


class TestAShopThatIsAway:
    @pytest.mark.parametrize("fault", AWAY)
    def test_is_parked_and_comes_back_with_the_next_request(
        self, stage: Stage, fault: Fault
    ) -> None:
        stage.request()
        stage.work_once()
        stage.hit(fault)
        stage.work()
        assert stage.letters == ["shop-unavailable"]
        assert shop(stage).status is ShopStatus.UNAVAILABLE
        assert "HTTP 4" in (shop(stage).absence or pytest.fail("no reason")).reason
        stage.world.faults.clear()
        stage.sync()
        assert (stage.run().status, stage.missing()) == (RunStatus.COMPLETED, set())
        assert shop(stage).status is ShopStatus.CONNECTED
        assert stage.counted("shop_events_total", event="unavailable") == 1
        assert stage.counted("shop_events_total", event="available") == 1


class TestASecurityRejection:
    def test_is_waited_out_for_minutes_and_is_no_attempt(self, stage: Stage) -> None:
        stage.request()
        stage.work_once()
        stage.hit(Fault.REJECTED, times=12)
        stage.work_once()
        began = stage.clock.now()
        for _ in range(11):
            stage.work_once()
        assert stage.clock.now() - began >= 10 * timedelta(minutes=5)
        assert (stage.run().status, stage.run().attempts) == (RunStatus.RUNNING, 0)
        assert stage.counted("shop_events_total", event="rejected") == 12
        stage.work()
        assert_complete(stage)
