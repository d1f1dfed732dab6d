"""What happened, written to the log: one line for each settled delivery, and few others."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from threading import local
from typing import TextIO, TypeAlias

from adapters.log_lines import ConsoleLines, JsonLines
from domain.messages import RunKey
from domain.occurrences import (
    AttemptFailed,
    BatchKept,
    BatchRetried,
    BreakerChanged,
    DeadLettersHeldBack,
    ErasureDone,
    HoldLost,
    MessageSettled,
    Occurrence,
    PageMadeSmaller,
    PageStored,
    ReceiveFailed,
    Reported,
    Retried,
    RunChanged,
    RunCompared,
    RunWarned,
    ShopChanged,
    ShopEvent,
    TakenUp,
    WaitedForRateLimit,
)
from domain.ports import Observer

NAME = "shopify_sync"
Fields: TypeAlias = dict[str, object]


class Logs(Observer):
    """Writes occurrences to our logger.

    What is stated while a delivery is worked on (the run, the page, the counts) is kept for its
    thread and comes out in the one line that says how the delivery ended.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._delivery = local()

    def notice(self, occurrence: Occurrence) -> None:
        match occurrence:
            case MessageSettled():
                self._settled(occurrence)
            case PageStored():
                self._page_stored(occurrence)
            case RunChanged():
                self._run_changed(occurrence)
            case AttemptFailed(key, run_id, page, attempt, reason, error):
                facts = _of(key, run_id)
                self._keep(**facts, page=page, attempt=attempt, reason=reason.value, error=error)
            case BatchKept(key, run_id, page, batch_id, error):
                where = {**_of(key, run_id), "page": page, "batchId": batch_id}
                self._say(logging.ERROR, "orders could not be stored", **where, error=error)
            case BatchRetried(key, saved, failed):
                self._keep(**_of(key), saved=saved, failed=len(failed), **_kinds(failed))
            case Retried(target, reason):
                self._say(logging.WARNING, "call retried", target=target, reason=reason)
            case WaitedForRateLimit(source, wait, in_queue):
                sat_out = "queue" if in_queue else "worker"
                seconds = _seconds(wait)
                self._say(logging.INFO, "rate limited", source=source, wait=seconds, where=sat_out)
            case Reported(subject, text):
                self._say(logging.WARNING, subject, text=text)
            case _:
                self._about_a_run(occurrence)

    def _about_a_run(self, occurrence: Occurrence) -> None:
        match occurrence:
            case RunWarned(key, run_id, caveat):
                facts = {"kind": caveat.kind.value, "text": caveat.text}
                self._say(logging.WARNING, "run has a caveat", **_of(key, run_id), **facts)
            case RunCompared(comparison=comparison):
                self._keep(counted=comparison.counted, verdict=comparison.verdict.value)
            case PageMadeSmaller(key, run_id, size, why):
                self._say(
                    logging.WARNING, "page made smaller", **_of(key, run_id), size=size, why=why
                )
            case ErasureDone(what):
                self._say(logging.INFO, "erased", what=what)
            case TakenUp(key, run_id, page, overdue):
                self._say(
                    logging.WARNING,
                    "stalled run taken up",
                    **_of(key, run_id),
                    page=page,
                    overdue=_seconds(overdue),
                )
            case _:
                self._about_the_loop(occurrence)

    def _about_the_loop(self, occurrence: Occurrence) -> None:
        match occurrence:
            case ReceiveFailed(reason, text):
                self._say(logging.WARNING, "receive failed", reason=reason, text=text)
            case BreakerChanged(dependency, is_open, error):
                level, event = _breaker(is_open)
                named = {"dependency": dependency.kind.value, "name": dependency.name}
                told: Fields = {key: text for key, text in named.items() if text}
                self._say(level, event, **told, **({"error": error} if error else {}))
            case DeadLettersHeldBack(reached):
                self._say(*_HELD_BACK[reached])
            case ShopChanged(user_id, shop, event, why):
                told = {"userId": user_id, "shop": shop, **({"why": why} if why else {})}
                self._say(_SHOP_LEVELS.get(event, logging.INFO), f"shop {event}", **told)
            case HoldLost(what, text):
                self._say(logging.WARNING, "lease lost", of=what, text=text)
            case _:
                return

    def _say(self, level: int, event: str, **fields: object) -> None:
        self._logger.log(level, event, extra={"fields": fields})

    def _keep(self, **fields: object) -> None:
        self._kept().update(fields)

    def _kept(self) -> Fields:
        kept: Fields | None = getattr(self._delivery, "fields", None)
        if kept is None:
            kept = self._delivery.fields = {}
        return kept

    def _page_stored(self, page: PageStored) -> None:
        facts = {
            **_of(page.key, page.run_id),
            "page": page.page,
            "source": page.source.value,
            "saved": page.saved,
            "failed": len(page.failed),
            **_kinds(page.failed),
            "fetch": _seconds(page.fetch),
            "store": _seconds(page.store),
        }
        self._say(logging.DEBUG, "page stored", **facts)
        self._keep(**facts)

    def _run_changed(self, change: RunChanged) -> None:
        events = (self._kept().get("run"), change.event.value)
        self._keep(
            **_of(change.key, change.run_id), run=",".join(str(event) for event in events if event)
        )
        if change.lasted is not None:
            self._keep(runDuration=_seconds(change.lasted))

    def _settled(self, message: MessageSettled) -> None:
        facts: Fields = {
            "type": message.message_type,
            "outcome": message.outcome,
            "reason": message.reason,
            "error": message.error,
            "userId": message.user_id,
            "syncType": message.sync_type,
            "page": message.page,
            **self._kept(),
            "duration": _seconds(message.duration),
            "dwell": _seconds(message.dwell),
            "messageId": message.message_id,
            "receiveCount": message.receive_count,
        }
        self._delivery.fields = {}
        facts = {name: value for name, value in facts.items() if value is not None}
        self._say(_level(message), "message settled", **facts)


