"""Which contract tests a fake has to keep."""

from __future__ import annotations

from collections.abc import Mapping

_CHECKPOINTS = (
    "test_checkpoint_changes.py::TestFakeCheckpoints",
    "test_checkpoint_upkeep.py::TestFakeCheckpoints",
    "test_checkpoint_troubles.py::TestFakeCheckpoints",
)
_FAILED_BATCHES = (
    "test_failed_batch_store.py::TestFakeFailedBatches",
    "test_failed_batch_troubles.py::TestFakeFailedBatches",
)
_SHOPS = ("test_shop_directory.py::TestFakeShops",)

SUITES: Mapping[str, tuple[str, ...]] = {
    "chance": ("test_time_and_chance.py::TestFakeChance",),
    "checkpoints": (*_CHECKPOINTS, "test_erasures.py::TestInMemory"),
    "clock": ("test_time_and_chance.py::TestFakeClock",),
    "erasures": ("test_erasures.py::TestInMemory",),
    "failed_batches": _FAILED_BATCHES,
    "faults": (*_CHECKPOINTS, *_FAILED_BATCHES, *_SHOPS),
    "grants": ("test_token_grants.py::TestFakeGrants",),
    "inbox": (
        "test_inbox.py::TestFakeInbox",
        "test_deliveries.py::TestFakeInbox",
        "test_inbox_troubles.py::TestFakeInbox",
    ),
    "leases": ("test_leases.py::TestFakeLeases", "test_leases.py::TestFakeLease"),
    "observer": ("test_observer.py::TestFakeObserver",),
    "order_source": ("test_order_source.py::TestFakeOrderSource",),
    "orders": (
        "test_order_store.py::TestFakeOrders",
        "test_order_troubles.py::TestFakeOrders",
        "test_withheld_fields.py::TestInMemory",
    ),
    "pause": ("test_time_and_chance.py::TestFakePause",),
    "publisher": ("test_publisher.py::TestFakePublisher",),
    "queue": (
        "test_deliveries.py::TestSimulatedQueue",
        "test_publisher.py::TestSimulatedQueue",
    ),
    "shops": _SHOPS,
}
"""By the name of the fake's module in tests/fakes."""
