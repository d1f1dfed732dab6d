"""Ways to break the fake queues."""

from __future__ import annotations

from tests.planting import PlantedBug

_INBOX = "tests.fakes.inbox"
_PUBLISHER = "tests.fakes.publisher"
_QUEUE = "tests.fakes.queue"

BUGS = (
    PlantedBug(
        "inbox-hands-one-message-to-two",
        _INBOX,
        "each.visible_at = self._clock.now() + self._visibility",
        "each.visible_at = self._clock.now()",
        "what is handed over is hidden",
    ),
    PlantedBug(
        "inbox-deletes-by-a-stale-receipt",
        _INBOX,
        "stored.receipts[-1:] == [message.receipt]",
        "message.receipt in stored.receipts",
        "only the latest delivery's receipt is good",
    ),
    PlantedBug(
        "inbox-hides-what-is-visible",
        _INBOX,
        " or self.stored[message.message_id].visible_at <= now",
        "",
        "a message that is visible again is not in flight",
    ),
    PlantedBug(
        "inbox-ignores-the-limit",
        _INBOX,
        "found = self._visible()[:limit]",
        "found = self._visible()",
        "at most so many messages as were asked for",
    ),
    PlantedBug(
        "inbox-hides-twice-as-long",
        _INBOX,
        "hidden_until = now + whole_seconds",
        "hidden_until = now + 2 * whole_seconds",
        "a message is delivered again after that long",
    ),
    PlantedBug(
        "inbox-rounds-down",
        _INBOX,
        "-(-duration // SECOND) * SECOND",
        "duration // SECOND * SECOND",
        "part of a second is rounded up",
    ),
    PlantedBug(
        "inbox-counts-one-delivery",
        _INBOX,
        "receive_count=len(self.receipts)",
        "receive_count=1",
        "every delivery counts",
    ),
    PlantedBug(
        "inbox-fails-after-it-took-effect",
        _INBOX,
        "if failure and not after:",
        "if failure and after:",
        "a failed call changes nothing, a lost answer's call does",
    ),
    PlantedBug(
        "inbox-buries-another-body",
        _INBOX,
        "self.bury(message.body, ",
        "self.bury(message.body.strip(), ",
        "a dead letter's body is unchanged",
    ),
    PlantedBug(
        "inbox-moves-dead-letters",
        _INBOX,
        'with self._call("dead_letter"):',
        'with self._call("dead_letter"):\n            del self.stored[message.message_id]',
        "the original stays until it is deleted",
    ),
    PlantedBug(
        "publisher-waits-for-ever",
        _PUBLISHER,
        "delay=whole_seconds(delay, LONGEST_DELAY)",
        "delay=delay",
        "whole seconds, at most 900",
    ),
    PlantedBug(
        "publisher-forgets-the-user",
        _PUBLISHER,
        "group=message.user_id",
        "group=None",
        "messages are grouped by user",
    ),
    PlantedBug(
        "publisher-sends-dead-letters-back",
        _PUBLISHER,
        "self._inbox.bury(encode(message), message.user_id, attributes)",
        "self._inbox.put(encode(message), attributes.items())",
        "dead letters wait for a redrive",
    ),
    PlantedBug(
        "queue-settles-by-a-stale-receipt",
        _QUEUE,
        " and current.receives == delivered.receives",
        "",
        "stale receipts settle nothing",
    ),
    PlantedBug(
        "queue-hands-one-copy-to-two",
        _QUEUE,
        "copy, receives=copy.receives + 1, visible_at=self._clock.now() + self._visibility",
        "copy, receives=copy.receives + 1, visible_at=self._clock.now()",
        "what is handed over is hidden",
    ),
    PlantedBug(
        "queue-waits-for-ever",
        _QUEUE,
        "whole_seconds(delay, LONGEST_DELAY)",
        "delay",
        "whole seconds, at most 900",
    ),
    PlantedBug(
        "queue-sends-half",
        _QUEUE,
        "        copy = Copy(next(self._numbers), message, at)",
        "        copy = Copy(next(self._numbers) // 2, message, at)",
        "two messages are two messages",
    ),
)
