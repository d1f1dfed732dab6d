"""Access tokens that expire."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from domain.checkpoints import LeaseMark
from domain.failures import (
    ClientRefused,
    Interrupted,
    Outage,
    Permanent,
    RateLimited,
    Reason,
    RefreshRefused,
    TimedOut,
    TokenRefused,
    Transient,
    Unavailable,
)
from domain.occurrences import ShopChanged, ShopEvent
from domain.ports import TokenGrants
from domain.refreshing import EARLY, JITTER, LEASE, RefreshTokens
from domain.shops import ConnectedShop, ShopStatus, Tokens
from tests.builders import NOW, SHOP, USER
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.grants import LIFE, FakeGrants
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause
from tests.fakes.shops import FakeShops

REFUSED = TokenRefused("the access token is not accepted (HTTP 401)")
DOWN = Outage(Reason.SHOPIFY_ERROR, "Shopify failed (HTTP 520)")
SECOND = timedelta(seconds=1)


@dataclass
class Scene:
    """A shop whose token expires an hour from now."""

    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)

    def __post_init__(self) -> None:
        self.shops = FakeShops(self.clock)
        self.grants = FakeGrants(self.clock)
        self.pause = FakePause(self.clock.advance)
        self.refresh = RefreshTokens(
            self.shops, self.grants, self.clock, FakeChance(), self.pause, self.observer
        )
        self.shops.connect(ConnectedShop(USER, SHOP, self.grants.install(SHOP)))

    @property
    def shop(self) -> ConnectedShop:
        found = self.shops.find(USER)
        assert found is not None
        return found

    @property
    def events(self) -> list[ShopEvent]:
        return [change.event for change in self.observer.of(ShopChanged)]

    def before_expiry(self, left: timedelta) -> None:
        self.clock.advance(LIFE - left)

    def let_another_refresh(self) -> None:
        """Somebody else has begun to refresh, and nobody knows how far it is."""
        now = self.clock.now()
        assert self.shops.lease_refresh(self.shop, LeaseMark("another", now + LEASE), now)


@pytest.fixture
def scene() -> Scene:
    return Scene()


class TestATokenThatExpires:
    def test_is_used_while_it_is_good_for_minutes(self, scene: Scene) -> None:
        scene.before_expiry(EARLY + JITTER + SECOND)
        assert scene.refresh.fresh(scene.shop) == scene.shop
        assert scene.grants.asked_with == []

    def test_is_replaced_early(self, scene: Scene) -> None:
        scene.before_expiry(EARLY - SECOND)
        fresh = scene.refresh.fresh(scene.shop)
        assert fresh == scene.shop
        assert (fresh.tokens.access, fresh.tokens.refresh) == ("shpat_2", "shprt_2")
        assert fresh.tokens.expires_at == scene.clock.now() + LIFE
        assert scene.events == [ShopEvent.REFRESHED]

    def test_is_replaced_once_in_an_hour(self, scene: Scene) -> None:
        scene.before_expiry(EARLY - SECOND)
        for _ in range(3):
            scene.refresh.fresh(scene.shop)
        assert scene.grants.asked_with == ["shprt_1"]

    def test_is_replaced_when_it_is_refused(self, scene: Scene) -> None:
        assert scene.refresh.instead(scene.shop, REFUSED).access_token == "shpat_2"

    def test_is_not_replaced_twice_where_two_were_refused(self, scene: Scene) -> None:
        shop = scene.shop
        first = scene.refresh.instead(shop, REFUSED)
        assert scene.refresh.instead(shop, REFUSED) == first
        assert scene.grants.asked_with == ["shprt_1"]


class TestAFixedToken:
    @pytest.fixture
    def scene(self) -> Scene:
        scene = Scene()
        scene.shops.connect(ConnectedShop(USER, SHOP, Tokens("shpat_fixed")))
        return scene

    def test_goes_on_working(self, scene: Scene) -> None:
        scene.clock.advance(timedelta(days=1000))
        assert scene.refresh.fresh(scene.shop) == scene.shop

    def test_has_to_be_replaced_by_a_person_when_it_is_refused(self, scene: Scene) -> None:
        with pytest.raises(TokenRefused):
            scene.refresh.instead(scene.shop, REFUSED)
        assert scene.shop.status is ShopStatus.REAUTH_REQUIRED
        assert scene.events == [ShopEvent.REAUTH_REQUIRED]

    def test_that_was_replaced_meanwhile_is_not_to_blame(self, scene: Scene) -> None:
        old = scene.shop
        scene.shops.connect(ConnectedShop(USER, SHOP, Tokens("shpat_newer")))
        assert scene.refresh.instead(old, REFUSED).access_token == "shpat_newer"
        assert scene.shop.status is ShopStatus.CONNECTED

    def test_of_a_shop_that_is_gone_has_no_substitute(self, scene: Scene) -> None:
        old = scene.shop
        scene.shops.connect(ConnectedShop(USER, "other.myshopify.com", Tokens("shpat_other")))
        with pytest.raises(Permanent) as caught:
            scene.refresh.instead(old, REFUSED)
        assert caught.value.reason is Reason.UNKNOWN_SHOP


class TestARefreshThatAnotherIsAt:
    def test_hinders_nobody_while_the_token_is_good(self, scene: Scene) -> None:
        scene.before_expiry(SECOND)
        scene.let_another_refresh()
        assert scene.refresh.fresh(scene.shop) == scene.shop
        assert (scene.grants.asked_with, scene.pause.waits) == ([], [])

    def test_is_waited_for_when_it_is_not(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.let_another_refresh()
        shop, new = scene.shop, Tokens("shpat_theirs", refresh="shprt_theirs")
        scene.pause = FakePause(lambda _: scene.shops.renew(shop, "another", new))
        waiting = replace(scene.refresh, pause=scene.pause)
        assert waiting.fresh(shop).access_token == "shpat_theirs"
        assert scene.pause.waits == [SECOND]
        assert scene.grants.asked_with == []

    def test_is_waited_for_in_the_queue_when_it_takes_long(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.let_another_refresh()
        with pytest.raises(Unavailable) as caught:
            scene.refresh.fresh(scene.shop)
        assert timedelta(seconds=10) <= caught.value.wait <= timedelta(seconds=30)
        assert scene.grants.asked_with == []

    def test_is_done_again_when_whoever_was_at_it_has_died(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.let_another_refresh()
        scene.grants.refresh(scene.shop, "shprt_1")
        scene.clock.advance(LEASE)
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_3"
        assert scene.grants.asked_with == ["shprt_1", "shprt_1"]


class TestAnAnswerThatIsLost:
    def test_is_asked_for_again_with_the_same_refresh_token(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.grants.lose_next_answer(TimedOut(Reason.SHOPIFY_ERROR, "no answer"))
        with pytest.raises(TimedOut):
            scene.refresh.fresh(scene.shop)
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_3"
        assert scene.grants.asked_with == ["shprt_1", "shprt_1"]

    def test_of_the_table_is_found_there(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        losing = replace(scene.refresh, grants=ThenLosing(scene.grants, scene.shops))
        with pytest.raises(Transient):
            losing.fresh(scene.shop)
        assert scene.shop.tokens.access == "shpat_2"
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_2"

    def test_lets_a_good_token_be_used(self, scene: Scene) -> None:
        scene.before_expiry(SECOND)
        scene.grants.lose_next_answer(DOWN)
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_1"
        assert scene.events == [ShopEvent.REFRESH_FAILED]

    def test_is_not_asked_for_by_everybody_while_the_token_is_good(self, scene: Scene) -> None:
        scene.before_expiry(EARLY - SECOND)
        scene.grants.fail_next(DOWN, times=3)
        for _ in range(5):
            scene.refresh.fresh(scene.shop)
        assert len(scene.grants.asked_with) == 1
        scene.clock.advance(LEASE)
        scene.refresh.fresh(scene.shop)
        assert len(scene.grants.asked_with) == 2

    def test_is_survived_by_what_a_paused_worker_did_late(self, scene: Scene) -> None:
        """It asked with the old token after its lease: what it got took the place of ours."""
        scene.before_expiry(timedelta(0))
        scene.refresh.fresh(scene.shop)
        scene.grants.refresh(scene.shop, "shprt_1")
        scene.before_expiry(timedelta(0))
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_4"
        assert scene.shop.status is ShopStatus.CONNECTED
        scene.before_expiry(timedelta(0))
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_5"


class TestARefreshTokenThatIsDead:
    def test_asks_for_a_new_authorisation(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.grants.uninstall(SHOP)
        with pytest.raises(RefreshRefused) as caught:
            scene.refresh.fresh(scene.shop)
        assert caught.value.reason is Reason.SHOP_UNAUTHORIZED
        assert scene.shop.status is ShopStatus.REAUTH_REQUIRED
        assert scene.events == [ShopEvent.REAUTH_REQUIRED]

    def test_is_not_asked_with_again(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        shop = scene.shop
        scene.grants.uninstall(SHOP)
        with pytest.raises(RefreshRefused):
            scene.refresh.fresh(shop)
        with pytest.raises(Permanent):
            scene.refresh.instead(shop, REFUSED)
        assert scene.grants.asked_with == ["shprt_1"]

    def test_says_nothing_of_one_that_was_stored_meanwhile(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        old = scene.shop
        scene.shops.connect(ConnectedShop(USER, SHOP, scene.grants.install(SHOP)))
        with pytest.raises(Unavailable):
            replace(scene.refresh, shops=Forgetful(scene.shops, old)).fresh(old)
        assert scene.shop.status is ShopStatus.CONNECTED


@dataclass(frozen=True, slots=True)
class ThenLosing(TokenGrants):
    """The answer to what is stored next is lost."""

    grants: FakeGrants
    shops: FakeShops

    def refresh(self, shop: ConnectedShop, refresh_token: str) -> Tokens:
        tokens = self.grants.refresh(shop, refresh_token)
        self.shops.lose_next_answer()
        return tokens


class Forgetful(FakeShops):
    """Shows what was stored before."""

    def __init__(self, shops: FakeShops, shown: ConnectedShop) -> None:
        super().__init__(shops._clock)
        self._shops = shops._shops
        self._shown = shown

    def find(self, user_id: str) -> ConnectedShop | None:
        del user_id
        return self._shown


class TestOurOwnCredentials:
    REFUSAL = ClientRefused("Shopify does not accept the app's client id and secret")

    def test_disable_no_shop_when_they_are_refused(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.grants.fail_next(self.REFUSAL)
        with pytest.raises(Unavailable) as caught:
            scene.refresh.fresh(scene.shop)
        assert caught.value.failure is self.REFUSAL
        assert timedelta(minutes=2) < caught.value.wait <= timedelta(minutes=5)
        assert scene.shop.status is ShopStatus.CONNECTED
        assert scene.events == [ShopEvent.CLIENT_MISCONFIGURED]

    def test_are_used_again_at_once_when_they_are_mended(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.grants.fail_next(self.REFUSAL)
        with pytest.raises(Unavailable):
            scene.refresh.fresh(scene.shop)
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_2"

    def test_hinder_nobody_while_the_token_is_good(self, scene: Scene) -> None:
        scene.before_expiry(SECOND)
        scene.grants.fail_next(self.REFUSAL)
        assert scene.refresh.fresh(scene.shop) == scene.shop


class TestARefreshThatCannotBeDone:
    @pytest.mark.parametrize(
        "trouble",
        [
            DOWN,
            RateLimited(SECOND),
            Unavailable(SECOND, DOWN),
            Permanent(Reason.SHOP_UNAVAILABLE, "the shop is not available (HTTP 404)"),
        ],
    )
    def test_says_why_and_lets_the_next_one_try(self, scene: Scene, trouble: Exception) -> None:
        scene.before_expiry(timedelta(0))
        scene.grants.fail_next(trouble)
        with pytest.raises(type(trouble)):
            scene.refresh.fresh(scene.shop)
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_2"

    def test_lets_the_next_one_try_when_the_process_stops(self, scene: Scene) -> None:
        scene.before_expiry(timedelta(0))
        scene.grants.fail_next(Interrupted("the process is stopping"))
        with pytest.raises(Interrupted):
            scene.refresh.fresh(scene.shop)
        assert scene.refresh.fresh(scene.shop).access_token == "shpat_2"

    def test_lets_a_good_token_be_used_though_the_table_fails(self, scene: Scene) -> None:
        scene.before_expiry(SECOND)
        shop = scene.shop
        scene.shops.fail_next()
        assert scene.refresh.fresh(shop) == shop


class TestTokens:
    def test_never_show(self) -> None:
        tokens = Tokens("shpat_secret", refresh="shprt_secret", earlier_refresh="shprt_earlier")
        shop = ConnectedShop(USER, SHOP, tokens, revision="shpat_secret", updated_at=NOW)
        assert "secret" not in repr(shop)
        assert "earlier" not in repr(shop).replace("earlier_refresh", "")

    @pytest.mark.parametrize("tokens", [{"access": ""}, {"access": "a", "refresh": ""}])
    def test_are_never_empty(self, tokens: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="a token is not empty"):
            Tokens(**tokens)  # type: ignore[arg-type] # only texts
