"""What must hold under any schedule."""

from __future__ import annotations

from collections import defaultdict

from tests.simulation.world import Advance, Simulation


def check(simulation: Simulation) -> None:
    """Raise AssertionError for the first property that a finished simulation violates."""
    by_run: dict[str, list[Advance]] = defaultdict(list)
    for advance in simulation.checkpoints.advances:
        by_run[advance.run_id].append(advance)
    for run_id, advances in by_run.items():
        pages = [advance.page for advance in advances]
        assert pages == list(range(1, len(pages) + 1)), f"pages of {run_id}: {pages}"
    for advance in simulation.checkpoints.advances:
        assert advance.counted == len(advance.orders), f"{advance} counted wrongly"
    _check_orders(simulation)


def _check_orders(simulation: Simulation) -> None:
    stored = simulation.daemon.orders.of("user-1")
    named = {i for batch in simulation.daemon.failed_batches.all for i in batch.order_ids}
    for advance in simulation.checkpoints.advances:
        for order in advance.orders:
            found = stored.get(order.order_id)
            there = found is not None and found.updated_at >= order.updated_at
            assert there or order.order_id in named, f"order {order.order_id} is lost"
