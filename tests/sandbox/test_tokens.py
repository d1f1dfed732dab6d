"""Tokens that expire, as the simulated Shopify gives and takes them."""

from typing import Any

import pytest
import requests

from sandbox.shopify.tokens import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.conftest import HttpShop

QUERY = "{orders(first: 1) {nodes {id}}}"


def install(shop: HttpShop, **wish: int) -> dict[str, Any]:
    answer: dict[str, Any] = shop.control("POST", f"/shops/{shop.domain}/install", **wish).json()
    return answer


def refresh(shop: HttpShop, refresh_token: str, **changes: str) -> requests.Response:
    wish = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    url = f"{shop.server.url}/{shop.domain}/admin/oauth/access_token"
    return shop.session.post(url, json={**wish, **changes}, timeout=10)


def status(shop: HttpShop, token: str) -> int:
    return shop.post(QUERY, headers={"X-Shopify-Access-Token": token}).status_code


class TestAnInstalledApp:
    def test_gets_tokens_as_shopify_gives_them(self, http_shop: HttpShop) -> None:
        pair = install(http_shop)
        assert (pair["expires_in"], pair["refresh_token_expires_in"]) == (3600, 7_776_000)
        assert pair["access_token"].startswith("shpat_")
        assert pair["refresh_token"].startswith("shprt_")
        assert status(http_shop, pair["access_token"]) == 200

    def test_may_use_no_fixed_token_any_more(self, http_shop: HttpShop) -> None:
        assert http_shop.post(QUERY).status_code == 200
        install(http_shop)
        refused = http_shop.post(QUERY)
        assert refused.status_code == 403
        assert refused.json()["errors"].startswith("Non-expiring access tokens are no longer")

    def test_is_refused_when_the_token_has_run_out(self, http_shop: HttpShop) -> None:
        pair = install(http_shop)
        http_shop.control("POST", f"/shops/{http_shop.domain}/expire")
        assert status(http_shop, pair["access_token"]) == 401
        fresh = refresh(http_shop, pair["refresh_token"]).json()
        assert status(http_shop, fresh["access_token"]) == 200

    def test_is_refused_everywhere_when_it_was_uninstalled(self, http_shop: HttpShop) -> None:
        pair = install(http_shop)
        http_shop.control("POST", f"/shops/{http_shop.domain}/uninstall")
        assert status(http_shop, pair["access_token"]) == 401
        assert http_shop.post(QUERY).status_code == 401
        dead = refresh(http_shop, pair["refresh_token"])
        assert (dead.status_code, dead.json()["error"]) == (401, "invalid_request")
        assert dead.json()["error_description"] == "This request requires an active refresh_token"


class TestARefreshToken:
    def test_is_good_until_its_replacement_is_used(self, http_shop: HttpShop) -> None:
        first = install(http_shop)["refresh_token"]
        lost = refresh(http_shop, first).json()["refresh_token"]
        second = refresh(http_shop, first).json()["refresh_token"]
        assert refresh(http_shop, lost).status_code == 401
        assert refresh(http_shop, second).status_code == 200
        assert refresh(http_shop, first).status_code == 401

    @pytest.mark.parametrize("wrong", ["client_id", "client_secret"])
    def test_is_of_no_use_to_another_app(self, http_shop: HttpShop, wrong: str) -> None:
        first = install(http_shop)["refresh_token"]
        refused = refresh(http_shop, first, **{wrong: "wrong"})
        assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})
        assert refresh(http_shop, first, grant_type="password").status_code == 400
