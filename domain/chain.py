"""The page-chain protocol's decisions: what a message means, given the stored checkpoint.

Every rule has a counterexample behind it; docs/chain.md tells them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from domain.checkpoints import Chain, Checkpoint, LeaseMark, RunStatus
from domain.messages import Continuation, SyncRequest
from domain.outcomes import How


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a run in place of the stored checkpoint, if there is one."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with this run under a new chain, carried by the request."""

    run: Checkpoint


@dataclass(frozen=True, slots=True)
class Carry:
    """The request is the message that carries the stored chain at this page."""

    continuation: Continuation


@dataclass(frozen=True, slots=True)
class Coalesce:
    """The run that is asked for is going on already."""

    run: Checkpoint


@dataclass(frozen=True, slots=True)
class Drop:
    """The message has nothing left to do."""

    how: How


@dataclass(frozen=True, slots=True)
class PublishNext:
    """The message's page is done, but nobody knows of a message for the run's next one."""

    run: Checkpoint


@dataclass(frozen=True, slots=True)
class Revive:
    """The message was dead-lettered from this run, which failed: go on with it."""

    run: Checkpoint


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody else is at work on the page. Never delete: it may be this very message."""

    until: datetime


Answer: TypeAlias = Start | Resume | Carry | Coalesce | Drop
Verdict: TypeAlias = Drop | PublishNext | Revive | Wait


def answer(
    request: SyncRequest, stored: Checkpoint | None, now: datetime, grace: timedelta
) -> Answer:
    """What a request means, given the checkpoint that is stored."""
    if stored is None:
        return Start()
    if request.request_id == stored.chain.request_id:
        return _redelivered(stored)
    if request.request_id in stored.chain.earlier_requests:
        return Drop(How.DUPLICATE)
    if request.restart or stored.status is RunStatus.COMPLETED:
        return Start()
    if stored.status is RunStatus.FAILED or stored.stalled(now, grace):
        return Resume(stored)
    return Coalesce(stored)


def _redelivered(stored: Checkpoint) -> Answer:
    chain = stored.chain
    match stored.status:
        case RunStatus.RUNNING:
            return Carry(Continuation(stored.key, chain.chain_id, chain.request_page))
        case RunStatus.COMPLETED:
            return Drop(How.DUPLICATE)
        case RunStatus.FAILED:
            return Resume(stored)


def judge(continuation: Continuation, stored: Checkpoint | None, now: datetime) -> Verdict:
    """What a continuation means whose page could not be claimed because this is stored."""
    if stored is None or stored.chain.chain_id != continuation.chain_id:
        return Drop(How.STALE)
    if stored.status is RunStatus.FAILED and stored.page == continuation.page:
        return Revive(stored)
    if stored.status is not RunStatus.RUNNING:
        return Drop(How.STALE)
    if stored.page > continuation.page:
        published = stored.chain.published_page >= stored.page
        return Drop(How.DUPLICATE) if published else PublishNext(stored)
    if stored.page < continuation.page:
        return Drop(How.STALE)
    return Wait(stored.lease.until if stored.leased(now) and stored.lease else now)


def resumed(stored: Checkpoint, chain: Chain, lease: LeaseMark | None, now: datetime) -> Checkpoint:
    """The stored run going on at its page under that chain."""
    return replace(
        stored,
        chain=chain,
        lease=lease,
        status=RunStatus.RUNNING,
        completed_at=None,
        attempts=0,
        updated_at=now,
        due_at=now,
    )
