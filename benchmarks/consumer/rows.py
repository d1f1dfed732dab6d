"""The rows of the table: what is done to a consumer, and what was seen of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.consumer.consumers import Consumer
from benchmarks.consumer.stage import DLQ, QUEUE, Stage
from sandbox.strict_sqs.desk import Call

HIDDEN_FOR = 30
HIDDEN_BRIEFLY = 5
BUSY_MESSAGES = 20
BUSY_SECONDS = 3
OUTAGE = 30
AFTERWARDS = 20
SLOW_SECONDS = 12
SLOW_WATCH = 45
POISON_WATCH = 30
LAST_PATIENCE = 60

_NUMBERS = count(1)
Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario; the cells it gives are named by what is in the table's first column."""

    name: str
    play: Callable[[Consumer], Cells]


def names(how_many: int) -> list[str]:
    """Of messages that nobody has had yet."""
    return [f"m{next(_NUMBERS)}-{time.time_ns() % 10**9}" for _ in range(how_many)]


def idle(consumer: Consumer) -> Cells:
    """SIGTERM a second after a poll has begun, with nothing to do."""
    with Stage(HIDDEN_FOR, seconds=0) as stage:
        consumer.start(stage)
        stage.until_polling()
        time.sleep(1)
        return {"SIGTERM, idle: exit after": _exit(stage)}


def busy(consumer: Consumer) -> Cells:
    """SIGTERM a second after the first of 20 messages was started."""
    with Stage(HIDDEN_FOR, BUSY_SECONDS) as stage:
        consumer.send(stage, names(BUSY_MESSAGES))
        sent = {message.message_id for message in stage.desk.engine.stored(stage.url)}
        consumer.start(stage)
        stage.until(lambda: stage.ledger.started, "a first start")
        time.sleep(1)
        exited = _exit(stage)
        now = time.time()
        left = stage.desk.engine.stored(stage.url)
        hidden = [message.visible_at - now for message in left if message.visible_at > now]
        delivered = {
            message["MessageId"] for call in stage.desk.since(0.0) for message in call.messages
        }
        counts = (
            len(delivered),
            len(stage.ledger.started),
            len(stage.ledger.finished),
            len(sent - {message.message_id for message in left}),
        )
        return {
            "SIGTERM, busy: exit after": exited,
            "… delivered / started / finished / deleted": "/".join(map(str, counts)),
            "… left hidden": f"{len(hidden)}, for {_span(max(hidden))}" if hidden else "0",
        }


def server_errors(consumer: Consumer) -> Cells:
    return _outage(consumer, "server-error", "30 s of 5xx")


def throttling(consumer: Consumer) -> Cells:
    return _outage(consumer, "throttled", "30 s of throttling")


def access_denied(consumer: Consumer) -> Cells:
    return _outage(consumer, "access-denied", "30 s of 403")


def slow(consumer: Consumer) -> Cells:
    """Work of 12 s under a visibility time-out of 5 s, watched for 45 s."""
    return {
        "work 12 s, visibility 5 s: started": _slow(consumer, tuned=False),
        "… told of it, or with its heartbeat": _slow(consumer, tuned=True),
    }


def poison(consumer: Consumer) -> Cells:
    """A body that is no message, in a queue that hides messages for 5 s, watched for 30 s."""
    with Stage(HIDDEN_BRIEFLY, seconds=0) as stage:
        stage.desk.engine.send_message(QueueUrl=stage.url, MessageBody="not json {")
        consumer.start(stage)
        stage.until(lambda: _delivered(stage.desk.since(0.0)), "a delivery")
        time.sleep(POISON_WATCH)
        return {"poison body": f"{_fate(stage)}, {_times(_delivered(stage.desk.since(0.0)))}"}


def killed(consumer: Consumer) -> Cells:
    """SIGKILL to all of its processes a second after the start of long work."""
    with Stage(HIDDEN_FOR, seconds=LAST_PATIENCE) as stage:
        consumer.send(stage, names(1))
        consumer.start(stage)
        stage.until(lambda: stage.ledger.started, "a first start")
        time.sleep(1)
        stage.kill()
        (message,) = stage.desk.engine.stored(stage.url)
        return {"kill -9: delivered again after": _span(max(message.visible_at - time.time(), 0))}


ROWS: Sequence[Row] = tuple(
    Row(play.__name__, play)
    for play in (idle, busy, server_errors, throttling, access_denied, slow, poison, killed)
)


def _outage(consumer: Consumer, trouble: str, title: str) -> Cells:
    """Every ReceiveMessage is refused for 30 s; then a message is sent and 20 s are watched."""
    with Stage(HIDDEN_FOR, seconds=0) as stage:
        consumer.start(stage)
        stage.until_polling()
        time.sleep(1)
        began = time.monotonic()
        stage.desk.trouble("ReceiveMessage", trouble, OUTAGE)
        time.sleep(OUTAGE)
        recovered = time.monotonic()
        refused = [call for call in stage.desk.since(began) if call.status != 200]  # noqa: PLR2004 - HTTP's OK
        exited = stage.ended
        consumer.send(stage, names(1))
        time.sleep(max(recovered + AFTERWARDS - time.monotonic(), 0))
        ending = "" if exited is None else f", then exit {exited}"
        polls = len([call for call in stage.desk.since(recovered) if call.began >= recovered])
        alive = "" if stage.ended is None else f", exited {stage.ended}"
        done = [at for _, at in stage.ledger.finished]
        handled = f"{_span(done[0] - recovered)}" if done else "never"
        return {
            f"{title}: receive calls": f"{len(refused)}{ending}",
            f"{title}: polls in the 20 s after": f"{polls + stage.desk.polls_under_way}{alive}",
            f"{title}: next message done after": handled,
        }


def _slow(consumer: Consumer, *, tuned: bool) -> str:
    with Stage(HIDDEN_BRIEFLY, SLOW_SECONDS) as stage:
        consumer.send(stage, names(1))
        consumer.start(stage, tuned=tuned)
        stage.until(lambda: stage.ledger.started, "a first start")
        time.sleep(SLOW_WATCH)
        deleted = "deleted" if not stage.desk.engine.stored(stage.url) else "never deleted"
        return f"{len(stage.ledger.started)}, {deleted}"


def _exit(stage: Stage) -> str:
    began = time.monotonic()
    stage.terminate()
    code = stage.exit_code(LAST_PATIENCE)
    if code is None:
        return f"not within {LAST_PATIENCE} s"
    return f"{time.monotonic() - began:.1f} s, code {code}"


def _fate(stage: Stage) -> str:
    engine = stage.desk.engine
    dead = engine.stored(DLQ) if DLQ in engine.queues else ()
    if dead:
        reason = dead[0].attributes.get("reason", {}).get("StringValue", "unknown")
        return f"quarantined as {reason}"
    left = engine.stored(QUEUE)
    if not left:
        return "deleted"
    hidden = left[0].visible_at - time.time()
    return f"hidden for {_span(hidden)}" if hidden > HIDDEN_BRIEFLY else "redelivered"


def _delivered(calls: Sequence[Call]) -> int:
    return sum(len(call.messages) for call in calls)


def _times(number: int) -> str:
    return "1 delivery" if number == 1 else f"{number} deliveries"


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.0f} h" if seconds > 3600 else f"{seconds:.1f} s"  # noqa: PLR2004 - an hour


def merged(results: Sequence[Mapping[str, str]]) -> Cells:
    return {name: value for cells in results for name, value in cells.items()}