def _breaker(is_open: bool) -> tuple[int, str]:  # noqa: FBT001 - a state, not a flag
    return (logging.ERROR, "is away") if is_open else (logging.INFO, "answers again")


_SHOP_LEVELS = {
    ShopEvent.REFRESH_FAILED: logging.WARNING,
    ShopEvent.REAUTH_REQUIRED: logging.ERROR,
    ShopEvent.UNAVAILABLE: logging.WARNING,
    ShopEvent.REJECTED: logging.ERROR,
    ShopEvent.CLIENT_MISCONFIGURED: logging.ERROR,
}
_HELD_BACK = {
    True: (logging.ERROR, "too many dead letters: messages go back instead"),
    False: (logging.INFO, "dead letters are few again"),
}


def _level(message: MessageSettled) -> int:
    if message.outcome == "dead-lettered":
        return logging.ERROR
    return logging.WARNING if message.outcome == "retried" else logging.INFO


def _of(key: RunKey, run_id: str | None = None) -> Mapping[str, object]:
    named: Fields = {"userId": key.user_id, "syncType": key.sync_type.value}
    return {**named, "runId": run_id} if run_id else named


def _kinds(failed: tuple[str, ...]) -> Fields:
    return {"failures": dict(sorted(Counter(failed).items()))} if failed else {}


def _seconds(duration: timedelta) -> float:
    return round(duration.total_seconds(), 3)


class _Quiet(logging.StreamHandler[TextIO]):
    """A line that cannot be written (a full disk, a closed pipe) must not disturb the work."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Leave it out."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Other libraries only from WARNING: at DEBUG botocore logs payloads, urllib3 URLs."""
        ours = record.name == NAME or record.name.startswith(f"{NAME}.")
        return bool(super().filter(record)) and (ours or record.levelno >= logging.WARNING)


def install(stream: TextIO, log_format: str, level: str) -> logging.Logger:
    """Send every record of the process to the stream, in one shape; returns our own logger.

    `log_format` is `json` or `console` (coloured on a terminal only), `level` a name such as INFO.
    """
    handler = _Quiet(stream)
    coloured = stream.isatty()
    handler.setFormatter(JsonLines() if log_format == "json" else ConsoleLines(coloured=coloured))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level], logging.WARNING))
    logging.captureWarnings(capture=True)
    ours = logging.getLogger(NAME)
    ours.setLevel(level)
    return ours
