"""What goes wrong in a schedule, and what people do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain.messages import RetryBatch, SyncRequest
from tests.simulation.stage import KEYS
from tests.simulation.tables import CHECKPOINTS
from tests.simulation.worker import Worker
from tests.simulation.world import AT_LEAST, World

STEPS = 160
"""The most; an eighth of it the least."""
SHORT_PAUSE, LONGEST_PAUSE = 15.0, 200.0
"""Seconds: one ends before the lease does, the other long after it."""
ONCE_MORE, RESTART, NARROWED = 0.3, 0.2, 0.3
"""Shares of the requests: a copy of an earlier one; one that begins again at page 1; one for what
has changed since some time."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Happens to a world, as often as its temper has it."""

    world: World

    def __call__(self) -> None:
        """So many steps, with faults in between."""
        world, random = self.world, self.world.course.random
        for key in random.sample(KEYS, random.randint(1, 2)):
            world.request(SyncRequest(key, f"first-{key.sync_type}"))
        while len(world.workers) < AT_LEAST:
            world.start_a_worker()
        deeds = self._deeds()
        weights = [weight for weight, _ in deeds]
        steps = random.randint(STEPS // 8, STEPS)
        for deed in random.choices([deed for _, deed in deeds], weights, k=steps):
            deed()

    def _deeds(self) -> list[tuple[float, Callable[[], None]]]:
        temper = self.world.stage.temper
        return [
            (60, self.world.go_on),
            (temper.crash, self._crash),
            (temper.pause, self._pause),
            (temper.stop, self._stop),
            (temper.duplicate, self._duplicate),
            (temper.reappear, self._reappear),
            (temper.change, self._change_an_order),
            (temper.request / 4, self._publish_request),
            (temper.redrive / 4, self.world.redrive),
            (temper.retry / 4, self._retry_failed),
            (temper.clear / 4, self._clear),
            (1, self.world.start_a_worker),
        ]

    def _crash(self) -> None:
        if worker := self._any_worker():
            self.world.history.ledger.process_fault("crash", worker)
            self.world.bury(worker)

    def _pause(self) -> None:
        if worker := self._any_worker():
            self.world.history.ledger.process_fault("pause", worker)
            longest = self.world.course.random.choice((SHORT_PAUSE, LONGEST_PAUSE))
            worker.paused_until = self.world.course.now + self.world.course.random.uniform(
                1, longest
            )

    def _stop(self) -> None:
        worker = self._any_worker()
        if worker and not worker.stopping:
            self.world.history.ledger.process_fault("SIGTERM", worker)
            worker.stop()

    def _duplicate(self) -> None:
        stored = self.world.stage.sqs.stored(self.world.tables.source_url)
        if stored:
            message = self.world.course.random.choice(stored)
            self.world.stage.sqs.duplicate(self.world.tables.source_url, message.message_id)
            self.world.history.ledger.duplicated(
                self.world.tables.message(message.body, message.message_id)
            )

    def _reappear(self) -> None:
        """SQS hands a message out again although its time is not over."""
        stored = self.world.stage.sqs.stored(self.world.tables.source_url)
        hidden = [
            m for m in stored if m.receipt and m.visible_at > self.world.course.epoch_seconds()
        ]
        if hidden:
            message = self.world.course.random.choice(hidden)
            self.world.stage.sqs.change_message_visibility(
                QueueUrl=self.world.tables.source_url,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=0,
            )
            fields = self.world.tables.message(message.body, message.message_id)
            self.world.history.ledger.delivered_again(message.message_id, fields)

    def _change_an_order(self) -> None:
        """Rather one of a page that somebody has in hand."""
        pages = [task.memory.fetched[1] for task in self.world.tasks() if task.memory.fetched]
        in_hand = [int(order.order_id) for page in pages for order in page.orders]
        self.world.shop.change(in_hand)

    def _publish_request(self) -> None:
        random = self.world.course.random
        known = [request for request, _ in self.world.requests.values()]
        if known and random.random() < ONCE_MORE:
            self.world.request(random.choice(known))
            return
        since = self.world.course.instant() - timedelta(seconds=random.choice((1, 100, 200_000)))
        request = SyncRequest(
            random.choice(KEYS),
            f"request-{len(self.world.requests) + 1}",
            restart=random.random() < RESTART,
            updated_since=since if random.random() < NARROWED else None,
        )
        self.world.request(request)

    def _retry_failed(self) -> None:
        self.world.publish(RetryBatch(self.world.course.random.choice(KEYS)))

    def _clear(self) -> None:
        key = self.world.course.random.choice(KEYS)
        self.world.course.say(lambda: f"cleared: {key}")
        self.world.history.ledger.faults["clear"] += 1
        self.world.stage.dynamodb.delete_item(
            TableName=CHECKPOINTS,
            Key={"userId": {"S": key.user_id}, "syncType": {"S": key.sync_type.value}},
        )

    def _any_worker(self) -> Worker | None:
        """Rather one that is in the middle of a page."""
        workers = list(self.world.workers.values())
        busy = [each for each in workers if any(task.memory.owner for task in each.tasks)]
        return self.world.course.random.choice(busy or workers) if workers else None
