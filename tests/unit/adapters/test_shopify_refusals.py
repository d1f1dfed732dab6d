"""What refusals and rate limits mean: one row for each that Shopify was seen or said to send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adapters.shopify_answers import answer_in
from domain.failures import (
    Outage,
    PageTooLarge,
    Permanent,
    Reason,
    SecurityRejected,
    TimedOut,
    TokenRefused,
    Transient,
)
from tests.shopify import an_error, cost, failure, raw, wait

HTML = "<!DOCTYPE html><html><h1>Sorry</h1></html>"
NO_SCOPE = "[API] This action requires merchant approval for read_orders scope."
NOT_APPROVED = "This app is not approved to access the Customer object. See https://partners…"


class TestAnHttpStatus:
    @pytest.mark.parametrize(
        ("status", "body", "reason"),
        [
            (401, {"errors": "[API] Invalid API key or access token"}, Reason.SHOP_UNAUTHORIZED),
            (401, "", Reason.SHOP_UNAUTHORIZED),
            (402, {"errors": "Unavailable Shop"}, Reason.SHOP_UNAVAILABLE),
            (403, {"errors": NO_SCOPE}, Reason.SHOP_UNAUTHORIZED),
            (
                403,
                {"errors": "Non-expiring access tokens are no longer accepted"},
                Reason.SHOP_UNAUTHORIZED,
            ),
            (403, {"errors": "Unavailable Shop"}, Reason.SHOP_UNAVAILABLE),
            (403, HTML, Reason.SHOP_UNAUTHORIZED),
            (404, {"errors": "Not Found"}, Reason.SHOP_UNAVAILABLE),
            (423, {"errors": "Locked"}, Reason.SHOP_UNAVAILABLE),
            (400, {"errors": {"query": "Required parameter missing"}}, Reason.SHOPIFY_ERROR),
            (406, "", Reason.SHOPIFY_ERROR),
            (415, "", Reason.SHOPIFY_ERROR),
            (422, {"errors": [{"message": "no"}]}, Reason.SHOPIFY_ERROR),
            (301, "", Reason.SHOPIFY_ERROR),
            (302, "", Reason.SHOPIFY_ERROR),
            (307, "", Reason.SHOPIFY_ERROR),
        ],
    )
    def test_that_trying_again_does_not_change(
        self, status: int, body: Any, reason: Reason
    ) -> None:
        said = failure(raw(body, status))
        assert isinstance(said, Permanent)
        assert not isinstance(said, PageTooLarge)
        assert said.reason is reason
        assert f"HTTP {status}" in said.message

    @pytest.mark.parametrize("status", [500, 501, 502, 503, 520, 521, 522, 525, 530, 540, 201, 204])
    def test_that_passes(self, status: int) -> None:
        said = failure(raw(HTML, status))
        assert (type(said), said.reason) == (Outage, Reason.SHOPIFY_ERROR)
        assert f"HTTP {status}" in said.message

    @pytest.mark.parametrize("status", [408, 504, 524])
    def test_that_is_a_time_out(self, status: int) -> None:
        assert isinstance(failure(raw(HTML, status)), TimedOut)

    def test_of_a_security_rejection_is_given_five_minutes(self) -> None:
        with pytest.raises(SecurityRejected) as raised:
            answer_in(raw({"errors": "Shopify Security Rejection"}, 430))
        assert raised.value.wait == timedelta(minutes=5)
        assert raised.value.failure.message.endswith("(HTTP 430): Shopify Security Rejection")

    def test_of_a_token_that_is_refused_is_told_from_a_scope_that_is_missing(self) -> None:
        assert isinstance(failure(raw("", 401)), TokenRefused)
        assert not isinstance(failure(raw({"errors": NO_SCOPE}, 403)), TokenRefused)

    def test_of_a_fixed_token_that_is_over_is_one_of_the_token(self) -> None:
        said = "Non-expiring access tokens are no longer accepted for the Admin API."
        assert isinstance(failure(raw({"errors": said}, 403)), TokenRefused)

    def test_of_a_server_that_names_a_wait_is_given_it(self) -> None:
        said = failure(raw(HTML, 503, Retry_After="7.5"))
        assert isinstance(said, Transient)
        assert said.retry_after == timedelta(seconds=7.5)

    def test_is_explained_in_shopifys_words(self) -> None:
        assert NO_SCOPE in failure(raw({"errors": NO_SCOPE}, 403)).message

    def test_is_explained_on_one_line_that_is_not_long(self) -> None:
        message = failure(raw({"errors": "one\ntwo\x00three " + "x" * 1000}, 400)).message
        assert message.startswith("Shopify refused the request (HTTP 400): one two three xxx")
        assert len(message) < 250

    @pytest.mark.parametrize("errors", [7, None, [7, None], {"a": {"b": ["c"]}}, [[]], {}])
    def test_is_understood_whatever_the_body(self, errors: Any) -> None:
        assert "HTTP 401" in failure(raw({"errors": errors}, 401)).message

    def test_of_a_redirect_says_nothing_of_where_to(self) -> None:
        said = failure(raw("", 302, Location="https://elsewhere.example.com/"))
        assert "example" not in said.message


class TestARateLimit:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("2.0", 2),
            ("0.5", 0.5),
            ("30", 30),
            ("1e3", 1000),
            ("86400", 3600),
            ("soon", 2),
            ("", 2),
            ("-1", 2),
            ("nan", 2),
            ("inf", 2),
            ("Wed, 21 Oct 2026 07:28:00 GMT", 2),
        ],
    )
    def test_by_status_lasts_as_long_as_retry_after_says(self, header: str, seconds: float) -> None:
        assert wait(raw({"errors": "Exceeded 2 calls"}, 429, Retry_After=header)) == seconds

    def test_by_status_without_a_wait_lasts_two_seconds(self) -> None:
        assert wait(raw(HTML, 429)) == 2

    def test_by_status_lasts_as_long_as_the_bucket_needs(self) -> None:
        assert wait(raw({"extensions": cost(700, 200, 100)}, 429)) == 5

    @pytest.mark.parametrize(
        ("extensions", "seconds"),
        [
            (cost(752, 666, 50), 1.72),
            (cost(752, 751, 50), 1),
            (cost(752, 1000, 50), 1),
            (cost(1000, 0, 0.1), 3600),
            (cost(752, 0, 0), 2),
            (cost(None, 0, 50), 2),
            ({}, 2),
            (None, 2),
            ({"cost": {"throttleStatus": "none"}}, 2),
            ({"cost": {"requestedQueryCost": True, "throttleStatus": {}}}, 2),
        ],
    )
    def test_by_error_lasts_until_the_bucket_has_enough(
        self, extensions: Any, seconds: float
    ) -> None:
        body = {"errors": [an_error("THROTTLED")], "extensions": extensions}
        assert wait(raw(body)) == pytest.approx(seconds)

    def test_is_known_by_its_message_too(self) -> None:
        assert wait(raw({"errors": [{"message": "Throttled"}]})) == 2

    def test_that_a_full_bucket_would_not_lift_needs_a_smaller_page(self) -> None:
        extensions = cost(752, 500, 50, maximumAvailable=500)
        said = failure(raw({"errors": [an_error("THROTTLED")], "extensions": extensions}))
        assert isinstance(said, PageTooLarge)
        assert (said.cost, said.limit) == (752, 500)
