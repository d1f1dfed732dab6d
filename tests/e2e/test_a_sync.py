"""A shop's orders arrive, whatever happens to the worker."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
import requests

from tests.e2e.running import wait_until
from tests.e2e.world import World


class TestASync:
    def test_stores_every_order_once_whole(self, world: World) -> None:
        world.connect("whole", "whole-shop.myshopify.com", orders=1_010)
        world.worker()
        world.request("whole", "initial")
        run = world.completed("whole", "initial")
        assert (run["totalSaved"], run["totalFailed"]) == (1_010, 0)
        assert run["totalExpected"] == 1_010
        assert run["page"] == 6
        assert len(world.stored("whole")) == 1_010
        assert world.long_orders("whole", lines=299) == 1
        wait_until(lambda: world.depth() == 0, what="queue empty")
        assert world.depth("SYNC_DLQ_URL") == 0

    @pytest.mark.parametrize(
        ("end", "source"),
        [(signal.SIGKILL, "graphql"), (signal.SIGTERM, "graphql"), (signal.SIGKILL, "rest")],
    )
    def test_goes_on_wherever_its_worker_is_ended(
        self, world: World, end: signal.Signals, source: str
    ) -> None:
        user = f"ended-{end.name}-{source}"
        shop = f"{user.lower()}.myshopify.com"
        world.connect(user, shop, orders=250, most_lines=2)
        settings = {"SYNC_PAGE_SIZE": "25", "SYNC_SOURCE_MANUAL": source}
        worker = world.worker(**settings)
        world.request(user)
        for page in (2, 5, 8):
            world.reached(user, page)
            worker.signal(end)
            assert worker.ended() == (-signal.SIGKILL if end is signal.SIGKILL else 0)
            worker = world.worker(**settings)
        run = world.completed(user)
        assert (run["totalSaved"], run["page"], run["source"]) == (250, 11, source)
        assert len(world.stored(user)) == 250

    def test_that_is_asked_for_twice_is_one_run(self, world: World) -> None:
        world.connect("twice", "twice-shop.myshopify.com", orders=120, most_lines=2)
        for _ in range(2):
            asked = world.command("publish", "twice", "--type", "manual")
            assert asked.returncode == 0, asked.stderr
        world.request("twice", requestId="the-same")
        world.request("twice", requestId="the-same")
        # Long enough that whoever comes late finds it running.
        worker = world.worker(SYNC_PAGE_SIZE="20", SYNC_PAGE_DELAY_MANUAL="2")
        run = world.completed("twice")
        wait_until(lambda: world.depth() == 0, what="queue empty")
        assert world.checkpoint("twice")["runId"] == run["runId"]
        assert run["totalSaved"] == 120
        started = [line for line in worker.lines() if "started" in str(line.values())]
        assert len({line.get("runId") for line in started if line.get("runId")}) <= 1

    def test_with_nothing_new_reads_one_page_and_writes_no_order(self, world: World) -> None:
        world.connect("again", "again-shop.myshopify.com", orders=200, most_lines=2)
        world.worker()
        world.request("again", "initial")
        world.completed("again", "initial")
        before = world.stored("again")
        world.request("again", "manual")
        run = world.completed("again", "manual")
        assert run["totalSaved"] == 200
        assert world.stored("again") == before

    def test_holds_no_more_than_its_pages_in_memory(self, world: World) -> None:
        world.connect("large", "large-shop.myshopify.com", orders=1_200)
        worker = world.worker(SYNC_WORKERS="1", SYNC_PAGE_SIZE="30")
        world.request("large", "initial")
        world.reached("large", 8, "initial")
        early = _peak_rss(worker.process.pid)
        world.completed("large", "initial", within=240)
        assert _peak_rss(worker.process.pid) - early < 10
        assert len(world.stored("large")) == 1_200


class TestAWorkersOpsServer:
    def test_answers_as_the_contract_says(self, world: World) -> None:
        port = _free_port()
        world.connect("ops", "small-shop.myshopify.com")
        worker = world.worker(SYNC_HTTP_PORT=str(port))
        world.request("ops")
        world.completed("ops")
        root = f"http://127.0.0.1:{port}"
        assert requests.get(f"{root}/healthz", timeout=5).status_code == 200
        assert requests.get(f"{root}/readyz", timeout=5).status_code == 200
        metrics = requests.get(f"{root}/metrics", timeout=5).text
        assert 'shopify_sync_orders_saved_total{sync_type="manual"} 40.0' in metrics
        assert 'shopify_sync_runs_total{event="completed",sync_type="manual"} 1.0' in metrics
        assert requests.get(f"{root}/nothing", timeout=5).status_code == 404
        worker.signal(signal.SIGTERM)
        assert worker.ended() == 0


def _peak_rss(pid: int) -> int:
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
