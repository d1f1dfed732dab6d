"""`publish`, `publish-daily`: asking for syncs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import typer

from domain.failures import Failure, Transient
from domain.messages import PROBE, RunKey, SyncRequest, SyncType
from domain.ports import Publisher
from domain.shops import ShopStatus
from entrypoints.commands.arguments import AsJson, RequestId, Since, Type, User
from entrypoints.commands.complaints import Refused
from entrypoints.commands.opening import Objects, objects
from entrypoints.commands.printing import note, say, tell
from entrypoints.displays import Watch, opened
from entrypoints.following import Follower, Sight

ATTEMPTS = 3
AT_ONCE = timedelta(0)
PROBE_EVERY = timedelta(hours=20)
"""Less than a day, so that a daily cron that is some minutes early looks all the same."""


def publish(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    user: User,
    kind: Type,
    *,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin again at page 1, whatever is going on.")
    ] = False,
    updated_since: Since = None,
    request_id: RequestId = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Show progress until the run ends; exit 1 if it fails.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for a sync of a user's orders.

    While a sync of that user and type goes on, another request is answered by it; a failed one is
    resumed at its checkpoint.
    """
    at_hand = objects(context)
    request = SyncRequest(
        RunKey(user, kind), request_id or at_hand.chance().new_id(), restart, updated_since
    )
    follower = _follower(at_hand, request) if follow else None
    publish_surely(at_hand.publisher(), request)
    facts = {"requestId": request.request_id, "userId": user, "syncType": kind.value}
    if follower is None or as_json:
        tell(dict(facts), f"published: requestId {request.request_id}", as_json=as_json)
    if follower is not None:
        _follow(at_hand, follower, as_json=as_json)


def publish_daily(
    context: typer.Context,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask for a daily sync of every connected shop.

    For cron or EventBridge Scheduler. Shops that are away, or refuse their tokens, are left out,
    but for one request in 20 hours or more that looks whether they are back. Exit 1 if a request
    could not be published.
    """
    at_hand = objects(context)
    publisher = at_hand.publisher()
    published = {"": 0, PROBE: 0}
    failed = 0
    for user_id, prefix in _daily(at_hand):
        request_id = prefix + at_hand.chance().new_id()
        try:
            request = SyncRequest(RunKey(user_id, SyncType.DAILY), request_id)
            _publish_daily(at_hand, publisher, request)
            published[prefix] += 1
        except Transient:
            failed += 1
    probes = f"; shops looked at that were away: {published[PROBE]}" if published[PROBE] else ""
    tell(
        {"published": published[""], "probes": published[PROBE], "failed": failed},
        f"published daily sync requests: {published['']}{probes}",
        as_json=as_json,
    )
    if failed:
        raise Refused(f"requests that could not be published: {failed}; run publish-daily again")


def _daily(at_hand: Objects) -> Iterator[tuple[str, str]]:
    """Every user to ask for, with what the request's id begins with."""
    shops = at_hand.shops()
    for user_id in shops.each(ShopStatus.CONNECTED):
        yield user_id, ""
    before = at_hand.clock().now() - PROBE_EVERY
    for status in (ShopStatus.UNAVAILABLE, ShopStatus.REAUTH_REQUIRED):
        for user_id in shops.each(status):
            if shops.claim_probe(user_id, before):
                yield user_id, PROBE


def _publish_daily(at_hand: Objects, publisher: Publisher, request: SyncRequest) -> None:
    """A probe that fails is given back; one that was sent all the same is a look more."""
    try:
        publish_surely(publisher, request)
    except Failure:
        if request.request_id.startswith(PROBE):
            at_hand.shops().release_probe(request.key.user_id)
        raise


def publish_surely(publisher: Publisher, request: SyncRequest) -> None:
    """Publish, three times if need be: the same request id twice starts one run."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            publisher.publish(request, AT_ONCE)
        except Transient:
            if attempt == ATTEMPTS:
                raise
        else:
            return


def _follower(at_hand: Objects, request: SyncRequest) -> Follower:
    seen = at_hand.checkpoints().look(request.key)
    if seen.purged:
        raise Refused(
            f"{request.key.user_id} was purged: requests are dropped until `shopify-sync connect`"
        )
    before = seen.run
    follower = Follower(request, before, at_hand.clock())
    if follower.look(before).joined:
        note("a run is already going on: following it")
    return follower


def _follow(at_hand: Objects, follower: Follower, *, as_json: bool) -> None:
    watch = Watch(at_hand.checkpoints(), at_hand.clock(), at_hand.stopping())
    with opened(sys.stdout, as_json=as_json) as display:
        sight = watch(follower, display)
    if not sight.succeeded:
        raise Refused(_trouble(sight))
    if not as_json and sight.run is not None:
        totals = sight.run.totals
        say(f"completed: {totals.saved:,} orders saved, {totals.failed:,} failed")


def _trouble(sight: Sight) -> str:
    if sight.run is None:
        return "the run was cleared before it ended"
    error = sight.run.last_error
    why = "for an unknown reason" if error is None else f"{error.reason.value}: {error.message}"
    return f"the run failed at page {sight.run.page}: {why}"
