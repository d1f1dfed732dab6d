"""A schedule: processes at work on a stage, one step at a time, as the seed has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import inf
from typing import Any

from domain.messages import Message, SyncRequest
from entrypoints.consumer import MOST_AT_ONCE
from entrypoints.messages import encode
from tests.simulation.course import Course, Violation
from tests.simulation.history import LARGEST_SKEW
from tests.simulation.network import Wire
from tests.simulation.stage import a_stage
from tests.simulation.tasks import Task
from tests.simulation.temper import Temper
from tests.simulation.worker import Worker

PROCESSES, AT_LEAST = 3, 2
_TO_REST = 60_000
_QUIET_AFTER = timedelta(days=2).total_seconds()


class World:
    """Several processes on one stage."""

    def __init__(self, seed: int, tell: Callable[[str], None] | None = None) -> None:
        self.course = Course(seed, tell)
        self.stage = stage = a_stage(self.course)
        self.history, self.tables, self.shop = stage.history, stage.tables, stage.shop
        self._around = stage.surroundings()
        self._publisher = self._around.sqs(1, inf)
        self.workers: dict[int, Worker] = {}
        self.requests: dict[str, tuple[SyncRequest, float]] = {}
        """When each request was published first."""

    # What services and operators do

    def request(self, request: SyncRequest) -> None:
        if request.request_id in self.requests:
            self.history.ledger.request_faults[request.request_id] += 1
        self.requests.setdefault(request.request_id, (request, self.course.now))
        self.course.say(lambda: f"published: {request}")
        self.publish(request)

    def publish(self, message: Message) -> None:
        self._publisher.send_message(QueueUrl=self.tables.source_url, MessageBody=encode(message))

    def redrive(self) -> None:
        """Everything in the dead-letter queue goes back."""
        for message in self.stage.sqs.stored(self.tables.dead_url):
            self.course.say(lambda: f"redriven: {message.body}")  # noqa: B023 - said at once
            self.stage.sqs.queue(self.tables.dead_url).remove(message)
            self.stage.sqs.send_message(QueueUrl=self.tables.source_url, MessageBody=message.body)

    # What processes do

    def start_a_worker(self) -> None:
        """In any of the places; one that is taken stays as it is."""
        random = self.course.random
        seat = random.randrange(PROCESSES)
        if seat not in self.workers:
            name = f"w{seat + 1}-{next(self.course.numbers)}"
            skew = random.uniform(-LARGEST_SKEW, LARGEST_SKEW)
            self.workers[seat] = Worker(seat, name, self._around, skew, self.stage.has_watchdog)
            self.course.say(lambda: f"{name} starts, its clock {skew:+.1f} s off")

    def go_on(self) -> None:
        """One of those that could go on does; if there is none, time passes."""
        ready = self._ready()
        if not ready:
            self._pass_time()
            return
        self._do(self.course.random.choice(ready))
        self.course.now += self.course.random.choice((0.0, 0.0, 0.01, 0.1))

    def bury(self, worker: Worker) -> None:
        """The process is gone, and what it had in hand with it."""
        for task in list(worker.tasks):
            self.stage.network.forget(task)
            task.crash()
        worker.tasks.clear()
        del self.workers[worker.seat]

    def tasks(self) -> list[Task]:
        return [task for worker in self.workers.values() for task in worker.tasks]

    # Rest

    def calm_down(self) -> None:
        """No fault from now on: everybody is awake, and what was sent arrives."""
        calm = Temper.calm()
        self.stage.network.temper = calm
        self.shop.calm_down(calm)
        self.course.say(lambda: "faults stop")
        for worker in self.workers.values():
            worker.paused_until = min(worker.paused_until, self.course.now)
        self._finish_what_is_in_hand()
        self.history.calm = True
        self.course.say(lambda: "nothing is in hand any more")

    def _finish_what_is_in_hand(self) -> None:
        for _ in range(_TO_REST):
            if not any(worker.in_hand for worker in self.workers.values()):
                return
            ready = [each for each in self._ready() if not isinstance(each, Worker)]
            if ready:
                self._do(ready[0])
            else:
                self._pass_time()
        raise Violation("3: what is in hand does not end")

    def rest(self) -> None:
        """Let everything go on, one message after the other, until there is nothing left to do."""
        until = self.course.now + _QUIET_AFTER
        for _ in range(_TO_REST):
            if not self.workers:
                self.start_a_worker()
                continue
            ready = self._ready()
            if ready:
                self._do(ready[0])
            elif self._is_quiet():
                return
            elif self.course.now > until:
                break
            else:
                self._pass_time()
        raise Violation("3: the world does not come to rest")

    def _is_quiet(self) -> bool:
        working = any(worker.in_hand for worker in self.workers.values())
        if working or self.stage.network.wires or self.stage.sqs.stored(self.tables.source_url):
            return False
        return not (self.stage.has_watchdog and any(self.tables.running()))

    # How it works

    def _ready(self) -> list[Task | Wire | Worker]:
        """Whatever could happen now; what is under way comes first."""
        now = self.course.now
        if any(worker.ends_at < 0 for worker in self.workers.values()):
            self._bury_the_ended()
        ready: list[Any] = [wire for wire in self.stage.network.wires if wire.due <= now]
        idle = []
        for worker in self.workers.values():
            if worker.paused_until > now:
                continue
            if worker.has_something_due(now):
                worker.look_at_timers(now)
            ready += [task for task in worker.tasks if task.runnable(now)]
            if worker.polls_at <= now and worker.can_poll():
                idle.append(worker)
        if (ready and self.history.calm) or not idle or not self._something_to_receive():
            return ready
        if not self.history.calm:
            return [*ready, *idle]
        one_after_the_other = any(worker.in_hand for worker in self.workers.values())
        return [] if one_after_the_other else [*idle[:1]]

    def _do(self, what: Any) -> None:
        self.history.steps += 1
        if isinstance(what, Wire):
            self.stage.network.arrive(what)
        elif isinstance(what, Worker):
            what.poll(1 if self.history.calm else MOST_AT_ONCE)
        else:
            self._run(what)

    def _run(self, task: Task) -> None:
        if not task.started:
            task.process.begin(task)
        task.go_on()
        if task.done:
            task.process.tasks.remove(task)

    def _something_to_receive(self) -> bool:
        queue = self.stage.sqs.queue(self.tables.source_url)
        queue.wake(self.course.epoch_seconds())
        return bool(queue.visible)

    def _pass_time(self) -> None:
        """To when something happens next."""
        course = self.course
        times = [wire.due for wire in self.stage.network.wires]
        for worker in self.workers.values():
            times.append(worker.next_timer())
            times += [max(task.by, worker.paused_until) for task in worker.tasks]
        visible = self.stage.sqs.next_visible_at(self.tables.source_url)
        if visible is not None:
            times.append(visible - course.epoch_seconds() + course.now)
        times += [w.polls_at for w in self.workers.values() if w.polls_at > course.now]
        later = [at for at in times if course.now < at < inf]
        course.now = min(later, default=course.now + 1.0) + 1e-6

    def _bury_the_ended(self) -> None:
        for worker in [each for each in self.workers.values() if each.has_ended()]:
            self.bury(worker)
