"""Shopify's token endpoint: what is sent, what answers mean, and that no secret shows."""

from __future__ import annotations

import json
import traceback
from datetime import timedelta
from typing import Any

import pytest
import responses

from adapters.retrying import Retrying
from adapters.shopify_grants import AppCredentials, ShopifyGrants
from domain.failures import (
    ClientRefused,
    Failure,
    Outage,
    Permanent,
    RateLimited,
    Reason,
    RefreshRefused,
    SecurityRejected,
    TimedOut,
    Transient,
)
from tests.fakes.clock import FakeClock
from tests.shopify import JSON, SHOP, TOKEN, Bench, Evenly, a_connected_shop

URL = f"https://{SHOP}/admin/oauth/access_token"
SECRET = "hush_0123456789"
REFRESH = "shprt_0123456789abcdef"
PAIR = {
    "access_token": "shpat_new",
    "scope": "read_orders, read_customers",
    "expires_in": 3600,
    "refresh_token": "shprt_new",
    "refresh_token_expires_in": 7_776_000,
}
INACTIVE = "This request requires an active refresh_token"
MEANINGS: list[tuple[int, Any, type[Exception]]] = [
    (401, {"error": "invalid_request", "error_description": INACTIVE}, RefreshRefused),
    (400, {"error": "invalid_grant"}, RefreshRefused),
    (401, {"error": "invalid_grant"}, RefreshRefused),
    (400, {"error": "invalid_client"}, ClientRefused),
    (401, {"error": "invalid_client"}, ClientRefused),
    (401, {"error": "invalid_request"}, Transient),
    (401, "", Transient),
    (401, "<html>", Transient),
    (400, {"error": "invalid_request"}, Permanent),
    (402, {"errors": "Unavailable Shop"}, Permanent),
    (404, {"errors": "Not Found"}, Permanent),
    (429, {"errors": "Exceeded"}, RateLimited),
    (430, {"errors": "Shopify Security Rejection"}, SecurityRejected),
    (500, {"error": "invalid_grant"}, Outage),
    (504, "", TimedOut),
    (520, "error code: 520", Outage),
    (200, "{", Transient),
    (200, {**PAIR, "access_token": None}, Transient),
    (200, {**PAIR, "refresh_token": None}, Transient),
    (200, {**PAIR, "expires_in": None}, Transient),
]


def grants(bench: Bench, **changes: Any) -> ShopifyGrants:
    app = {"client_id": "app", "client_secret": SECRET, **changes}
    attempts = Retrying(bench.retries, bench.pause, Evenly(), bench.observer)
    return ShopifyGrants(bench.transport, attempts, AppCredentials(**app))


def answer(status: int, body: Any) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    responses.post(URL, status=status, body=text, content_type=JSON)


class TestARequestForTokens:
    @responses.activate
    def test_is_sent_as_shopify_documents_it_and_with_no_access_token(self) -> None:
        answer(200, PAIR)
        tokens = grants(Bench()).refresh(a_connected_shop(), REFRESH)
        (call,) = responses.calls
        assert json.loads(call.request.body or "") == {
            "client_id": "app",
            "client_secret": SECRET,
            "grant_type": "refresh_token",
            "refresh_token": REFRESH,
        }
        assert "X-Shopify-Access-Token" not in call.request.headers
        assert TOKEN not in str(call.request.body)
        assert (tokens.access, tokens.refresh) == ("shpat_new", "shprt_new")
        assert tokens.scopes == ("read_orders", "read_customers")

    @pytest.mark.parametrize("missing", ["client_id", "client_secret"])
    def test_is_not_sent_without_the_apps_own_credentials(self, missing: str) -> None:
        with pytest.raises(ClientRefused, match=r"SYNC_SHOPIFY_CLIENT_ID and .* are not set"):
            grants(Bench(), **{missing: None}).refresh(a_connected_shop(), REFRESH)


class TestAnAnswer:
    @responses.activate
    @pytest.mark.parametrize(("status", "body", "kind"), MEANINGS)
    def test_disables_a_shop_only_where_shopify_says_so(
        self, status: int, body: Any, kind: type[Exception]
    ) -> None:
        answer(status, body)
        with pytest.raises(kind) as raised:
            grants(Bench(retries=0)).refresh(a_connected_shop(), REFRESH)
        assert type(raised.value) is kind
        if isinstance(raised.value, RefreshRefused):
            assert raised.value.reason is Reason.SHOP_UNAUTHORIZED

    @responses.activate
    @pytest.mark.parametrize(
        ("minutes", "told"),
        [(0, "for another one 0 min ago"), (59, "for another one 59 min ago"), (60, None)],
    )
    def test_tells_an_uninstalled_app_from_a_wrong_secret_as_far_as_that_goes(
        self, minutes: int, told: str | None
    ) -> None:
        clock = FakeClock()
        asked = grants(Bench(retries=0, clock=clock))
        other = "other.myshopify.com"
        responses.post(URL.replace(SHOP, other), json=PAIR)
        answer(401, {"error": "invalid_client"})
        asked.refresh(a_connected_shop(other), REFRESH)
        clock.advance(timedelta(minutes=minutes))
        with pytest.raises(ClientRefused) as raised:
            asked.refresh(a_connected_shop(), REFRESH)
        assert "SYNC_SHOPIFY_CLIENT_SECRET" in raised.value.message
        assert ("uninstalled" in raised.value.message) == (told is not None)
        assert told is None or told in raised.value.message

    @responses.activate
    def test_says_nothing_of_an_uninstalled_app_because_the_shops_own_refresh_was_good(
        self,
    ) -> None:
        asked = grants(Bench(retries=0))
        answer(200, PAIR)
        asked.refresh(a_connected_shop(), REFRESH)
        responses.reset()
        answer(401, {"error": "invalid_client"})
        with pytest.raises(ClientRefused) as raised:
            asked.refresh(a_connected_shop(), REFRESH)
        assert "uninstalled" not in raised.value.message

    @responses.activate
    @pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 430, 500, 520])
    def test_shows_no_secret_whatever_it_repeats(
        self, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        repeated = f"no such token: {REFRESH}, {SECRET}"
        body = {"errors": repeated, "error": repeated, "error_description": repeated}
        answer(status, body)
        bench = Bench(retries=0)
        with pytest.raises((Failure, SecurityRejected)) as raised:
            grants(bench).refresh(a_connected_shop(), REFRESH)
        texts = (
            repr(raised.value),
            *traceback.format_exception(raised.value),
            caplog.text,
            repr(bench.observer.occurrences),
            repr(grants(bench)),
        )
        assert not any(secret in "".join(texts) for secret in (REFRESH, SECRET))
