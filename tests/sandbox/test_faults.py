"""The simulated Shopify over HTTP: answers, faults, switches and meters."""

import gzip
import json
from http.client import HTTPConnection
from threading import Thread
from typing import Any

import pytest
import requests

from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Shop, Shops
from sandbox.shopify.world import World
from tests.sandbox.conftest import HttpShop

PAGE = "{orders(first: 3, sortKey: UPDATED_AT) {nodes {id customer {id}} pageInfo {endCursor}}}"


class TestTheServer:
    def test_answers_a_query(self, http_shop: HttpShop) -> None:
        response = http_shop.post(PAGE)

        assert response.status_code == 200
        assert response.headers["X-Shopify-API-Version"] == "2026-10"
        assert response.headers["X-Request-Id"]
        assert len(response.json()["data"]["orders"]["nodes"]) == 3

    def test_compresses_if_the_client_can_read_it(self, http_shop: HttpShop) -> None:
        query = "{orders(first: 50) {nodes {id name note tags}}}"

        packed = http_shop.post(query, headers={"Accept-Encoding": "gzip"})
        plain = http_shop.post(query, headers={"Accept-Encoding": "identity"})

        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert packed.json()["data"] == plain.json()["data"]

    def test_keeps_the_connection(self, http_shop: HttpShop) -> None:
        connection = HTTPConnection(http_shop.server.url.partition("//")[2], timeout=10)
        connection.connect()
        socket = connection.sock

        for _ in range(3):
            connection.request("GET", "/_sandbox/requests")
            assert connection.getresponse().read()

        assert connection.sock is socket
        connection.close()

    @pytest.mark.parametrize("token", ["", "wrong", "shpat_sandbox_another-shop"])
    def test_refuses_a_wrong_token(self, http_shop: HttpShop, token: str) -> None:
        response = http_shop.post(PAGE, headers={"X-Shopify-Access-Token": token})

        assert response.status_code == 401
        assert response.json() == {
            "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
        }

    def test_knows_no_shop_of_another_domain(self, http_shop: HttpShop) -> None:
        url = f"{http_shop.server.url}/example.com/admin/api/2026-10/graphql.json"

        response = http_shop.post(PAGE, url=url)

        assert (response.status_code, response.json()) == (404, {"errors": "Not Found"})

    def test_falls_forward_from_a_version_that_ended(self, http_shop: HttpShop) -> None:
        response = http_shop.post(PAGE, url=http_shop.url.replace("2026-10", "2025-10"))

        assert response.headers["X-Shopify-API-Version"] == "2026-01"

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"query": 1}'])
    def test_refuses_what_is_no_query(self, http_shop: HttpShop, body: bytes) -> None:
        token = f"shpat_sandbox_{http_shop.domain.partition('.')[0]}"

        response = http_shop.session.post(
            http_shop.url, data=body, headers={"X-Shopify-Access-Token": token}, timeout=10
        )

        assert response.status_code == 400

    def test_names_an_unknown_field_as_shopify_does(self, http_shop: HttpShop) -> None:
        error = http_shop.post("{shop {nmae}}").json()["errors"][0]

        assert error["message"] == "Field 'nmae' doesn't exist on type 'Shop'"
        assert error["extensions"]["code"] == "undefinedField"

    @pytest.mark.parametrize("query", ["{", "mutation {x}", "{shop {name} ... on Shop {id}}"])
    def test_answers_a_wrong_query_with_errors(self, http_shop: HttpShop, query: str) -> None:
        response = http_shop.post(query)

        assert response.status_code == 200
        assert response.json()["errors"]

    def test_answers_wrong_variables_with_errors(self, http_shop: HttpShop) -> None:
        query = "query($n: Int!) {orders(first: $n) {nodes {id}}}"

        body = http_shop.post(query, variables={"n": "many"}).json()

        assert "data" not in body
        assert "$n" in body["errors"][0]["message"]


STATUSES = [
    (Fault.RATE_LIMITED, 429, "Exceeded 2 calls per second"),
    (Fault.SERVER_ERROR, 500, "<html>"),
    (Fault.BAD_GATEWAY, 502, "<html>"),
    (Fault.UNAVAILABLE, 503, "<html>"),
    (Fault.BAD_TOKEN, 401, '{"errors": "[API] Invalid API key'),
    (Fault.FROZEN, 402, '{"errors": "Unavailable Shop"}'),
    (Fault.FORBIDDEN, 403, "requires merchant approval for read_orders scope"),
    (Fault.UNAVAILABLE_SHOP, 403, '{"errors": "Unavailable Shop"}'),
    (Fault.NOT_FOUND, 404, '{"errors": "Not Found"}'),
    (Fault.LOCKED, 423, '{"errors": "'),
    (Fault.REJECTED, 430, "Shopify Security Rejection"),
    (Fault.REDIRECT, 302, ""),
    (Fault.HTML, 200, "<html>"),
    (Fault.EMPTY_OBJECT, 200, "{}"),
    (Fault.EMPTY_DATA, 200, '{"data":'),
]


