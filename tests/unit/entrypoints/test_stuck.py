"""Workers that are at one message for too long."""

from __future__ import annotations

from datetime import timedelta

from domain.occurrences import Reported
from entrypoints.stuck import STUCK_AFTER, StuckWorkers
from tests.consuming import Consuming

SECOND = timedelta(seconds=1)


def stuck(world: Consuming) -> list[str]:
    return [each.text for each in world.observer.of(Reported) if each.subject == "worker stuck"]


class TestStuckWorkers:
    def test_are_named_with_where_they_are(self) -> None:
        world = Consuming()
        world.work.hold_up()
        message = world.inbox.put("customer@example.com")
        look = StuckWorkers(world.consumer.pulse, world.clock, world.observer).look
        with world.running():
            world.started()
            world.clock.advance(STUCK_AFTER - SECOND)
            look()
            assert stuck(world) == []
            world.clock.advance(SECOND)
            look()
            (text,) = stuck(world)
            assert text.startswith("worker-")
            assert f" has been at message {message} for 300 s: threading.py:" in text
            assert "consuming.py" in text
            assert "customer" not in text

    def test_are_named_once_for_each_delivery(self) -> None:
        world = Consuming()
        world.work.hold_up()
        world.inbox.put("body")
        look = StuckWorkers(world.consumer.pulse, world.clock, world.observer).look
        with world.running():
            world.started()
            world.clock.advance(STUCK_AFTER)
            look()
            look()
            assert len(stuck(world)) == 1
