"""`dlq redrive --all`: SQS moves everything by itself, and we follow."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from tests.at_hand import Terminal

MOVE_TASKS = frozenset({"start_message_move_task", "list_message_move_tasks"})


def bury(terminal: Terminal, count: int) -> None:
    queues = terminal.at_hand.queues
    for number in range(count):
        queues.engine.send_message(QueueUrl=queues.urls.dlq, MessageBody=f"body {number}")


def moved(terminal: Terminal) -> int:
    return len(terminal.at_hand.queues.bodies(terminal.at_hand.queues.urls.source))


class TestRedriveAll:
    def test_moves_everything_and_says_how_far_it_is(self, terminal: Terminal) -> None:
        bury(terminal, 1200)
        assert terminal.type("dlq", "redrive", "--all") == "moved 1200 messages\n"
        assert terminal.err.splitlines() == [
            "… 0 messages of about 1200",
            "… 500 messages of about 1200",
            "… 1000 messages of about 1200",
            "… 1200 messages of about 1200",
        ]
        assert moved(terminal) == 1200

    def test_keeps_to_the_rate(self, terminal: Terminal) -> None:
        bury(terminal, 20)
        terminal.type("dlq", "redrive", "--all", "--rate", "4")
        assert len(terminal.at_hand.pause.waits) == 5
        assert moved(terminal) == 20

    def test_does_not_take_an_earlier_task_for_its_own(self, terminal: Terminal) -> None:
        bury(terminal, 3)
        terminal.type("dlq", "redrive", "--all")
        bury(terminal, 2)
        listed_late(terminal)
        assert terminal.type("dlq", "redrive", "--all") == "moved 2 messages\n"

    def test_gives_up_on_a_task_that_is_never_listed(self, terminal: Terminal) -> None:
        bury(terminal, 3)
        queues = terminal.at_hand.queues
        tasks = queues.engine.queue(queues.urls.dlq).tasks
        queues.before_calls["list_message_move_tasks"] = tasks.clear
        terminal.type("dlq", "redrive", "--all")
        assert terminal.code == 1
        assert terminal.err == "error: SQS does not list the move task that it has started\n"

    def test_tells_machines_how_it_ended(self, terminal: Terminal) -> None:
        bury(terminal, 3)
        found = terminal.type_json("dlq", "redrive", "--all")
        assert found == {"messages": [], "dryRun": False, "count": 3, "skipped": 0}

    def test_moves_nothing_in_a_dry_run(self, terminal: Terminal) -> None:
        bury(terminal, 3)
        words = terminal.type("dlq", "redrive", "--all", "--dry-run")
        assert words == "would have SQS move everything, about 3 messages\n"
        assert moved(terminal) == 0

    @pytest.mark.parametrize(
        "filters", [("--reason", "bug"), ("--user", "user-1"), ("--limit", "5")]
    )
    def test_takes_no_filter(self, terminal: Terminal, filters: tuple[str, ...]) -> None:
        bury(terminal, 3)
        terminal.type("dlq", "redrive", "--all", *filters)
        assert (terminal.code, moved(terminal)) == (2, 0)
        assert terminal.err.startswith("error: --all moves everything")

    def test_follows_a_task_that_is_running_already(self, terminal: Terminal) -> None:
        bury(terminal, 10)
        terminal.at_hand.move_tasks().start(rate=5)
        assert terminal.type("dlq", "redrive", "--all").endswith("moved 10 messages\n")
        assert "running already" in terminal.err

    def test_is_cancelled_by_an_interrupt(self, terminal: Terminal) -> None:
        bury(terminal, 10)
        terminal.at_hand.meanwhile = terminal.at_hand.pause.stop
        terminal.type("dlq", "redrive", "--all", "--rate", "2")
        assert terminal.code == 130
        assert "the move task is cancelled" in terminal.err
        terminal.at_hand.time.advance(timedelta(minutes=1))
        assert moved(terminal) == 2
        assert terminal.at_hand.queues.visible(terminal.at_hand.queues.urls.dlq) == 8

    def test_moves_one_by_one_where_there_are_no_move_tasks(self, terminal: Terminal) -> None:
        bury(terminal, 12)
        terminal.at_hand.queues.without = MOVE_TASKS
        assert terminal.type("dlq", "redrive", "--all").endswith("moved 12 messages\n")
        assert "no move tasks: moving one message after another" in terminal.err
        assert moved(terminal) == 12

    def test_says_why_sqs_refuses(self, terminal: Terminal) -> None:
        bury(terminal, 1)
        queues = terminal.at_hand.queues
        queues.engine.set_queue_attributes(
            QueueUrl=queues.urls.source, Attributes={"RedrivePolicy": ""}
        )
        terminal.type("dlq", "redrive", "--all")
        assert terminal.code == 1
        assert "starting a move task: InvalidParameterValue" in terminal.err
        assert "must be configured as a DLQ" in terminal.err

    def test_says_that_the_task_was_cancelled_elsewhere(self, terminal: Terminal) -> None:
        bury(terminal, 10)
        tasks = terminal.at_hand.move_tasks()

        def cancel() -> None:
            task = tasks.latest()
            if task is not None and task.handle:
                tasks.cancel(task)

        terminal.at_hand.meanwhile = cancel
        terminal.type("dlq", "redrive", "--all", "--rate", "3")
        assert terminal.code == 1
        assert terminal.err.endswith("error: the move task ended after 3 messages: cancelled\n")


def test_a_failed_task_tells_its_reason(terminal: Terminal) -> None:
    bury(terminal, 2)
    queues = terminal.at_hand.queues
    arn = queues.engine.queue(queues.urls.dlq).arn
    queues.engine.start_message_move_task(SourceArn=arn)
    terminal.type("dlq", "redrive", "--all")
    assert terminal.code == 1
    assert "CouldNotDetermineMessageSource" in terminal.err
    assert moved(terminal) == 0


def listed_late(terminal: Terminal) -> None:
    """The first look after the start of a task does not show it yet."""
    queues = terminal.at_hand.queues
    tasks, looks, late = queues.engine.queue(queues.urls.dlq).tasks, count(), []

    def lag() -> None:
        look = next(looks)
        if look == 1:
            late.append(tasks.pop())
        tasks.extend(late if look == 2 else ())

    queues.before_calls["list_message_move_tasks"] = lag