class TestAFault:
    @pytest.mark.parametrize(("fault", "status", "text"), STATUSES)
    def test_has_its_status_and_body(
        self, http_shop: HttpShop, fault: Fault, status: int, text: str
    ) -> None:
        http_shop.control("POST", "/faults", fault=fault, shop=http_shop.domain, times=1)

        response = http_shop.post(PAGE)

        assert response.status_code == status
        assert text in response.text
        assert response.headers["X-Request-Id"]

    def test_of_the_rate_limit_says_when_to_come_back(self, http_shop: HttpShop) -> None:
        http_shop.control("POST", "/faults", fault="rate-limited", shop=http_shop.domain, times=1)

        assert http_shop.post(PAGE).headers["Retry-After"] == "2.0"

    def test_of_redirection_leads_to_another_host(self, http_shop: HttpShop) -> None:
        http_shop.control("POST", "/faults", fault="redirect", shop=http_shop.domain, times=1)

        assert http_shop.post(PAGE).headers["Location"].startswith("https://elsewhere.example")

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (Fault.MAX_COST, "MAX_COST_EXCEEDED"),
            (Fault.INTERNAL_ERROR, "INTERNAL_SERVER_ERROR"),
            (Fault.ACCESS_DENIED, "ACCESS_DENIED"),
        ],
    )
    def test_of_graphql_has_its_code(self, http_shop: HttpShop, fault: Fault, code: str) -> None:
        http_shop.control("POST", "/faults", fault=fault, shop=http_shop.domain, times=1)

        response = http_shop.post(PAGE)

        assert response.status_code == 200
        assert response.json()["errors"][0]["extensions"]["code"] == code

    def test_of_throttling_drains_the_bucket(self, http_shop: HttpShop) -> None:
        http_shop.control("POST", "/faults", fault="throttled", shop=http_shop.domain, times=1)

        body = http_shop.post(PAGE).json()

        assert "data" not in body
        assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
        cost = body["extensions"]["cost"]
        assert cost["actualQueryCost"] is None
        available = cost["throttleStatus"]["currentlyAvailable"]
        assert available == cost["requestedQueryCost"] - 1

    def test_of_protected_data_redacts_customers(self, http_shop: HttpShop) -> None:
        query = "{orders(first: 60) {nodes {id customer {id}}}}"
        plain = http_shop.post(query).json()["data"]["orders"]["nodes"]
        http_shop.control("POST", "/faults", fault="protected-data", shop=http_shop.domain)

        body = http_shop.post(query).json()

        http_shop.control("DELETE", "/faults")
        known = [place for place, order in enumerate(plain) if order["customer"]]
        assert all(order["customer"] is None for order in body["data"]["orders"]["nodes"])
        assert [e["path"] for e in body["errors"]] == [
            ["orders", "nodes", place, "customer"] for place in known
        ]

    def test_of_half_a_body_is_complete_http_and_broken_json(self, http_shop: HttpShop) -> None:
        http_shop.control("POST", "/faults", fault="half-a-body", shop=http_shop.domain, times=1)

        response = http_shop.post(PAGE)

        assert response.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            json.loads(response.content)

    @pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_IN_BODY])
    def test_of_the_connection_breaks_it_off(self, http_shop: HttpShop, fault: Fault) -> None:
        http_shop.control("POST", "/faults", fault=fault, shop=http_shop.domain, times=1)

        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            http_shop.post(PAGE)

        assert http_shop.post(PAGE).status_code == 200

    def test_of_slowness_answers_right_but_late(self, http_shop: HttpShop) -> None:
        http_shop.control(
            "POST", "/faults", fault="slow", delay=0.05, shop=http_shop.domain, times=1
        )

        response = http_shop.post(PAGE)

        assert response.elapsed.total_seconds() >= 0.05
        assert len(response.json()["data"]["orders"]["nodes"]) == 3

    def test_of_the_version_shows_in_the_header_only(self, http_shop: HttpShop) -> None:
        http_shop.control("POST", "/faults", fault="other-version", shop=http_shop.domain, times=1)

        response = http_shop.post(PAGE)

        assert response.headers["X-Shopify-API-Version"] == "2026-01"
        assert response.json()["data"]

    def test_comes_after_those_to_skip_and_as_often_as_asked(self, http_shop: HttpShop) -> None:
        http_shop.control(
            "POST", "/faults", fault="bad-gateway", shop=http_shop.domain, skip=1, times=2
        )

        statuses = [http_shop.post(PAGE).status_code for _ in range(4)]

        assert statuses == [200, 502, 502, 200]

    def test_leaves_other_shops_alone(self, http_shop: HttpShop) -> None:
        http_shop.control("POST", "/faults", fault="html", shop="another.myshopify.com")

        assert http_shop.post(PAGE).json()["data"]

    @pytest.mark.parametrize(
        "wish",
        [{}, {"fault": "boredom"}, {"fault": "html", "often": 3}, {"fault": "html", "times": 0}],
    )
    def test_that_makes_no_sense_is_refused(
        self, http_shop: HttpShop, wish: dict[str, Any]
    ) -> None:
        assert http_shop.control("POST", "/faults", **wish).status_code == 400


