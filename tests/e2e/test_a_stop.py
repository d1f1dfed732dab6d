"""A worker that is told to stop leaves nothing hidden in the queue."""

from __future__ import annotations

import signal
from time import monotonic

from tests.e2e.running import wait_until
from tests.e2e.world import World

USERS = 6


class TestAStop:
    def test_of_a_busy_worker_leaves_nothing_in_flight(self, world: World) -> None:
        users = [f"busy-{number}" for number in range(USERS)]
        for number, user in enumerate(users):
            world.connect(user, f"busy-shop-{number}.myshopify.com", orders=60, most_lines=2)
        worker = world.worker(SYNC_PAGE_SIZE="10", SYNC_WORKERS="4")
        for user in users:
            world.request(user)
        wait_until(lambda: any(world.checkpoint(user) for user in users))
        began = monotonic()
        worker.signal(signal.SIGTERM)
        assert worker.ended() == 0
        assert monotonic() - began < 29
        attributes = world.sqs.get_queue_attributes(
            QueueUrl=world.environment["SYNC_QUEUE_URL"],
            AttributeNames=["ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
        settled = [line for line in worker.lines() if line["event"] == "message settled"]
        assert len({line["messageId"] for line in settled}) == len(settled)
        world.worker(SYNC_PAGE_SIZE="10")
        for user in users:
            assert world.completed(user)["totalSaved"] == 60
