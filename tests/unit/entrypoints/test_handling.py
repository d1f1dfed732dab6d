"""From a body on the wire to the outcome of its delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from domain.deliveries import Received
from domain.failures import Interrupted, Reason
from domain.messages import Delivery, SyncRequest
from domain.occurrences import Reported
from domain.outcomes import DeadLetter, Done, GiveBack, Later, Outcome
from entrypoints.handling import Handled, HandleReceived
from entrypoints.messages import encode
from tests.builders import NOW, a_continuation
from tests.fakes.chance import FakeChance
from tests.fakes.observer import FakeObserver

MESSAGE = a_continuation(3)
MOST = 8


def received(body: str = encode(MESSAGE), count: int = 2) -> Received:
    return Received("message-1", "receipt-1", body, count, NOW)


@dataclass(slots=True)
class UseCase:
    """Does what it is told to."""

    act: Callable[[], Outcome]
    deliveries: list[Delivery] = field(default_factory=list)

    def __call__(self, delivery: Delivery) -> Outcome:
        self.deliveries.append(delivery)
        return self.act()


@pytest.fixture
def observer() -> FakeObserver:
    return FakeObserver()


def handle(observer: FakeObserver, use_case: UseCase) -> HandleReceived:
    return HandleReceived(use_case, observer, FakeChance(), MOST)


def raising(error: Exception) -> UseCase:
    def act() -> Outcome:
        raise error

    return UseCase(act)


class TestHandleReceived:
    def test_passes_on_what_the_message_asks_for(self, observer: FakeObserver) -> None:
        use_case = UseCase(Done)
        assert handle(observer, use_case)(received()) == Handled(Done(), MESSAGE)
        assert use_case.deliveries == [Delivery(MESSAGE, 2)]

    def test_buries_what_nobody_can_read(self, observer: FakeObserver) -> None:
        use_case = UseCase(Done)
        handled = handle(observer, use_case)(received('{"type":"unknown"}'))
        allowed = 'type must be "sync-page", "retry-batch", "purge-user" or "redact-customer"'
        assert handled == Handled(DeadLetter(Reason.INVALID_MESSAGE, allowed))
        assert use_case.deliveries == []

    def test_gives_the_message_back_when_a_wait_is_interrupted(
        self, observer: FakeObserver
    ) -> None:
        handled = handle(observer, raising(Interrupted()))(received())
        assert handled == Handled(GiveBack(), MESSAGE)

    def test_puts_the_message_off_after_a_bug(self, observer: FakeObserver) -> None:
        handled = handle(observer, raising(KeyError("customer@example.com")))(received())
        assert isinstance(handled.outcome, Later)
        assert handled.message == MESSAGE

    def test_says_where_a_bug_is_but_not_what_it_says(self, observer: FakeObserver) -> None:
        handle(observer, raising(KeyError("customer@example.com")))(received())
        (report,) = observer.of(Reported)
        assert report.text.startswith("KeyError < test_handling.py:")
        assert "customer" not in report.text

    def test_buries_a_message_that_meets_a_bug_again_and_again(
        self, observer: FakeObserver
    ) -> None:
        meet = handle(observer, raising(KeyError("customer@example.com")))
        handled = [meet(received()) for _ in range(MOST)][-1]
        assert isinstance(handled.outcome, DeadLetter)
        assert handled.outcome.reason is Reason.BUG
        assert handled.outcome.error.startswith("KeyError at test_handling.py:")
        assert "customer" not in handled.outcome.error

    def test_counts_bugs_and_not_deliveries(self, observer: FakeObserver) -> None:
        """A message that has waited out an outage was delivered many times."""
        meet = handle(observer, raising(KeyError()))
        assert isinstance(meet(received(count=49)).outcome, Later)

    def test_counts_the_bugs_of_a_copy_with_its_originals(self, observer: FakeObserver) -> None:
        meet = handle(observer, raising(KeyError()))
        for _ in range(MOST - 1):
            meet(received())
        copy = replace(received(), message_id="message-2", original_id="message-1")
        assert isinstance(meet(copy).outcome, DeadLetter)

    def test_takes_a_copy_of_a_request_for_the_request(self, observer: FakeObserver) -> None:
        use_case = UseCase(Done)
        body = '{"type":"sync-page","userId":"user-1","syncType":"manual"}'
        copy = replace(received(body), message_id="message-2", original_id="message-1")
        handle(observer, use_case)(copy)
        (delivery,) = use_case.deliveries
        assert isinstance(delivery.message, SyncRequest)
        assert delivery.message.request_id == "message-1"
