"""What every directory of shops promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.dynamodb_shops import DynamoShops
from domain.checkpoints import LeaseMark
from domain.failures import Transient
from domain.ports import ShopDirectory
from domain.shops import Absence, ConnectedShop, ShopStatus, Standing, Tokens
from tests.builders import NOW, SHOP, USER, a_shop
from tests.contracts.troubled_stores import OnTheWire, Trouble
from tests.dynamodb import Wire
from tests.fakes.clock import FakeClock
from tests.fakes.shops import FakeShops

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


EXPIRING = Tokens(
    access="shpat_1",
    expires_at=NOW + timedelta(hours=1),
    refresh="shprt_1",
    refresh_expires_at=NOW + timedelta(days=90),
    scopes=("read_orders", "read_all_orders"),
)
NEXT = Tokens(
    access="shpat_2",
    expires_at=NOW + timedelta(hours=2),
    refresh="shprt_2",
    refresh_expires_at=NOW + timedelta(days=90),
    scopes=("read_orders",),
    earlier_refresh="shprt_1",
)
MINUTE = timedelta(minutes=1)


def found(shops: ShopDirectory) -> ConnectedShop:
    shop = shops.find(USER)
    assert shop is not None
    return shop


def connected(shops: ShopDirectory, tokens: Tokens = EXPIRING) -> ConnectedShop:
    """The shop, as it is found after it was connected."""
    shops.connect(ConnectedShop(USER, SHOP, tokens))
    return found(shops)


def a_mark(owner: str = "worker-1", lasts: timedelta = MINUTE) -> LeaseMark:
    return LeaseMark(owner, NOW + lasts)


class RefreshPromises:
    def test_keeps_all_about_the_tokens(self, shops: ShopDirectory) -> None:
        assert connected(shops).tokens == EXPIRING

    def test_forgets_all_about_the_earlier_ones(self, shops: ShopDirectory) -> None:
        connected(shops)
        assert connected(shops, Tokens("shpat_fixed")).tokens == Tokens("shpat_fixed")

    def test_lets_one_refresh_at_a_time(self, shops: ShopDirectory) -> None:
        shop = connected(shops)
        assert shops.lease_refresh(shop, a_mark(), NOW)
        assert not shops.lease_refresh(shop, a_mark("worker-2"), NOW)
        assert shops.lease_refresh(shop, a_mark(lasts=2 * MINUTE), NOW)
        assert not shops.lease_refresh(shop, a_mark("worker-2"), NOW + MINUTE)

    def test_lets_the_next_one_refresh_when_the_lease_has_ended(self, shops: ShopDirectory) -> None:
        shop = connected(shops)
        shops.lease_refresh(shop, a_mark(), NOW)
        assert shops.lease_refresh(shop, a_mark("worker-2", 2 * MINUTE), NOW + MINUTE)
        assert shops.renew(shop, "worker-1", NEXT) is None
        assert found(shops).tokens == EXPIRING

    def test_lets_the_next_one_refresh_when_the_lease_is_released(
        self, shops: ShopDirectory
    ) -> None:
        shop = connected(shops)
        shops.lease_refresh(shop, a_mark(), NOW)
        shops.release_refresh(shop, "worker-2")
        assert not shops.lease_refresh(shop, a_mark("worker-2"), NOW)
        shops.release_refresh(shop, "worker-1")
        assert shops.lease_refresh(shop, a_mark("worker-2"), NOW)

    def test_stores_the_new_tokens_and_says_so(self, shops: ShopDirectory) -> None:
        shop = connected(shops)
        shops.lease_refresh(shop, a_mark(), NOW)
        renewed = shops.renew(shop, "worker-1", NEXT)
        assert renewed == found(shops)
        assert renewed is not None
        assert renewed.tokens == NEXT
        assert (renewed.revision, renewed.status) == (found(shops).revision, shop.status)
        assert renewed.revision != shop.revision
        assert shops.lease_refresh(renewed, a_mark("worker-2"), NOW)

    def test_stores_none_without_the_lease(self, shops: ShopDirectory) -> None:
        shop = connected(shops)
        assert shops.renew(shop, "worker-1", NEXT) is None
        assert found(shops).tokens == EXPIRING

    def test_stores_none_over_others(self, shops: ShopDirectory) -> None:
        shop = connected(shops)
        shops.lease_refresh(shop, a_mark(), NOW)
        connected(shops, Tokens("shpat_fixed"))
        assert shops.renew(shop, "worker-1", NEXT) is None
        assert not shops.lease_refresh(shop, a_mark(), NOW)
        assert found(shops).tokens == Tokens("shpat_fixed")

    def test_gives_the_lease_to_one_of_those_who_ask_at_once(self, shops: ShopDirectory) -> None:
        shop = connected(shops)
        with ThreadPoolExecutor(8) as threads:
            won = threads.map(lambda n: shops.lease_refresh(shop, a_mark(f"w-{n}"), NOW), range(8))
            assert sorted(won) == [False] * 7 + [True]


class StatusPromises:
    @pytest.mark.parametrize("status", [ShopStatus.UNAVAILABLE, ShopStatus.REAUTH_REQUIRED])
    def test_says_why_and_since_when_a_shop_is_not_read(
        self, shops: ShopDirectory, status: ShopStatus
    ) -> None:
        shop = connected(shops)
        note = shops.park if status is ShopStatus.UNAVAILABLE else shops.require_reauth
        assert note(shop, "HTTP 402")
        assert not note(shop, "HTTP 423")
        assert (found(shops).status, found(shops).absence) == (status, Absence("HTTP 402", NOW))
        assert list(shops.each(ShopStatus.CONNECTED)) == []

    def test_takes_a_shop_back(self, shops: ShopDirectory) -> None:
        shop = connected(shops)
        assert not shops.readmit(shop)
        shops.park(shop, "HTTP 402")
        assert shops.readmit(shop)
        assert found(shops) == shop

    def test_blames_no_credentials_for_what_others_did(self, shops: ShopDirectory) -> None:
        earlier = connected(shops)
        connected(shops, NEXT)
        assert not shops.park(earlier, "HTTP 402")
        assert not shops.require_reauth(earlier, "HTTP 401")
        assert found(shops).status is ShopStatus.CONNECTED
        shops.park(found(shops), "HTTP 402")
        assert not shops.readmit(earlier)
        assert found(shops).status is ShopStatus.UNAVAILABLE

    def test_connects_a_shop_whatever_was_known_of_it(self, shops: ShopDirectory) -> None:
        shops.park(connected(shops), "HTTP 402")
        again = connected(shops)
        assert (again.status, again.absence) == (ShopStatus.CONNECTED, None)

    def test_keeps_what_the_credentials_are_good_for(self, shops: ShopDirectory) -> None:
        shop = connected(shops, Tokens("shpat_fixed"))
        shops.note_scopes(shop, ("read_all_orders", "read_orders"))
        tokens = Tokens("shpat_fixed", scopes=("read_all_orders", "read_orders"))
        assert found(shops).tokens == tokens
        assert found(shops).revision == shop.revision
        again = connected(shops, Tokens("shpat_other"))
        shops.note_scopes(shop, ("read_orders",))
        assert found(shops) == again

    def test_notes_nothing_of_nobody(self, shops: ShopDirectory) -> None:
        shops.note_scopes(a_shop("nobody"), ("read_orders",))
        assert shops.find("nobody") is None

    def test_lets_one_probe_now_and_then(self, shops: ShopDirectory, clock: FakeClock) -> None:
        shop = connected(shops)
        assert not shops.claim_probe(USER, NOW + MINUTE)
        assert not shops.claim_probe("nobody", NOW + MINUTE)
        shops.park(shop, "HTTP 402")
        assert not shops.claim_probe(USER, NOW)
        clock.advance(2 * MINUTE)
        assert shops.claim_probe(USER, NOW + MINUTE)
        assert not shops.claim_probe(USER, NOW + MINUTE)
        assert not shops.claim_probe(USER, NOW + 2 * MINUTE)
        assert shops.claim_probe(USER, NOW + 3 * MINUTE)

    def test_lets_a_probe_be_claimed_again_that_could_not_be_sent(
        self, shops: ShopDirectory, clock: FakeClock
    ) -> None:
        shops.park(connected(shops), "HTTP 402")
        clock.advance(2 * MINUTE)
        shops.claim_probe(USER, NOW + MINUTE)
        shops.release_probe(USER)
        assert shops.claim_probe(USER, NOW + MINUTE)
        assert not shops.claim_probe(USER, NOW + MINUTE)

    def test_has_no_probe_of_nobody(self, shops: ShopDirectory) -> None:
        shops.release_probe("nobody")
        assert shops.find("nobody") is None

    def test_lets_a_fixed_token_be_probed_that_was_refused(self, shops: ShopDirectory) -> None:
        shops.require_reauth(connected(shops, Tokens("shpat_fixed")), "HTTP 401")
        assert shops.claim_probe(USER, NOW + MINUTE)

    def test_lets_no_refresh_token_be_probed_that_is_dead(self, shops: ShopDirectory) -> None:
        shops.require_reauth(connected(shops), "HTTP 401")
        assert not shops.claim_probe(USER, NOW + MINUTE)

    def test_forgets_its_probes_with_the_absence(
        self, shops: ShopDirectory, clock: FakeClock
    ) -> None:
        shop = connected(shops)
        shops.park(shop, "HTTP 402")
        clock.advance(5 * MINUTE)
        assert shops.claim_probe(USER, NOW + MINUTE)
        shops.readmit(shop)
        shops.park(shop, "HTTP 402")
        clock.advance(MINUTE)
        assert shops.claim_probe(USER, clock.now())


class ShopDirectoryPromises(RefreshPromises, StatusPromises):
    def test_knows_nobody_at_first(self, shops: ShopDirectory) -> None:
        assert shops.find(USER) is None
        assert list(shops.each(ShopStatus.CONNECTED)) == []

    def test_knows_whose_shop_is_which(self, shops: ShopDirectory) -> None:
        shops.connect(a_shop())
        shops.connect(a_shop("user-2", "other.myshopify.com", "shpat_other"))
        assert shops.find(USER) == replace(a_shop(), updated_at=NOW)

    @pytest.mark.parametrize("status", list(ShopStatus))
    def test_says_how_a_shop_stands(self, shops: ShopDirectory, status: ShopStatus) -> None:
        assert shops.standing(USER) is None
        shops.connect(replace(a_shop(), status=status))
        assert shops.standing(USER) == Standing(SHOP, status)

    def test_says_why_a_shop_is_away(self, shops: ShopDirectory) -> None:
        shops.park(connected(shops), "HTTP 402")
        away = Standing(SHOP, ShopStatus.UNAVAILABLE, Absence("HTTP 402", NOW))
        assert shops.standing(USER) == away

    def test_keeps_when_a_shop_was_changed(self, shops: ShopDirectory) -> None:
        changed = replace(a_shop(), updated_at=NOW - timedelta(days=1))
        shops.connect(changed)
        assert shops.find(USER) == changed

    def test_puts_new_credentials_in_place_of_the_earlier_ones(self, shops: ShopDirectory) -> None:
        shops.connect(replace(a_shop(), status=ShopStatus.REAUTH_REQUIRED))
        shops.connect(a_shop(shop="new.myshopify.com", token="shpat_new"))
        found = shops.find(USER)
        assert found == ConnectedShop(
            USER, "new.myshopify.com", Tokens("shpat_new"), updated_at=NOW
        )

    @pytest.mark.parametrize("status", list(ShopStatus))
    def test_lists_the_users_whose_shop_has_a_status(
        self, shops: ShopDirectory, status: ShopStatus
    ) -> None:
        for number, each in enumerate(ShopStatus):
            shops.connect(replace(a_shop(f"user-{number}"), status=each))
        found = [shops.find(user) for user in shops.each(status)]
        assert [shop.status for shop in found if shop] == [status]

    def test_connects_nobody_before_it_is_told_to(self, shops: ShopDirectory) -> None:
        shops.connect(a_shop(token="shpat_old"))
        store = shops.prepare(a_shop(token="shpat_new"))
        before = shops.find(USER)
        store()
        after = shops.find(USER)
        assert before is not None
        assert after is not None
        assert (before.access_token, after.access_token) == ("shpat_old", "shpat_new")

    def test_connects_a_shop_once_that_is_connected_twice(self, shops: ShopDirectory) -> None:
        for _ in range(2):
            shops.connect(a_shop())
        assert shops.find(USER) == replace(a_shop(), updated_at=NOW)
        assert list(shops.each(ShopStatus.CONNECTED)) == [USER]

    def test_lists_a_user_only_under_the_latest_status(self, shops: ShopDirectory) -> None:
        shops.connect(a_shop())
        shops.connect(replace(a_shop(), status=ShopStatus.UNAVAILABLE))
        assert list(shops.each(ShopStatus.CONNECTED)) == []
        assert list(shops.each(ShopStatus.UNAVAILABLE)) == [USER]

    def test_keeps_every_shop_that_is_connected_at_once(self, shops: ShopDirectory) -> None:
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda n: shops.connect(a_shop(f"user-{n}")), range(16)))
        assert set(shops.each(ShopStatus.CONNECTED)) == {f"user-{n}" for n in range(16)}

    def test_keeps_one_of_the_shops_that_a_user_connects_at_once(
        self, shops: ShopDirectory
    ) -> None:
        with ThreadPoolExecutor(16) as threads:
            list(
                threads.map(
                    lambda n: shops.connect(a_shop(shop=f"s{n}.myshopify.com", token=f"t{n}")),
                    range(16),
                )
            )
        found = shops.find(USER)
        assert found is not None
        assert found.shop == f"s{found.access_token.removeprefix('t')}.myshopify.com"
        assert list(shops.each(ShopStatus.CONNECTED)) == [USER]

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()


class TroublePromises:
    def test_does_nothing_where_a_call_fails(self, shops: ShopDirectory, trouble: Trouble) -> None:
        shops.connect(a_shop(token="shpat_old"))
        trouble.fail_next()
        with pytest.raises(Transient):
            shops.connect(a_shop())
        found = shops.find(USER)
        assert found is not None
        assert found.access_token == "shpat_old"

    def test_does_not_take_a_failure_for_nobody(
        self, shops: ShopDirectory, trouble: Trouble
    ) -> None:
        shops.connect(a_shop())
        trouble.fail_next()
        with pytest.raises(Transient):
            shops.find(USER)
        trouble.fail_next()
        with pytest.raises(Transient):
            shops.standing(USER)
        trouble.fail_next()
        with pytest.raises(Transient):
            list(shops.each(ShopStatus.CONNECTED))

    def test_renews_once_though_the_answer_is_lost(
        self, shops: ShopDirectory, trouble: Trouble
    ) -> None:
        shop = connected(shops)
        shops.lease_refresh(shop, a_mark(), NOW)
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            shops.renew(shop, "worker-1", NEXT)
        assert found(shops).tokens == NEXT

    def test_connects_once_what_is_connected_again_after_a_lost_answer(
        self, shops: ShopDirectory, trouble: Trouble
    ) -> None:
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            shops.connect(a_shop())
        connected = shops.find(USER)
        assert connected == replace(a_shop(), updated_at=NOW)
        shops.connect(a_shop())
        assert shops.find(USER) == connected


class TestFakeShops(ShopDirectoryPromises, TroublePromises):
    @pytest.fixture
    def trouble(self, shops: FakeShops) -> Trouble:
        return shops

    @pytest.fixture
    def shops(self, clock: FakeClock) -> ShopDirectory:
        return FakeShops(clock)


class TestDynamoShops(ShopDirectoryPromises):
    @pytest.fixture
    def shops(self, dynamodb: DynamoDBClient, shops_table: str, clock: FakeClock) -> ShopDirectory:
        return DynamoShops(dynamodb, shops_table, clock)


class TestDynamoShopsInTrouble(TroublePromises):
    """The client does not retry: callers see what else botocore sits out."""

    @pytest.fixture
    def shops(self, impatient_dynamodb: DynamoDBClient, shops_table: str) -> ShopDirectory:
        return DynamoShops(impatient_dynamodb, shops_table, FakeClock())

    @pytest.fixture
    def trouble(self, impatient_dynamodb: DynamoDBClient) -> Trouble:
        return OnTheWire(Wire(impatient_dynamodb))
