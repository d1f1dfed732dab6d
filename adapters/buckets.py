"""A shop's rate limit as one process knows it: a bucket that fills up by itself.

GraphQL's holds points, REST's calls (shopify.dev/docs/api/usage/limits). Times are seconds of the
monotonic clock.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from math import exp

GRACE = 5.0
"""A slot is kept for so long after its turn: messages come late, but not for ever."""
OTHERS_REMEMBERED = 10.0
MOST_FOR_OTHERS = 0.5
"""However much others take, we go on at half the pace: they make room for us, too."""
NOTICED = 0.02
"""Of the rate: others who took less in the last half minute have gone."""
UNDER_WAY_ELSEWHERE = 1.5
"""Requests like ours: measured, with two to four processes by REST, to have none refused."""
LITTLE = 0.05
"""Of the bucket: a REST call and a half is. A page by GraphQL is a third, and nothing is left for
another: the bucket would run over."""
A_MOMENT = 1e-3
LOOK_AGAIN = 0.1
LONGEST_LESSON = 2.0
"""So long others wait for the first answer of a shop that is not known."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of the bucket; None is what it leaves out.

    `charged` is what its request was charged (None: all it wanted, for all we know), `refused_for`
    how long nothing more is answered.
    """

    available: float | None = None
    capacity: float | None = None
    restore_rate: float | None = None
    charged: float | None = None
    refused_for: timedelta | None = None
    answered: bool = True


NO_ANSWER = Told(answered=False)
NOBODY_THERE = Told(charged=0.0, answered=False)
"""Nobody was there to charge for the request."""


@dataclass(slots=True, eq=False)
class Slot:
    """A place in the line of those who want points; `place` tells who may come for it."""

    points: float
    place: Hashable
    expires: float | None = None
    """None: somebody stands in it."""


@dataclass(slots=True, eq=False)
class Flight:
    """A request under way, and what others were charged whose answers came meanwhile."""

    points: float
    sent_at: float
    charged_meanwhile: float = 0.0


@dataclass(slots=True)
class Bucket:
    """What is in it, as far as it is known, and who waits for it: first come, first served.

    `level` is what it holds at least, but for the requests under way, which are counted apart:
    whether they were charged already nobody knows. An answer is true for an instant between its
    request and its arrival: it moves the level no further than that allows, in whichever order
    answers come. `alone` is what it would hold at least if nobody else drew on it: where an answer
    says less, others do, and `others` says how fast.
    """

    capacity: float
    restore_rate: float
    at: float
    known: bool = False
    level: float = 0.0
    alone: float = 0.0
    others: float = 0.0
    heard_at: float | None = None
    """When an answer last told what is left."""
    closed_until: float = 0.0
    line: list[Slot] = field(default_factory=list)
    flights: list[Flight] = field(default_factory=list)

    def forgettable(self, now: float, after: float) -> bool:
        """Nobody is under way or has asked for that long: no slot is kept for anybody."""
        return not self.flights and now - self.at >= after

    def slot(self, points: float, place: Hashable, now: float) -> Slot:
        """The one that was booked for the place, or a new one at the end of the line."""
        self._pass(now)
        for slot in self.line:
            if slot.expires is not None and slot.place == place:
                slot.points, slot.expires = points, None
                return slot
        self.line.append(Slot(points, place))
        return self.line[-1]

    def wait(self, slot: Slot, now: float) -> float:
        """Seconds until it is the slot's turn, as far as can be foreseen."""
        self._pass(now)
        ahead = sum(each.points for each in self.line[: self.line.index(slot)])
        under_way = sum(flight.points for flight in self.flights)
        closed = max(self.closed_until - now, 0.0)
        if not self.known:
            return max(closed, LOOK_AGAIN if ahead or self._learning(now) else 0.0)
        # A request that the full bucket does not hold is sent when it is full.
        own = min(slot.points, self.capacity)
        lacking = own + ahead + under_way + self._left_for_others(own) - self.level
        return max(lacking / (self.restore_rate - self.others), closed, 0.0)

    def keep(self, slot: Slot, wait: float, now: float) -> None:
        """Keep the slot for who comes for it after the wait."""
        slot.expires = now + wait + GRACE

    def leave(self, slot: Slot) -> None:
        self.line.remove(slot)

    def take(self, slot: Slot, now: float) -> Flight:
        """It is the slot's turn: its request is sent."""
        self.line.remove(slot)
        self.flights.append(Flight(slot.points, now))
        return self.flights[-1]

    def land(self, flight: Flight, told: Told, now: float) -> None:
        """The request is over. One that was not answered may have been charged all it wanted.

        An answer that does not tell what is left leaves us with what most buckets are like.
        """
        self._pass(now)
        self.flights.remove(flight)
        charged = flight.points if told.charged is None else told.charged
        for other in self.flights:
            other.charged_meanwhile += charged
        self._adopt(told)
        if told.refused_for is not None:
            self.closed_until = max(self.closed_until, now + told.refused_for.total_seconds())
        self.level -= charged
        self.alone -= charged
        if told.available is not None:
            self._bound(flight, told.available, now)
        elif not self.known and told.answered and told.refused_for is None:
            self.known = True
            self.level = self.alone = self.capacity - charged

    def _bound(self, flight: Flight, available: float, now: float) -> None:
        under_way = sum(each.points for each in self.flights)
        least = available - flight.charged_meanwhile
        # Shopify counts in whole points: there may be almost one more.
        most = available + 1.0 + (now - flight.sent_at) * self.restore_rate + under_way
        if self.heard_at is None:
            self.level = self.alone = least
        elif self.alone > most:
            self._drained(self.alone - most, now - self.heard_at)
            self.level = self.alone = least
        else:
            self._drained(0.0, now - self.heard_at)
            self.level = min(max(self.level, least), most)
            self.alone = max(self.alone, least)
        self.known, self.heard_at = True, now

    def _drained(self, points: float, seconds: float) -> None:
        """Others took as much in that time."""
        passed = max(seconds, A_MOMENT)
        share = 1.0 - exp(-passed / OTHERS_REMEMBERED)
        self.others += share * (points / passed - self.others)
        self.others = min(self.others, self.restore_rate * MOST_FOR_OTHERS)

    def _adopt(self, told: Told) -> None:
        self.capacity = told.capacity or self.capacity
        self.restore_rate = told.restore_rate or self.restore_rate
        self.others = min(self.others, self.restore_rate * MOST_FOR_OTHERS)

    def _left_for_others(self, own: float) -> float:
        """What they may be asking for at this moment: their answers tell us nothing of that.

        It stays in the bucket once and costs no pace, unless the bucket ran over for it.
        """
        left = own * UNDER_WAY_ELSEWHERE
        noticed = self.others > self.restore_rate * NOTICED
        return left if noticed and left <= self.capacity * LITTLE else 0.0

    def _learning(self, now: float) -> bool:
        """The first one teaches; the others wait for what it hears, but not for ever."""
        return any(now - flight.sent_at < LONGEST_LESSON for flight in self.flights)

    def _pass(self, now: float) -> None:
        passed = max(now - self.at, 0.0)
        left_to_us = self.restore_rate - self.others
        self.level = min(self.level + passed * left_to_us, self.capacity)
        self.alone = min(self.alone + passed * self.restore_rate, self.capacity)
        self.at = now
        self.line = [each for each in self.line if each.expires is None or each.expires >= now]
