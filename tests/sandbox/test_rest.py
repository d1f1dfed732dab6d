"""The simulated Shopify's REST API over HTTP."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import requests

from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shop_time import local
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.world import World
from tests.sandbox.conftest import Clock, HttpShop

UPDATED = {"status": "any", "order": "updated_at asc"}
Get = Callable[..., requests.Response]


@pytest.fixture
def get(http_shop: HttpShop) -> Get:
    """Asks the shop of 60 orders for a resource, or follows a link."""

    def asked(resource: str = "orders", **parameters: Any) -> requests.Response:
        url = http_shop.url.replace("graphql", resource)
        return http_shop.session.get(
            resource if resource.startswith("http") else url,
            params=parameters,
            headers={"X-Shopify-Access-Token": f"shpat_sandbox_{http_shop.domain[:-14]}"},
            timeout=10,
            allow_redirects=False,
        )

    return asked


def ids(response: requests.Response) -> list[int]:
    return [order["id"] for order in response.json()["orders"]]


class TestAListOfOrders:
    def test_is_of_fifty_open_ones_by_default(self, get: Get) -> None:
        listed = get().json()["orders"]
        assert 0 < len(listed) <= 50
        assert {(each["closed_at"], each["cancelled_at"]) for each in listed} == {(None, None)}

    def test_of_any_status_has_all(self, get: Get) -> None:
        assert len(ids(get(status="any", limit=250))) == 60
        assert get("orders/count", status="any").json() == {"count": 60}

    def test_is_paged_there_and_back(self, get: Get) -> None:
        whole = ids(get(limit=250, **UPDATED))
        pages = [get(limit=25, **UPDATED)]
        while (link := pages[-1].links.get("next")) is not None:
            pages.append(get(link["url"]))
        assert [number for page in pages for number in ids(page)] == whole
        back = get(pages[2].links["previous"]["url"])
        assert ids(back) == ids(pages[1])
        assert list(pages[1].links) == ["previous", "next"]
        assert "Link" not in get(limit=250, **UPDATED).headers

    def test_keeps_to_its_window_in_any_offset(self, get: Get) -> None:
        listed = get(limit=250, **UPDATED).json()["orders"]
        since = listed[40]["updated_at"]
        window = get(limit=250, updated_at_min=since, **UPDATED)
        assert listed[40]["id"] in ids(window)
        count = get("orders/count", status="any", updated_at_min=since).json()["count"]
        assert count == len(ids(window))

    def test_has_orders_by_id_and_since_one(self, get: Get) -> None:
        by_id = ids(get(status="any", limit=250, order="id asc"))
        assert ids(get(status="any", ids=f"{by_id[3]},{by_id[9]},1", order="id asc")) == [
            by_id[3],
            by_id[9],
        ]
        assert ids(get(status="any", since_id=by_id[49], limit=250)) == by_id[50:]

    def test_has_only_the_fields_that_were_asked_for(self, get: Get) -> None:
        listed = get(status="any", limit=3, fields="id, name").json()["orders"]
        assert [list(order) for order in listed] == [["id", "name"]] * 3

    def test_shows_money_with_all_its_digits_and_times_in_the_shops_offset(self, get: Get) -> None:
        order = get(limit=1, **UPDATED).json()["orders"][0]
        assert order["total_price"][-3] == "."
        assert order["total_price_set"]["shop_money"]["amount"] == order["total_price"]
        assert order["created_at"][-6:] in {"-05:00", "-04:00"}
        assert isinstance(order["tags"], str)

    @pytest.mark.parametrize(
        ("parameters", "text"),
        [
            ({"page_info": "x"}, "Invalid value"),
            ({"page_info": "x", "status": "any"}, "status cannot be passed when page_info"),
            ({"limit": "251"}, "between 1 and 250"),
            ({"page": "2"}, "page cannot be passed"),
            ({"updated_at_min": "yesterday"}, "Invalid value"),
            ({"status": "lost"}, "must be one of"),
        ],
    )
    def test_is_refused(self, get: Get, parameters: dict[str, str], text: str) -> None:
        response = get(**parameters)
        assert response.status_code == 400
        assert text in response.text


class TestACall:
    def test_needs_the_token(self, http_shop: HttpShop) -> None:
        url = http_shop.url.replace("graphql", "orders")
        assert http_shop.session.get(url, timeout=10).status_code == 401

    def test_is_told_the_apps_scopes(self, get: Get, http_shop: HttpShop) -> None:
        url = f"{http_shop.server.url}/{http_shop.domain}/admin/oauth/access_scopes.json"
        scopes = get(url).json()["access_scopes"]
        assert {"handle": "read_all_orders"} in scopes

    @pytest.mark.parametrize(
        ("plan", "size", "a_second"),
        [(Plan.STANDARD, 40, 2), (Plan.ADVANCED, 80, 4), (Plan.PLUS, 400, 20)],
    )
    def test_fills_a_bucket_that_leaks(self, plan: Plan, size: int, a_second: int) -> None:
        shop, clock = Shop("leaky.myshopify.com", orders=1, plan=plan), Clock()
        with ShopifyServer(World(Shops([shop]), clock)) as server, requests.Session() as session:
            url = f"{server.url}/{shop.domain}/admin/api/2026-10/orders/count.json"
            headers = {"X-Shopify-Access-Token": shop.token}

            def call() -> requests.Response:
                return session.get(url, headers=headers, timeout=10)

            limits = [call().headers["X-Shopify-Shop-Api-Call-Limit"] for _ in range(size)]
            assert (limits[0], limits[-1]) == (f"1/{size}", f"{size}/{size}")
            refused = call()
            clock.seconds += 1
            answers = [call().status_code for _ in range(a_second + 1)]
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2.0")
        assert "Exceeded 2 calls per second" in refused.text
        assert answers == [200] * a_second + [429]


class TestAFault:
    @pytest.fixture
    def faulty(self, http_shop: HttpShop, get: Get) -> Iterator[Callable[..., requests.Response]]:
        def asked(fault: Fault, resource: str = "orders", **parameters: Any) -> requests.Response:
            http_shop.server.world.faults.add(Switch(fault, http_shop.domain, times=1))
            return get(resource, **parameters)

        yield asked
        http_shop.server.world.faults.clear()

    @pytest.mark.parametrize(
        ("fault", "status"),
        [
            (Fault.THROTTLED, 429),
            (Fault.NO_RETRY_AFTER, 429),
            (Fault.ACCESS_DENIED, 403),
            (Fault.INTERNAL_ERROR, 500),
            (Fault.MAX_COST, 504),
            (Fault.EMPTY_OBJECT, 200),
        ],
    )
    def test_shows_as_a_status(self, faulty: Get, fault: Fault, status: int) -> None:
        response = faulty(fault, **UPDATED)
        assert response.status_code == status
        assert ("Retry-After" in response.headers) == (fault is Fault.THROTTLED)
        assert "Link" not in response.headers

    def test_can_be_in_the_links(self, get: Get, faulty: Get) -> None:
        second = get(limit=10, **UPDATED).links["next"]["url"]
        assert list(faulty(Fault.NEXT_FIRST, second).links) == ["next", "previous"]
        foreign = faulty(Fault.FOREIGN_LINK, limit=10, **UPDATED).links["next"]["url"]
        assert foreign.startswith("https://elsewhere.example.com/")
        own = faulty(Fault.OWN_LINK, limit=10, **UPDATED).links["next"]["url"]
        assert own == f"https://{second.partition('://')[2].partition('/')[2]}"
        assert faulty(Fault.STALE_PAGE_INFO, second).status_code == 400
        assert get(second).status_code == 200

    def test_can_be_a_header_or_values_that_are_missing(self, faulty: Get) -> None:
        answer = faulty(Fault.NO_CALL_LIMIT, **UPDATED)
        assert "X-Shopify-Shop-Api-Call-Limit" not in answer.headers
        nulled = faulty(Fault.NULL_FIELDS, **UPDATED).json()["orders"]
        assert {(each["total_price_set"], each["shipping_address"]) for each in nulled} == {
            (None, None)
        }
        withheld = faulty(Fault.PROTECTED_DATA, **UPDATED).json()["orders"]
        assert {each["customer"] for each in withheld} == {None}


def test_the_clocks_change() -> None:
    """The hour before and after each change of 2026 in New York."""
    instants = ["2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z"]
    instants += ["2026-11-01T05:59:59Z", "2026-11-01T06:00:00Z"]
    shown = [local(instant) for instant in instants]
    assert shown == [
        "2026-03-08T01:59:59-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-11-01T01:59:59-04:00",
        "2026-11-01T01:00:00-05:00",
    ]
    assert any(later < earlier for earlier, later in pairwise(shown))


class TestTheRateLimits:
    @pytest.fixture
    def limited(self) -> Iterator[tuple[Clock, str, Get]]:
        clock, shop = Clock(), Shop("limited.myshopify.com", orders=60, most_lines=1)
        with ShopifyServer(World(Shops([shop]), clock)) as server, requests.Session() as session:
            session.headers["X-Shopify-Access-Token"] = shop.token
            url = f"{server.url}/{shop.domain}/admin/api/2026-10/orders.json"
            yield clock, f"{server.url}/_sandbox", lambda **more: session.get(url, params=more)

    def test_say_what_was_spent_and_refused(self, limited: tuple[Clock, str, Get]) -> None:
        clock, control, get = limited
        statuses = [get(limit=1).status_code for _ in range(42)]
        assert statuses == [200] * 40 + [429] * 2
        clock.seconds = 3
        use = requests.get(f"{control}/limits", timeout=10).json()["shops"]
        assert use["limited.myshopify.com"]["rest"] == {
            "bucket": 40,
            "restoreRate": 2,
            "seconds": 3,
            "spent": 40,
            "left": 6,
            "refused": 2,
        }

    def test_can_be_switched_off_and_on_with_full_buckets(
        self, limited: tuple[Clock, str, Get]
    ) -> None:
        _, control, get = limited
        off = requests.post(f"{control}/limits", json={"enforced": False}, timeout=10)
        assert off.json()["enforced"] is False
        assert {get(limit=1).status_code for _ in range(50)} == {200}
        requests.post(f"{control}/limits", json={"enforced": True}, timeout=10)
        statuses = [get(limit=1).status_code for _ in range(41)]
        assert statuses == [200] * 40 + [429]
        requests.delete(f"{control}/limits", timeout=10)
        assert get(limit=1).status_code == 200
        assert requests.post(f"{control}/limits", json={}, timeout=10).status_code == 400


class TestAPageThatIsKept:
    def test_is_as_the_orders_are_now(self) -> None:
        shop = Shop("kept.myshopify.com", orders=10, most_lines=1)
        world = World(Shops([shop]), Clock())
        with ShopifyServer(world) as server, requests.Session() as session:
            session.headers["X-Shopify-Access-Token"] = shop.token
            url = f"{server.url}/{shop.domain}/admin/api/2026-10/orders.json"
            first, again = (session.get(url, params=UPDATED) for _ in range(2))
            assert first.content == again.content
            assert {len(order["line_items"]) for order in first.json()["orders"]} == {1}
            api = world.api(shop.domain)
            assert api is not None
            api.storefront.catalogue.delete(3)
            assert len(ids(session.get(url, params=UPDATED))) == 9
