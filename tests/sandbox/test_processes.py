"""The servers as processes of their own."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest
import requests

from sandbox.processes import Sandbox, Server


def started(arguments: Sequence[str]) -> tuple["subprocess.Popen[bytes]", str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["url"]


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, bytes]:
    _, errors = process.communicate(timeout=10)
    return process.returncode, errors


class TestTheSandbox:
    def test_says_what_to_export(self, sandbox: Sandbox) -> None:
        environment = sandbox.environment()

        assert environment["AWS_ENDPOINT_URL"] == sandbox.aws_url
        assert environment["SYNC_QUEUE_URL"] == f"{sandbox.aws_url}/123456789012/shopify-sync"
        assert environment["SYNC_DLQ_URL"] == f"{sandbox.aws_url}/123456789012/shopify-sync-dlq"
        assert environment["SYNC_SHOPIFY_URL"].endswith("/{shop}")

    def test_serves_the_demo_shop_to_who_has_its_token(self, sandbox: Sandbox) -> None:
        environment = sandbox.environment()
        url = environment["SYNC_SHOPIFY_URL"].format(shop=environment["SANDBOX_SHOP"])

        answer = requests.post(
            f"{url}/admin/api/2026-10/graphql.json",
            json={"query": "{shop {myshopifyDomain} ordersCount {count}}"},
            headers={"X-Shopify-Access-Token": environment["SANDBOX_TOKEN"]},
            timeout=10,
        ).json()

        assert answer["data"] == {
            "shop": {"myshopifyDomain": "demo-shop.myshopify.com"},
            "ordersCount": {"count": 1_250},
        }


class TestAServer:
    @pytest.mark.parametrize("name", ["aws", "shopify", "faults"])
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_ends_cleanly_when_told_to(self, name: str, number: signal.Signals) -> None:
        process, _ = started([name, "--port", "0"])

        process.send_signal(number)

        assert ended(process) == (0, b"")

    @pytest.mark.parametrize("name", ["aws", "shopify", "faults"])
    def test_ends_with_its_parent(self, name: str) -> None:
        process, _ = started([name, "--port", "0", "--end-with-parent"])
        assert process.stdin is not None

        process.stdin.close()
        process.stdin = None

        assert ended(process) == (0, b"")

    def test_ends_when_its_parent_is_killed(self) -> None:
        code = (
            "from sandbox.processes import Server\n"
            "server = Server('shopify', ['--port', '0'])\n"
            "print(server.url(), server.pid, flush=True)\n"
            "import time; time.sleep(60)\n"
        )
        parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert parent.stdout is not None
        url, pid = parent.stdout.readline().decode().split()
        child = os.pidfd_open(int(pid))

        parent.kill()
        parent.communicate()

        gone, _, _ = select.select([child], [], [], 10)
        os.close(child)
        assert gone, f"the server at {url} outlived its parent"

    def test_says_that_a_port_is_taken(self) -> None:
        first, url = started(["shopify", "--port", "0"])
        port = url.rpartition(":")[2]

        second = subprocess.run(
            [sys.executable, "-m", "sandbox", "shopify", "--port", port],
            capture_output=True,
            check=False,
            timeout=20,
        )

        first.terminate()
        ended(first)
        assert second.returncode == 1
        assert b"cannot listen on port" in second.stderr
        assert b"Traceback" not in second.stderr

    def test_makes_shops_as_its_options_say(self) -> None:
        server = Server("shopify", ["--port", "0", "--orders", "5", "--plan", "plus"])

        answer = requests.post(
            f"{server.url()}/new-one.myshopify.com/admin/api/2026-10/graphql.json",
            json={"query": "{ordersCount {count}}"},
            headers={"X-Shopify-Access-Token": "shpat_sandbox_new-one"},
            timeout=10,
        ).json()

        assert server.stop() == 0
        assert answer["data"]["ordersCount"]["count"] == 5
        assert answer["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 20_000
