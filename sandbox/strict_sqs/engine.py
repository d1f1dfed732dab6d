"""The engine: SQS in this process, without threads, sockets or a clock of its own.

Its methods take and return what those of boto3's SQS client do, so that a simulation can hand it
to code that expects such a client. It never blocks: a long poll is its caller's matter. Source of
the rules: the API reference of each action and the developer guide's pages on visibility
time-outs, dead-letter queues and quotas. Standard queues only; fair queues' order is not played.
"""

import hashlib
from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import Any

from sandbox.strict_sqs import limits, moving
from sandbox.strict_sqs.answers import QUEUE_ATTRIBUTES, queue_attributes, shown
from sandbox.strict_sqs.batches import each_entry
from sandbox.strict_sqs.queue import Queue, Settings, Stored
from sandbox.strict_sqs.queue_settings import changed
from sandbox.strict_sqs.refusals import Refused, missing

Answer = dict[str, Any]
Asked = Mapping[str, Any]


class StrictSqs:
    """Raises `Refused` for what SQS refuses. `now` gives epoch seconds.

    Messages come in the order in which they became visible, or in any that `chance` picks.
    """

    def __init__(
        self,
        now: Callable[[], float],
        chance: Random | None = None,
        host: str = "http://sqs.sandbox",
    ) -> None:
        self.now = now
        self.chance = chance
        self.queues: dict[str, Queue] = {}
        self.host = host
        self._numbers = count(1)
        self._has_tasks = False

    # Queues

    def create_queue(self, **asked: Any) -> Answer:
        name = str(asked["QueueName"])
        settings = changed(Settings(), asked.get("Attributes") or {})
        known = self.queues.get(name)
        if known is None:
            arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
            url = f"{self.host}/123456789012/{name}"
            known = self.queues[name] = Queue(name, url, arn, settings)
        elif settings != known.settings:
            raise Refused("QueueNameExists", "The queue exists already with other attributes.")
        return {"QueueUrl": known.url}

    def get_queue_url(self, **asked: Any) -> Answer:
        return {"QueueUrl": self.queue(asked["QueueName"]).url}

    def list_queues(self, **asked: Any) -> Answer:
        prefix = asked.get("QueueNamePrefix") or ""
        urls = [queue.url for name, queue in self.queues.items() if name.startswith(prefix)]
        return {"QueueUrls": urls} if urls else {}

    def set_queue_attributes(self, **asked: Any) -> Answer:
        queue = self.queue(asked["QueueUrl"])
        queue.settings = changed(queue.settings, asked["Attributes"])
        return {}

    def get_queue_attributes(self, **asked: Any) -> Answer:
        queue = self.queue(asked["QueueUrl"])
        names = asked.get("AttributeNames") or ()
        unknown = [name for name in names if name != "All" and name not in QUEUE_ATTRIBUTES]
        if unknown:
            raise Refused("InvalidAttributeName", f"Unknown Attribute {unknown[0]}.")
        self._awake(queue)
        found = queue_attributes(queue, names)
        return {"Attributes": found} if found else {}

    def purge_queue(self, **asked: Any) -> Answer:
        self.queue(asked["QueueUrl"]).purge()
        return {}

    # Messages

    def send_message(self, **asked: Any) -> Answer:
        queue = self.queue(asked["QueueUrl"])
        return self._send(queue, asked, queue.settings.largest)

    def send_message_batch(self, **asked: Any) -> Answer:
        queue = self.queue(asked["QueueUrl"])
        entries = limits.entries(asked)
        limits.check_total(entries)
        return each_entry(entries, lambda entry: self._send(queue, entry, queue.settings.largest))

    def receive_message(self, **asked: Any) -> Answer:
        """Whatever is visible now, at most `MaxNumberOfMessages`; never waits."""
        queue = self.queue(asked["QueueUrl"])
        most = limits.whole(asked, "MaxNumberOfMessages", limits.MOST_ENTRIES, 1)
        hidden_for = limits.whole(asked, "VisibilityTimeout", limits.LONGEST_HIDING)
        wait = limits.whole(asked, "WaitTimeSeconds", limits.LONGEST_POLL)
        if hidden_for is None:
            hidden_for = queue.settings.visibility
        now = self._awake(queue)
        if queue.is_full:
            if not (queue.settings.wait if wait is None else wait):
                raise Refused("OverLimit", "Too many messages are in flight.")
            return {}
        delivered = [
            shown(queue.deliver(message, now, hidden_for), asked)
            for message in queue.candidates(1 if most is None else most, self.chance)
            if self._is_deliverable(queue, message, now)
        ]
        return {"Messages": delivered} if delivered else {}

    def delete_message(self, **asked: Any) -> Answer:
        queue = self.queue(asked["QueueUrl"])
        self._awake(queue)
        queue.delete(_receipt(asked))
        return {}

    def delete_message_batch(self, **asked: Any) -> Answer:
        queue = self.queue(asked["QueueUrl"])
        self._awake(queue)
        return each_entry(limits.entries(asked), lambda entry: queue.delete(_receipt(entry)))

    def change_message_visibility(self, **asked: Any) -> Answer:
        self._change_visibility(self.queue(asked["QueueUrl"]), asked)
        return {}

    def change_message_visibility_batch(self, **asked: Any) -> Answer:
        queue = self.queue(asked["QueueUrl"])
        return each_entry(
            limits.entries(asked), lambda entry: self._change_visibility(queue, entry)
        )

    # Moving messages from a dead-letter queue

    def start_message_move_task(self, **asked: Any) -> Answer:
        started = moving.start(self.queues, asked, self.now())
        self._has_tasks = True
        return started

    def list_message_move_tasks(self, **asked: Any) -> Answer:
        moving.go_on(self.queues, self.now())
        return moving.listed(self.queues, asked)

    def cancel_message_move_task(self, **asked: Any) -> Answer:
        moving.go_on(self.queues, self.now())
        return moving.cancel(self.queues, asked)

    # What a test or a simulation does to a queue, and sees of it

    def queue(self, url_or_name: str) -> Queue:
        found = self.queues.get(url_or_name.rpartition("/")[2])
        if found is None:
            raise Refused("QueueDoesNotExist", "The specified queue does not exist.")
        return found

    def duplicate(self, queue_url: str, message_id: str) -> None:
        """A copy of the message is visible now, as a standard queue may have it."""
        queue = self.queue(queue_url)
        now = self._awake(queue)
        known = next(each for each in queue.messages.values() if each.message_id == message_id)
        queue.put(known.copy(next(self._numbers), now), now)

    def stored(self, queue_url: str) -> tuple[Stored, ...]:
        """Every message of the queue, to be looked at only."""
        queue = self.queue(queue_url)
        self._awake(queue)
        return tuple(queue.messages.values())

    def next_visible_at(self, queue_url: str) -> float | None:
        """When there is something to receive: now, later, or never (None)."""
        queue = self.queue(queue_url)
        return queue.next_visible_at(self._awake(queue))

    def _awake(self, queue: Queue) -> float:
        now = self.now()
        if self._has_tasks:
            moving.go_on(self.queues, now)
        queue.wake(now)
        return now

    def _send(self, queue: Queue, asked: Asked, largest: int) -> Answer:
        body = limits.check_text(asked.get("MessageBody"))
        attributes = asked.get("MessageAttributes") or {}
        limits.check_message(body, attributes, largest)
        group = asked.get("MessageGroupId")
        limits.check_group(group)
        delay = limits.whole(asked, "DelaySeconds", limits.LONGEST_DELAY)
        now = self.now()
        number = next(self._numbers)
        message = Stored(
            number=number,
            message_id=f"{number:08x}-0000-4000-8000-000000000000",
            body=body,
            md5=hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
            sent_at=now,
            visible_at=now + (queue.settings.delay if delay is None else delay),
            attributes=attributes,
            group=group,
        )
        queue.put(message, now)
        return {"MessageId": message.message_id, "MD5OfMessageBody": message.md5}

    def _is_deliverable(self, queue: Queue, message: Stored, now: float) -> bool:
        """False for one that was received too often: SQS moves it away instead."""
        settings = queue.settings
        if settings.dead_letters is None or message.receives < settings.most_receives:
            return True
        target = self.queues.get(settings.dead_letters.rpartition(":")[2])
        if target is None:
            return True
        queue.remove(message)
        message.receives, message.receipt, message.visible_at = 0, "", now
        message.source = queue.arn
        target.put(message, now)
        return False

    def _change_visibility(self, queue: Queue, asked: Asked) -> None:
        hidden_for = limits.whole(asked, "VisibilityTimeout", limits.LONGEST_HIDING)
        if hidden_for is None:
            raise missing("VisibilityTimeout")
        queue.change_visibility(_receipt(asked), self._awake(queue), hidden_for)


def _receipt(asked: Asked) -> str:
    receipt = asked.get("ReceiptHandle")
    if not isinstance(receipt, str) or not receipt:
        raise missing("ReceiptHandle")
    return receipt
