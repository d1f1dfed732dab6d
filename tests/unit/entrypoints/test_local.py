"""`sandbox`: where people find it."""

from __future__ import annotations

from entrypoints.commands import local
from sandbox import ports


class TestTheSandboxCommand:
    def test_listens_where_the_sandbox_says_that_it_does(self) -> None:
        assert (local.AWS_PORT, local.SHOPIFY_PORT) == (ports.AWS_PORT, ports.SHOPIFY_PORT)
