"""Things in hand that another thread goes round."""

from __future__ import annotations

from threading import Event, Thread

from adapters.rounds import Rounds

SOON = 5.0


class TestRounds:
    def test_has_nothing_in_hand_at_first(self) -> None:
        assert Rounds[str]().all() == ()

    def test_has_a_thing_in_hand_until_it_is_let_go(self) -> None:
        rounds = Rounds[str]()
        with rounds.hold("a thing"):
            assert rounds.all() == ("a thing",)
        assert rounds.all() == ()

    def test_touches_only_what_is_still_in_hand(self) -> None:
        rounds = Rounds[list[int]]()
        gone, here = [1], [1]
        with rounds.hold(gone):
            pass
        with rounds.hold(here), rounds.touching((gone, here)) as touched:
            assert [id(each) for each in touched] == [id(here)]

    def test_waits_to_let_go_until_nobody_touches_the_thing(self) -> None:
        rounds, held, let_go = Rounds[str](), Event(), Event()
        leave = Event()

        def work() -> None:
            with rounds.hold("a thing"):
                held.set()
                leave.wait(SOON)
            let_go.set()

        worker = Thread(target=work, daemon=True)
        worker.start()
        assert held.wait(SOON)
        with rounds.touching(rounds.all()):
            leave.set()
            assert not let_go.wait(0.02)
        assert let_go.wait(SOON)
        worker.join(SOON)

    def test_does_not_touch_what_is_being_let_go(self) -> None:
        rounds = Rounds[str]()
        with rounds.hold("a thing"):
            things = rounds.all()
        with rounds.touching(things) as touched:
            assert touched == ()
