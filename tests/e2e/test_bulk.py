"""A sync through a bulk operation, by real processes."""

from __future__ import annotations

import signal

from tests.e2e.running import wait_until
from tests.e2e.world import World

BULK = {"SYNC_SOURCE_INITIAL": "bulk", "SYNC_PAGE_SIZE": "25"}
SHOP = "bulk-shop.myshopify.com"


class TestASyncThroughABulkOperation:
    def test_goes_on_wherever_its_worker_is_killed(self, world: World) -> None:
        world.connect("bulk", SHOP, orders=300)
        world.tell("POST", "/_sandbox/bulk", {"running": 3600})
        worker = world.worker(**BULK)
        world.request("bulk", "initial")
        shown = "Shopify prepares the orders"  # but for the moments in which a worker looks
        status = ("status", "bulk", "--type", "initial")
        wait_until(lambda: shown in world.command(*status).stdout, what="being prepared")
        world.tell("POST", "/_sandbox/bulk", {"running": 0})
        for page in (1, 5, 9):
            world.reached("bulk", page, "initial")
            worker.signal(signal.SIGKILL)
            assert worker.ended() == -signal.SIGKILL
            worker = world.worker(**BULK)
        run = world.completed("bulk", "initial")
        assert (run["totalSaved"], run["totalFailed"], run["totalExpected"]) == (300, 0, 300)
        assert (run["page"], run["source"]) == (13, "bulk")
        assert len(world.stored("bulk")) == 300
        assert world.long_orders("bulk", lines=299) == 1
        downloads = world.tell("GET", "/_sandbox/bulk")["requests"]
        ours = [each for each in downloads if each["shop"] == SHOP]
        assert 12 <= len(ours) <= 12 + 3
        assert not any(each["token"] or each["cookie"] for each in ours)
        wait_until(lambda: world.depth() == 0, what="queue empty")
        assert world.depth("SYNC_DLQ_URL") == 0
