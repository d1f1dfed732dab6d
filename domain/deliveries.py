"""Messages as a queue hands them over, before anybody has read them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.failures import Reason


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery. `receipt` names this delivery, `message_id` the message."""

    message_id: str
    receipt: str = field(repr=False)
    body: str = field(repr=False)
    receive_count: int
    sent_at: datetime
    group: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    """The sender's string attributes, by name."""
    original_id: str | None = None
    """The id of the message that this one is a copy of, if the daemon has sent it again."""
    due_at: datetime | None = None
    """When such a copy is to be worked on, which may be later than SQS can delay it."""

    @property
    def identity(self) -> str:
        """The id that the message was first sent with: a copy asks for nothing new."""
        return self.original_id or self.message_id


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Approximate numbers of messages in a queue."""

    visible: int
    in_flight: int
    delayed: int


class Inbox(Protocol):
    """The queue we consume, with its dead-letter queue behind it.

    Every method may raise `Transient` (tried again later) or `Permanent` (the queue does not
    exist, access is denied, credentials are wrong); none retries for long by itself.
    """

    @abstractmethod
    def receive(self, limit: int, wait: timedelta) -> tuple[Received, ...]:
        """At most `limit` (1 to 10) messages, hidden for the visibility time-out.

        Waits up to `wait` for the first one.
        """

    @abstractmethod
    def extend(self, messages: tuple[Received, ...], hidden_for: timedelta) -> tuple[Received, ...]:
        """Hide the messages for that long from now; returns those for which it did not work."""

    @abstractmethod
    def hide(self, message: Received, hidden_for: timedelta) -> None:
        """Deliver the message again after that long (whole seconds, rounded up; 0: at once).

        One that is no longer ours stays as it is, without complaint.
        """

    @abstractmethod
    def delete(self, message: Received) -> None:
        """Be done with the message. A standard queue may deliver it again all the same."""

    @abstractmethod
    def delete_all(self, messages: tuple[Received, ...]) -> tuple[Received, ...]:
        """Be done with up to ten messages in one call; returns those for which it did not work."""

    @abstractmethod
    def send_again(self, message: Received, after: timedelta, now: datetime) -> None:
        """Send a copy that is due after that long: body and group unchanged, identity kept.

        Its receive count begins anew. It may be delivered before it is due: SQS delays a message
        by 15 minutes at most. The caller deletes the message from here afterwards: a copy too
        many, never one too few.
        """

    @abstractmethod
    def dead_letter(self, message: Received, reason: Reason, error: str, now: datetime) -> None:
        """Copy the message to the dead-letter queue, body unchanged, saying why and when.

        The caller deletes it from here afterwards: a copy too many, never one too few.
        """

    @abstractmethod
    def depths(self) -> dict[str, QueueDepth]:
        """The depth of the queue (`source`) and of its dead-letter queue (`dlq`)."""