class TestTheSwitches:
    def test_explain_themselves(self, http_shop: HttpShop) -> None:
        state = http_shop.control("GET", "").json()

        assert "POST /_sandbox/faults" in state["help"]
        assert set(state["faults"]["can"]) == set(Fault)

    def test_declare_a_shop(self, http_shop: HttpShop) -> None:
        shop = http_shop.control(
            "POST", "/shops", domain=http_shop.domain, orders=7, plan="advanced"
        ).json()

        body = http_shop.post("{ordersCount {count}}").json()

        assert shop["token"] == f"shpat_sandbox_{http_shop.domain.partition('.')[0]}"
        assert body["data"]["ordersCount"]["count"] == 7
        assert body["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 4_000

    def test_touch_create_and_delete_orders(self, http_shop: HttpShop) -> None:
        at = "2026-11-23T12:00:00Z"
        shop = f"/shops/{http_shop.domain}"
        query = """{orders(first: 2, sortKey: UPDATED_AT, reverse: true) {
                   nodes {legacyResourceId updatedAt}} ordersCount {count}}"""

        touched = http_shop.control("POST", f"{shop}/touch", indexes=[4], at=at).json()["orders"]
        created = http_shop.control("POST", f"{shop}/create", count=2, at=at).json()["orders"]
        http_shop.control("POST", f"{shop}/delete", indexes=[created[1]["index"]])

        data = http_shop.post(query).json()["data"]
        newest = [
            (order["legacyResourceId"], order["updatedAt"]) for order in data["orders"]["nodes"]
        ]
        assert newest == [(created[0]["id"], at), (touched[0]["id"], at)]
        assert data["ordersCount"]["count"] == 61

    def test_refuse_what_makes_no_sense(self, http_shop: HttpShop) -> None:
        shop = f"/shops/{http_shop.domain}"

        assert http_shop.control("POST", f"{shop}/touch", indexes=[999]).status_code == 400
        assert http_shop.control("POST", f"{shop}/break", indexes=[1]).status_code == 404
        assert http_shop.control("POST", "/shops", domain="example.com").status_code == 400


class TestTheMeters:
    def test_count_every_page_that_was_sent_by_its_cursor(self, http_shop: HttpShop) -> None:
        query = """query($after: String) {orders(first: 20, after: $after, sortKey: ID) {
                   nodes {id} pageInfo {endCursor}}}"""
        first = http_shop.post(query).json()["data"]["orders"]["pageInfo"]["endCursor"]
        http_shop.post(query, variables={"after": first})
        http_shop.control("POST", "/faults", fault="bad-gateway", shop=http_shop.domain, times=1)
        http_shop.post(query, variables={"after": first})
        http_shop.post(query, variables={"after": first})

        counted = http_shop.control("GET", "/requests").json()[http_shop.domain]

        assert counted == {
            "requests": 4,
            "outcomes": {"200": 3, "bad-gateway": 1},
            "pages": {"": 1, first: 2},
        }


class TestStopping:
    def test_ends_a_slow_answer(self) -> None:
        world = World(Shops([Shop("a.myshopify.com", orders=1)]), lambda: 0.0)
        world.faults.add(Switch(Fault.SLOW, delay=3_600))
        server = ShopifyServer(world).start()
        url = f"{server.url}/a.myshopify.com/admin/api/2026-10/graphql.json"
        failures: list[requests.RequestException] = []

        def ask() -> None:
            try:
                requests.post(url, json={"query": PAGE}, timeout=60)
            except requests.RequestException as error:
                failures.append(error)

        client = Thread(target=ask)
        client.start()
        while not world.faults.state()["happened"]:
            world.ending.wait(0.01)
        server.stop()
        client.join(timeout=10)

        assert not client.is_alive()
        assert len(failures) == 1


def test_gzip_is_what_the_standard_library_reads(http_shop: HttpShop) -> None:
    response = http_shop.session.post(
        http_shop.url,
        json={"query": "{orders(first: 50) {nodes {id name note}}}"},
        headers={
            "X-Shopify-Access-Token": f"shpat_sandbox_{http_shop.domain.partition('.')[0]}",
            "Accept-Encoding": "gzip",
        },
        stream=True,
        timeout=10,
    )

    assert json.loads(gzip.decompress(response.raw.read(decode_content=False)))["data"]
