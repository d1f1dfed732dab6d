"""Condition, filter and key-condition expressions, made into functions once and for all.

The grammar is that of the developer guide, "Condition and filter expressions, operators, and
functions", without BETWEEN, IN, size and document paths: what is left out is refused aloud.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from sandbox.strict_dynamodb.refusals import invalid

Value: TypeAlias = Mapping[str, Any]
Item: TypeAlias = Mapping[str, Value]
Names: TypeAlias = Mapping[str, str]
Values: TypeAlias = Mapping[str, Value]
Test: TypeAlias = Callable[[Item, Names, Values], bool]
Operand: TypeAlias = Callable[[Item, Names, Values], Value | None]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*)")
_WORDS = frozenset({"AND", "OR", "NOT"})
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of an item, and the placeholders that it needs."""

    test: Test
    placeholders: frozenset[str]


def tokens(text: str) -> Iterator[str]:
    """The words and signs of an expression."""
    place = 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise invalid(f"Invalid expression: syntax error at {text[place : place + 12]!r}")
        yield found[1]
        place = found.end()


@lru_cache(maxsize=1024)
def condition(text: str) -> Condition:
    """Read the expression; raises a ValidationException if it cannot be read."""
    reader = Reader(tuple(tokens(text)))
    test = reader.disjunction()
    reader.end()
    return Condition(test, frozenset(t for t in reader.tokens if t[0] in "#:"))


class Reader:
    """Reads tokens from left to right."""

    def __init__(self, read: tuple[str, ...]) -> None:
        self.tokens = read
        self._place = 0

    def peek(self) -> str:
        return self.tokens[self._place] if self._place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise invalid(f"Invalid expression: {expected or 'more'} expected, not {token!r}")
        self._place += 1
        return token

    def end(self) -> None:
        if self.peek():
            raise invalid(f"Invalid expression: {self.peek()!r} is left over")

    def disjunction(self) -> Test:
        tests = [self._conjunction()]
        while self.peek().upper() == "OR":
            self.take()
            tests.append(self._conjunction())
        if len(tests) == 1:
            return tests[0]
        return lambda item, names, values: any(t(item, names, values) for t in tests)

    def operand(self) -> Operand:
        """An attribute or a value."""
        token = self.take()
        if token[0] == ":":
            return lambda _item, _names, values: _known(values, token)
        if token[0] == "#":
            return lambda item, names, _values: item.get(_known(names, token))
        if not token[0].isalpha() or token.upper() in _WORDS:
            raise invalid(f"Invalid expression: an operand expected, not {token!r}")
        return lambda item, _names, _values: item.get(token)

    def _conjunction(self) -> Test:
        tests = [self._negation()]
        while self.peek().upper() == "AND":
            self.take()
            tests.append(self._negation())
        if len(tests) == 1:
            return tests[0]
        return lambda item, names, values: all(t(item, names, values) for t in tests)

    def _negation(self) -> Test:
        if self.peek().upper() != "NOT":
            return self._primary()
        self.take()
        test = self._negation()
        return lambda item, names, values: not test(item, names, values)

    def _primary(self) -> Test:
        if self.peek() == "(":
            self.take()
            test = self.disjunction()
            self.take(")")
            return test
        if self._place + 1 < len(self.tokens) and self.tokens[self._place + 1] == "(":
            return self._function()
        return self._comparison()

    def _comparison(self) -> Test:
        left = self.operand()
        sign = self.take()
        compare = _COMPARE.get(sign)
        if compare is None:
            raise invalid(f"Invalid expression: a comparator expected, not {sign!r}")
        right = self.operand()

        def test(item: Item, names: Names, values: Values) -> bool:
            a, b = left(item, names, values), right(item, names, values)
            if a is None or b is None:
                return False
            ((kind, mine),), ((other, theirs),) = a.items(), b.items()
            if kind != other:
                return sign == "<>"
            return compare(_comparable(kind, mine), _comparable(kind, theirs))

        return test

    def _function(self) -> Test:
        name = self.take()
        self.take("(")
        first = self.operand()
        if name == "attribute_exists":
            self.take(")")
            return lambda item, names, values: first(item, names, values) is not None
        if name == "attribute_not_exists":
            self.take(")")
            return lambda item, names, values: first(item, names, values) is None
        if name != "begins_with":
            raise invalid(f"Invalid expression: the function {name} is not known here")
        self.take(",")
        prefix = self.operand()
        self.take(")")

        def begins_with(item: Item, names: Names, values: Values) -> bool:
            text, start = first(item, names, values), prefix(item, names, values)
            return (text or {}).get("S", "").startswith((start or {})["S"]) if text else False

        return begins_with


def _comparable(kind: str, value: Any) -> Any:
    match kind:
        case "N":
            return Decimal(value)
        case "S":
            return value.encode()
        case _:
            return value


def _known(given: Mapping[str, Any], placeholder: str) -> Any:
    try:
        return given[placeholder]
    except KeyError:
        raise invalid(f"An expression uses {placeholder}, which is not defined") from None
