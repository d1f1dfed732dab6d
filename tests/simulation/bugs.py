"""Ways to get the protocol wrong, each of which the simulation must find.

A bug that it does not find is a hole in the properties. `python -m tests.simulation bugs` plants
each in turn; `tests/planting.py` tells how.
"""

from __future__ import annotations

from tests.planting import PlantedBug

BUGS = (
    PlantedBug(
        "publish-before-advance",
        "domain.working",
        "        settled = self.checkpoints.settle(held, new, mark)\n",
        "        if new.completed_at is None:\n"
        "            self.publish.publisher.publish(new.continuation, new.due_at - new.updated_at)\n"
        "        settled = self.checkpoints.settle(held, new, mark)\n",
        "the next page's message may be handled, and dropped, before its page is there",
    ),
    PlantedBug(
        "no-mark",
        "domain.publishing",
        "            self.checkpoints.mark_published(run.continuation)\n",
        "",
        "every later copy of the page's message publishes the next one again",
    ),
    PlantedBug(
        "mark-before-publish",
        "domain.publishing",
        "            self.publisher.publish(run.continuation, delay)\n"
        "            self.checkpoints.mark_published(run.continuation)\n",
        "            self.checkpoints.mark_published(run.continuation)\n"
        "            self.publisher.publish(run.continuation, delay)\n",
        "a crash in between: nobody publishes the next page any more",
    ),
    PlantedBug(
        "never-publish-again",
        "domain.chain",
        "        return Drop(How.DUPLICATE) if published else PublishNext(stored)\n",
        "        return Drop(How.DUPLICATE)\n",
        "a crash between advancing and publishing ends the chain",
    ),
    PlantedBug(
        "no-fencing-token",
        "adapters.dynamodb_checkpoints",
        '_AT_PAGE = f"#status = :running AND #chainId = :chain AND #page = :page AND {_ALIVE}"\n',
        "_AT_PAGE = (\n"
        '    f"#status = :running AND (#chainId = :chain OR attribute_exists(#chainId))"\n'
        '    f" AND #page = :page AND {_ALIVE}"\n'
        ")\n",
        "an old chain's messages go on working beside the new one",
    ),
    PlantedBug(
        "resume-under-the-old-chain",
        "domain.requesting",
        "        chain = run.chain.carried_by(request.request_id, self.chance.new_id(), run.page)\n",
        "        chain = run.chain.carried_by(request.request_id, run.chain.chain_id, run.page)\n",
        "the messages of before the failure carry the run on, too",
    ),
    PlantedBug(
        "delete-on-a-live-lease",
        "domain.continuing",
        "                return Later(max(until - now, SHORTEST_WAIT), Why.BUSY)\n",
        "                return Done()\n",
        "it may be the very message of the worker that has the lease, and dies",
    ),
    PlantedBug(
        "take-a-live-lease",
        "adapters.dynamodb_checkpoints",
        '            condition=f"{_AT_PAGE} AND {_FREE}",\n',
        '            condition=f"{_AT_PAGE} AND ({_FREE} OR attribute_exists(#leaseUntil))",\n',
        "two workers work on one page at a time",
    ),
    PlantedBug(
        "take-up-a-revived-lease",
        "domain.watching",
        ", free_at=now)\n",
        ")\n",
        "a run changes hands while its worker, which was paused, is at work again",
    ),
    PlantedBug(
        "advance-without-the-lease",
        "adapters.dynamodb_checkpoints",
        '        return f"{_AT_PAGE} AND #leaseOwner = :owner", values\n',
        '        return f"{_AT_PAGE} AND (#leaseOwner = :owner OR attribute_exists(#leaseOwner))",'
        " values\n",
        "a worker that was overtaken advances the page of another",
    ),
    PlantedBug(
        "advance-after-the-lease",
        "domain.working",
        "            lease.assert_held()  # the end of the keeping may have waited for an extension\n",
        "",
        "a worker that was paused moves the checkpoint when it wakes",
    ),
    PlantedBug(
        "write-after-the-lease",
        "adapters.dynamodb_order_calls",
        "            self.lease.assert_held()\n",
        "",
        "a worker that was paused writes older orders over newer ones when it wakes",
    ),
    PlantedBug(
        "checkpoint-before-store",
        "domain.working",
        "        report = self.orders.save(shop, page.orders, lease)\n",
        "        from domain.orders import StoreReport\n"
        "        report = StoreReport(len(page.orders))\n"
        "        early = advanced(held, PageResult(shop.shop, page, report), self.clock.now(),"
        " self.policy)\n"
        "        if isinstance(self.checkpoints.settle(held, early), Refused):\n"
        "            raise LeaseLost\n"
        "        report = self.orders.save(shop, page.orders, lease)\n",
        "a crash in between: the page counts and its orders are nowhere",
    ),
    PlantedBug(
        "delete-before-store",
        "entrypoints.consumer",
        "            with self.heartbeat.hold(received):\n",
        "            self.settle.inbox.delete(received)\n"
        "            with self.heartbeat.hold(received):\n",
        "a crash: nobody has the message any more",
    ),
    PlantedBug(
        "drop-unprocessed-items",
        "adapters.dynamodb_order_writes",
        "        return Rest([item for item in items if item.order_id in unprocessed])\n",
        "        return Rest([item for item in items if item.order_id in unprocessed][:0])\n",
        "DynamoDB says 200 and has stored a part",
    ),
    PlantedBug(
        "drop-what-was-read-in-part",
        "adapters.dynamodb_stored_orders",
        "        return Rest(list(_unprocessed(answer, table)))\n",
        "        return Rest(list(_unprocessed(answer, table))[:0])\n",
        "orders that are stored count as new and are overwritten without a look",
    ),
    PlantedBug(
        "poison-takes-its-batch-along",
        "adapters.dynamodb_order_writes",
        "            if len(items) == 1:\n"
        "                self.failed.append(_unfit(items[0], str(error)))\n"
        "                return\n",
        "            if items:\n"
        "                self.failed.append(_unfit(items[0], str(error)))\n"
        "                return\n",
        "the orders beside the one that is refused are neither stored nor named",
    ),
    PlantedBug(
        "failed-batch-is-not-kept",
        "domain.working",
        "        self.keep_failed(held, shop.shop, report, lease)\n",
        "",
        "orders that could not be stored are named nowhere",
    ),
    PlantedBug(
        "failed-batch-without-a-letter",
        "domain.keeping",
        "            self.publisher.dead_letter(\n"
        "                RetryBatch(run.key, batch.batch_id), Reason.FAILED_BATCH, error\n"
        "            )\n",
        "",
        "nothing brings the failed batch back",
    ),
    PlantedBug(
        "overwrite-newer-orders",
        "adapters.dynamodb_order_items",
        '        f"attribute_not_exists(updatedAt) OR ({condition})",\n',
        '        f"attribute_not_exists(updatedAt) OR attribute_exists(updatedAt) OR ({condition})",\n',
        "an order goes back to an older version",
    ),
    PlantedBug(
        "write-without-a-look",
        "adapters.dynamodb_orders",
        "        writes.put_new([item for item in items if item.order_id not in stored])\n"
        "        writes.put_if_newer([item for item in items if item.order_id in stored])\n",
        "        writes.put_new(items)\n",
        "BatchWriteItem has no conditions: an older order goes over a newer one",
    ),
    PlantedBug(
        "same-second-is-the-same",
        "adapters.dynamodb_stored_orders",
        "        return self.digest is not None and self.digest == digest(order)\n",
        "        return True\n",
        "two changes in one second: the second one is never stored",
    ),
    PlantedBug(
        "no-watchdog",
        "domain.watching",
        "        return sum(self._take_up(key) for key in keys)\n",
        "        return len(keys)\n",
        "a run whose message SQS lost stands still for ever",
    ),
    PlantedBug(
        "watchdog-keeps-the-chain",
        "domain.watching",
        "            self.chance.new_id(),\n            old.request_id,\n",
        "            old.chain_id,\n            old.request_id,\n",
        "a wrong suspicion doubles the chain",
    ),
    PlantedBug(
        "watchdog-forgets-to-publish",
        "domain.watching",
        "        self.publish(replace(taken, due_at=now))\n",
        "",
        "the run has a new chain and no message",
    ),
    PlantedBug(
        "coalesce-a-stalled-run",
        "domain.chain",
        "    if stored.status is RunStatus.FAILED or stored.stalled(now, grace):\n",
        "    if stored.status is RunStatus.FAILED:\n",
        "a request for a run that stands still does nothing",
    ),
    PlantedBug(
        "coalesce-a-failed-run",
        "domain.chain",
        "    if stored.status is RunStatus.FAILED or stored.stalled(now, grace):\n",
        "    if stored.stalled(now, grace):\n",
        "a request for a run that has failed does nothing",
    ),
    PlantedBug(
        "request-twice-is-two-runs",
        "domain.chain",
        "    if request.request_id == stored.chain.request_id:\n"
        "        return _redelivered(stored)\n",
        "",
        "the copy of a request begins another run",
    ),
    PlantedBug(
        "forget-earlier-requests",
        "domain.chain",
        "    if request.request_id in stored.chain.earlier_requests:\n"
        "        return Drop(How.DUPLICATE)\n",
        "",
        "a late copy of an earlier request begins another run",
    ),
    PlantedBug(
        "count-twice",
        "domain.checkpoints",
        "            saved=self.saved + report.saved,\n",
        "            saved=self.saved + report.saved + bool(report.failed),\n",
        "orders are counted that were not handed over",
    ),
    PlantedBug(
        "count-the-attempt",
        "domain.checkpoints",
        "        attempts=held.attempts + 1,\n",
        "        attempts=held.attempts + 1,\n"
        "        totals=replace(held.totals, failed=held.totals.failed + 1),\n",
        "totals change without an advance",
    ),
    PlantedBug(
        "skip-a-page-after-a-failure",
        "domain.checkpoints",
        "        attempts=held.attempts + 1,\n",
        "        attempts=held.attempts + 1,\n        page=held.page + 1,\n",
        "the page that failed is never read",
    ),
    PlantedBug(
        "fail-after-the-letter-only",
        "domain.giving_up",
        "        result = self.checkpoints.settle(held, failed(held, error, self.clock.now()))\n"
        "        if isinstance(result, Refused):\n"
        "            return self._overtaken()\n",
        "        self.clock.now()\n",
        "the message is dead-lettered, its run counts as running",
    ),
    PlantedBug(
        "delete-before-the-letter",
        "entrypoints.settling",
        '        if self._try(\n            "not dead-lettered",\n',
        '        if letter.reason is not None and self._try("not deleted", lambda:'
        " self.inbox.delete(received)) and self._try(\n"
        '            "not dead-lettered",\n',
        "deleted before it was copied: a crash in between loses the message",
    ),
    PlantedBug(
        "redrive-is-stale",
        "domain.chain",
        "    if stored.status is RunStatus.FAILED and stored.page == continuation.page:\n"
        "        return Revive(stored)\n",
        "",
        "a redriven message does not bring its run back",
    ),
    PlantedBug(
        "watermark-at-the-end",
        "domain.advancing",
        "    return Watermark(through=run.whole_until - overlap, since=run.since)\n",
        "    return Watermark(through=run.completed_at or run.started_at, since=run.since)\n",
        "what changed while the run went on is behind the mark and not read",
    ),
    PlantedBug(
        "cursor-of-the-page-before",
        "domain.advancing",
        "        cursor=None if done else page.next_cursor,\n",
        "        cursor=None if done else held.cursor or page.next_cursor,\n",
        "pages are read again, and the run never ends",
    ),
    PlantedBug(
        "ignore-a-restart",
        "domain.chain",
        "    if request.restart or stored.status is RunStatus.COMPLETED:\n",
        "    if stored.status is RunStatus.COMPLETED:\n",
        "a request to begin again is coalesced",
    ),
    PlantedBug(
        "watermark-over-a-gap",
        "adapters.dynamodb_watermarks",
        '        condition = "#updatedThrough >= :since AND #updatedThrough < :through"\n',
        "        condition = (\n"
        '            "(#updatedThrough >= :since OR attribute_exists(#updatedThrough))"\n'
        '            " AND #updatedThrough < :through"\n'
        "        )\n",
        "a narrowed run moves the mark over orders that nobody has read",
    ),
    PlantedBug(
        "look-without-consistency",
        "adapters.dynamodb_stored_orders",
        '        "ConsistentRead": True,\n',
        '        "ConsistentRead": False,\n',
        "an order that is stored counts as new and is overwritten without a look",
    ),
    PlantedBug(
        "survived-exception",
        "domain.working",
        "        fetched = self.clock.monotonic()\n",
        "        fetched = self.clock.monotonic()\n"
        "        if held.attempts:\n"
        '            raise TypeError("only after a failed attempt")\n',
        "a bug is retried and dead-lettered instead of being seen",
    ),
    PlantedBug(
        "publish-twice",
        "domain.publishing",
        "            self.publisher.publish(run.continuation, delay)\n",
        "            self.publisher.publish(run.continuation, delay)\n"
        "            self.publisher.publish(run.continuation, delay)\n",
        "copies without a fault",
    ),
)
