"""The deliveries that are being worked on, and those that could not be deleted."""

from __future__ import annotations

from domain.deliveries import Received
from entrypoints.in_hand import InHand
from entrypoints.undeleted import Undeleted
from tests.builders import NOW


def a_delivery(receipt: str) -> Received:
    """Of one and the same message."""
    return Received("message-1", receipt, "body", 1, NOW)


class TestInHand:
    def test_lets_only_the_first_claim_a_delivery(self) -> None:
        in_hand, delivery = InHand(), a_delivery("receipt-1")
        in_hand.add(delivery, 1.0)
        assert [in_hand.claim(delivery) for _ in range(3)] == [True, False, False]

    def test_tells_deliveries_of_the_same_message_apart(self) -> None:
        in_hand, first, second = InHand(), a_delivery("receipt-1"), a_delivery("receipt-2")
        in_hand.add(first, 1.0)
        in_hand.add(second, 2.0)
        assert in_hand.claim(first)
        assert in_hand.claim_all() == ((second, 2.0),)
        assert not in_hand.claim(second)
        assert in_hand.claim_all() == ()

    def test_knows_since_when_each_is_in_hand(self) -> None:
        in_hand, delivery = InHand(), a_delivery("receipt-1")
        in_hand.add(delivery, 1.0)
        in_hand.claim(delivery)
        assert in_hand.since() == (1.0,)
        in_hand.remove(delivery)
        assert in_hand.since() == ()


class TestUndeleted:
    def test_remembers_the_latest(self) -> None:
        undeleted = Undeleted(most=2)
        for message_id in ("1", "2", "1", "3"):
            undeleted.add(message_id)
        assert [each in undeleted for each in ("1", "2", "3")] == [True, False, True]

    def test_forgets_what_is_deleted_in_the_end(self) -> None:
        undeleted = Undeleted()
        undeleted.add("1")
        undeleted.remove("1")
        undeleted.remove("never there")
        assert "1" not in undeleted
