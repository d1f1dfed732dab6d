"""Workers that refresh one shop's tokens, in a world that misbehaves from a seed.

The product's own source, refresh and shops table over the strict DynamoDB. Between any two calls a
worker may be paused for minutes or die; calls are not answered, or too late; tokens run out.
`token_world.py` has what they meet.

`python -m tests.simulation.token_soak --help` plays single seeds, many, or some with a bug planted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from adapters.attended_source import AttendedSource
from adapters.dynamodb_shops import DynamoShops
from domain.failures import Failure, Permanent, Unavailable
from domain.orders import PageRequest
from domain.refreshing import RefreshTokens
from tests.builders import USER
from tests.fakes.observer import FakeObserver
from tests.simulation.course import Course, Violation
from tests.simulation.tasks import Task
from tests.simulation.token_world import LIFE, SKEW, Api, Endpoint, Network, World, name
from tests.simulation.virtual import VirtualChance, VirtualClock, VirtualPause

WORKERS = 3
ENDS = 6 * LIFE
"""When faults stop."""
PATIENCE = 900.0
"""By then a page has to have been served after that: leases end, tokens are refreshed."""
PAGE = PageRequest(size=1, cursor=None, since=None, count=False)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that reads one page after another."""

    world: World
    clock: VirtualClock

    def __call__(self) -> None:
        world = self.world
        shops = DynamoShops(Network(world), "shops", self.clock)  # type: ignore[arg-type] # same
        pause, chance = VirtualPause(world.course), VirtualChance(world.course)
        observer = FakeObserver()
        tokens = RefreshTokens(shops, Endpoint(world), self.clock, chance, pause, observer)
        source = AttendedSource(Api(world), tokens, shops, observer)
        while True:
            wait, began = 5.0, world.course.now
            try:
                self._work(shops, source)
            except Unavailable as away:
                wait = away.wait.total_seconds()
            except Permanent as failure:
                if world.course.now - began < LIFE:  # or it slept while its new token ran out
                    raise Violation(f"a page failed: {failure.message}") from None
            except Failure:
                wait = 10.0
            pause.wait(timedelta(seconds=world.course.random.uniform(wait / 2, wait)))
            if world.faults:
                pause.wait(timedelta(seconds=world.course.random.choice([5, 60, 600])))

    def _work(self, shops: DynamoShops, source: AttendedSource) -> None:
        shop = shops.find(USER)
        if shop is None:
            raise Violation("the shop is gone")
        source.fetch_page(shop, PAGE)
        self.world.served += 1
        self.world.course.say(lambda: f"{name()}: served")


def play(seed: int, tell: Callable[[str], None] | None = None) -> dict[str, int]:
    """Play one schedule; what went wrong in it. Raises `Violation`."""
    course = Course(seed, tell)
    world = World(course)
    tasks = [_started(world, number, 1) for number in range(WORKERS)]
    while course.now < ENDS:
        _step(world, tasks)
    world.faults = False
    world.served, until = 0, course.now + PATIENCE
    woken = max((task.by for task in tasks), default=course.now)
    while course.now < max(until, woken + PATIENCE) and world.served < WORKERS:
        _step(world, tasks)
    if world.served < WORKERS:
        raise Violation("nobody gets a page any more")
    for task in tasks:
        task.crash()
    return world.happened


def _started(world: World, number: int, life: int) -> Task:
    skew = world.course.random.uniform(-1, 1) * SKEW.total_seconds()
    work = Worker(world, VirtualClock(world.course, skew))
    task = Task(f"worker-{number}.{life}", None, work)
    task.by = world.course.now + world.course.random.uniform(0, 60)
    return task


def _step(world: World, tasks: list[Task]) -> None:
    """Let the next one go on; who has died is started anew."""
    place = min(range(len(tasks)), key=lambda each: tasks[each].by)
    task = tasks[place]
    world.course.now = max(world.course.now, task.by)
    task.go_on()
    if task.done:
        world.asking.discard(task.name)
        number, _, life = task.name.removeprefix("worker-").partition(".")
        tasks[place] = _started(world, int(number), int(life) + 1)
