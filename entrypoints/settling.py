"""What becomes of a message once its outcome is known."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never

from domain.deliveries import Inbox, Received
from domain.failures import Failure
from domain.messages import Continuation
from domain.occurrences import MessageSettled, Reported
from domain.outcomes import DeadLetter, Done, GiveBack, Later, Outcome
from domain.ports import Chance, Clock, Observer, Pause
from domain.redelivery import FRESH_AFTER, LONGEST_HIDDEN, backoff
from entrypoints.deletions import Deletions
from entrypoints.handling import Handled
from entrypoints.messages import message_type, sync_type
from entrypoints.tries import Tries
from entrypoints.undeleted import Undeleted

UNREADABLE = "invalid"
"""The type of a message that nobody could read, or that nobody has read."""


@dataclass(frozen=True, slots=True)
class SettleDelivery:
    """Delete, hide, send anew or dead-letter the message, then state how its delivery has ended.

    What fails is tried a few times, then the message is left to come back by itself. Never raises
    a `Failure`. Messages that are done are deleted by `deletions`; without them one by one.
    """

    inbox: Inbox
    observer: Observer
    clock: Clock
    chance: Chance
    pause: Pause
    undeleted: Undeleted = field(default_factory=Undeleted)
    deletions: Deletions | None = None

    def __call__(self, received: Received, handled: Handled, began: float) -> None:
        """`began` is the monotonic time at which the work on it began."""
        outcome = self._settle(received, handled.outcome)
        self.observer.notice(self._settled(received, Handled(outcome, handled.message), began))

    def give_back(self, deliveries: tuple[tuple[Received, float], ...]) -> None:
        """Make all of them visible at once; a single try, since the process is about to end."""
        if not deliveries:
            return
        try:
            self.inbox.extend(tuple(received for received, _ in deliveries), timedelta(0))
        except Failure as failure:
            self.observer.notice(Reported("messages not given back", failure.message))
        for received, began in deliveries:
            self.leave(received, began)

    def leave(self, received: Received, began: float) -> None:
        """State that it was given back; nothing is asked of the queue."""
        self.observer.notice(self._settled(received, Handled(GiveBack()), began))

    def at_the_end(self, unfinished: tuple[tuple[Received, float], ...]) -> None:
        """Give those back, and delete what is done and not deleted yet."""
        self.give_back(unfinished)
        if self.deletions is not None:
            self.deletions.flush()

    def wait(self) -> None:
        """Until nothing is under way any more beside the deliveries."""
        if self.deletions is not None:
            self.deletions.wait()

    def going_on(self) -> AbstractContextManager[None]:
        """Whatever has to go on beside the deliveries does, until the context ends."""
        return nullcontext() if self.deletions is None else self.deletions.going_on()

    def _settle(self, received: Received, outcome: Outcome) -> Outcome:
        match outcome:
            case Done():
                self._finish(received)
            case Later(after):
                self._put_off(received, after)
            case DeadLetter():
                return self._dead_letter(received, outcome)
            case GiveBack():
                self._try("not given back", lambda: self.inbox.hide(received, timedelta(0)))
            case other:
                assert_never(other)
        return outcome

    def _finish(self, received: Received) -> None:
        if self.deletions is None:
            self._delete(received)
        else:
            self.deletions.add(received)

    def _delete(self, received: Received) -> None:
        """One that cannot be deleted is deleted unread when it comes back."""
        if self._try("not deleted", lambda: self.inbox.delete(received)):
            self.undeleted.remove(received.message_id)
        else:
            self.undeleted.add(received.message_id)

    def _put_off(self, received: Received, after: timedelta) -> None:
        """Hide it; send it anew where SQS would lose patience with it, or cannot hide it so long.

        Without a copy the message stays and is hidden all the same.
        """
        now = self.clock.now()
        worn = received.receive_count >= FRESH_AFTER or after > LONGEST_HIDDEN
        if worn and self._try("not sent anew", lambda: self.inbox.send_again(received, after, now)):
            self._delete(received)
        else:
            self._try("not hidden", lambda: self.inbox.hide(received, after))

    def _dead_letter(self, received: Received, letter: DeadLetter) -> Outcome:
        """Copy, then delete; without a copy the message stays where it is."""
        now = self.clock.now()
        if self._try(
            "not dead-lettered",
            lambda: self.inbox.dead_letter(received, letter.reason, letter.error, now),
        ):
            self._delete(received)
            return letter
        later = Later(backoff(received.receive_count, self.chance.uniform()))
        self._settle(received, later)
        return later

    def _try(self, complaint: str, action: Callable[[], object]) -> bool:
        return Tries(self.observer, self.pause)(f"message {complaint}", action)

    def _settled(self, received: Received, handled: Handled, began: float) -> MessageSettled:
        message, outcome = handled.message, handled.outcome
        duration = timedelta(seconds=self.clock.monotonic() - began)
        letter = outcome if isinstance(outcome, DeadLetter) else None
        return MessageSettled(
            message_type=message_type(message) if message else UNREADABLE,
            outcome=_label(outcome),
            message_id=received.message_id,
            receive_count=received.receive_count,
            duration=duration,
            dwell=max(self.clock.now() - received.sent_at - duration, timedelta(0)),
            reason=letter.reason.value if letter else None,
            user_id=message.user_id if message else None,
            sync_type=sync_type(message) if message else None,
            page=message.page if isinstance(message, Continuation) else None,
            error=letter.error if letter else None,
        )


def _label(outcome: Outcome) -> str:
    match outcome:
        case Done(how):
            return how.value
        case Later(_, why):
            return why.value
        case DeadLetter():
            return "dead-lettered"
        case GiveBack():
            return "released"
        case other:
            assert_never(other)
