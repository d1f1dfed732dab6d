"""The daemon's process: from its settings to its exit code."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta

from adapters.dynamodb_reach import reach_orders
from adapters.logs import install
from adapters.prometheus import CONTENT_TYPE
from config.container import Container
from config.settings import Settings, load
from domain.breakers import STATE
from domain.messages import RunKey, SyncType
from entrypoints.assembly import consumer_of
from entrypoints.chores import Chore, Chores
from entrypoints.commands.complaints import WrongUsage
from entrypoints.consumer import Consumer
from entrypoints.health import Liveness, Readiness
from entrypoints.messages import encode
from entrypoints.ops_server import Answer, OpsServer, Page, PortInUse
from entrypoints.shutdown import ShutdownBudget
from entrypoints.stop_signals import stop_signals
from entrypoints.stuck import StuckWorkers

DONE = 0
FAILED = 1
GAUGES_EVERY = timedelta(seconds=30)
READINESS_EVERY = timedelta(seconds=5)
STUCK_EVERY = timedelta(seconds=30)
TAKE_UP_AT_ONCE = 20
NOBODY = "nobody"
"""A user without a shop: reading what is theirs shows that a table answers."""


def work() -> int:
    """Consume until a signal stops it; 0 then, 1 if the queue refuses us for good.

    Raises SettingsError and WrongUsage (a port that is taken) before anything has begun.
    """
    settings = load()
    log = install(sys.stderr, settings.log_format, settings.log_level)
    threading.excepthook = _log_thread_death
    container = Container(settings=settings, encode=encode)
    for name in container.misspelt():
        _say(log, logging.WARNING, "no such setting", name=name)
    limit = container.dead_letter_limit()
    consumer = consumer_of(container, limit)
    readiness = Readiness(consumer.pulse, _parts(container), limit)
    container.counting().watch_pages_in_flight(lambda: len(consumer.pulse().busy_since))
    chores = Chores(container.stopping(), container.chance(), container.observer())
    _collect_less_garbage()
    with (
        _ops_server(settings, _pages(container, consumer, readiness)) as server,
        stop_signals(consumer.stop),
        chores.going_on(_chores(container, consumer, readiness)),
    ):
        version, port = container.version(), server.port
        _say(log, logging.INFO, "worker started", version=version, port=port, pid=os.getpid())
        _say_how_long_a_stop_takes(log, settings)
        ended = consumer.run()
    if ended.failure is not None:
        _say(log, logging.ERROR, "worker gave up", error=ended.failure.message)
        return FAILED
    _say(log, logging.INFO, "worker stopped", finished=ended.finished)
    if not ended.finished:
        _leave()
    return DONE


def _pages(container: Container, consumer: Consumer, readiness: Readiness) -> Mapping[str, Page]:
    settings: Settings = container.settings()
    counting = container.counting()
    return {
        "/metrics": lambda: Answer(counting.exposition(), CONTENT_TYPE),
        "/healthz": Liveness(
            consumer.pulse, container.clock(), settings.workers, settings.visibility
        ),
        "/readyz": readiness,
    }


def _parts(container: Container) -> dict[str, Callable[[], object]]:
    settings: Settings = container.settings()
    dynamodb, checkpoints, shops = (
        container.dynamodb(),
        container.checkpoints(),
        container.shops(),
    )
    return {
        settings.checkpoints_table: lambda: checkpoints.find(RunKey(NOBODY, SyncType.INITIAL)),
        settings.orders_table: lambda: reach_orders(dynamodb, settings.orders_table, NOBODY),
        settings.shops_table: lambda: shops.find(NOBODY),
    }


def _chores(container: Container, consumer: Consumer, readiness: Readiness) -> tuple[Chore, ...]:
    """The watchdog looks thrice in a grace: a stalled run waits for little more than the grace."""
    grace = container.policy().stall_grace
    gauges, watchdog, breakers = container.gauges(), container.watchdog(), container.breakers()
    stuck = StuckWorkers(consumer.pulse, container.clock(), container.observer())

    def watch() -> None:
        # While no due time could be written many runs are past theirs, and none of them is lost.
        if breakers.calm(STATE):
            watchdog(TAKE_UP_AT_ONCE)

    return (
        Chore("readiness", READINESS_EVERY, readiness.look),
        Chore("gauges", GAUGES_EVERY, gauges.refresh),
        Chore("watchdog", grace / 3, watch),
        Chore("stuck workers", STUCK_EVERY, stuck.look),
        Chore("breakers", STUCK_EVERY, breakers.forget_idle),
    )


def _say_how_long_a_stop_takes(log: logging.Logger, settings: Settings) -> None:
    budget = ShutdownBudget(settings.long_poll, timedelta(seconds=settings.shutdown_grace))
    level = logging.INFO if budget.fits else logging.WARNING
    text = "let the orchestrator kill the process no earlier after it asked it to stop"
    _say(log, level, "a stop takes at most", seconds=budget.total.total_seconds(), text=text)


def _ops_server(settings: Settings, pages: Mapping[str, Page]) -> OpsServer:
    try:
        return OpsServer(settings.http_host, settings.http_port, pages)
    except PortInUse as taken:
        raise WrongUsage(str(taken)) from taken


def _say(log: logging.Logger, level: int, event: str, **fields: object) -> None:
    log.log(level, event, extra={"fields": fields})


def _log_thread_death(death: threading.ExceptHookArgs) -> None:
    """Like every exception in the log: where, but not its text."""
    name = death.thread.name if death.thread is not None else "?"
    logging.getLogger("shopify_sync").error(
        "thread died",
        exc_info=(death.exc_type, death.exc_value or death.exc_type(), death.exc_traceback),
        extra={"fields": {"thread": name}},
    )


def _collect_less_garbage() -> None:
    """A page is some hundred thousand small objects without a cycle among them.

    The collector's defaults would go through them, and through every library, dozens of times
    while a page is read: most of its CPU time (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _leave() -> None:
    """A worker thread hangs, its message is given back: do not wait for it at exit."""
    logging.shutdown()
    os._exit(DONE)
