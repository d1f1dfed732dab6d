"""The webhook of docs/privacy.md, for the topics that Shopify sends to one address."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from domain.messages import PurgeRequest, RedactRequest
from entrypoints.messages import decode

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
NODE = shutil.which("node")
PAYLOAD = {
    "shop_id": 954889,
    "shop_domain": "demo-shop.myshopify.com",
    "customer": {"id": 191167, "email": "somebody@example.com"},
}


def published(topic: str, **more: object) -> str:
    """The body that the page's code publishes for a webhook; "null": it publishes none."""
    (function,) = re.findall(r"^function messageFor.+?^}$", PAGE, flags=re.MULTILINE | re.DOTALL)
    given = json.dumps([topic, {**PAYLOAD, **more}, "user-1", "webhook-1"])
    script = f"{function}\nconsole.log(JSON.stringify(messageFor(...{given})))"
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.mark.skipif(NODE is None, reason="the page's code is JavaScript, and there is no node")
class TestTheWebhook:
    def test_asks_for_a_purge_when_a_shop_is_to_be_forgotten(self) -> None:
        assert decode(published("shop/redact"), "id-1") == PurgeRequest("user-1", "webhook-1")

    def test_asks_for_a_redaction_when_a_customer_is(self) -> None:
        body = published("customers/redact", orders_to_redact=[299938, 280263])
        assert decode(body, "id-1") == RedactRequest("user-1", "191167", ("299938", "280263"))

    def test_erases_nothing_when_a_customer_asks_what_is_kept(self) -> None:
        assert published("customers/data_request", orders_requested=[299938]) == "null"
