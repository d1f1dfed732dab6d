"""Update expressions: SET attributes to values, REMOVE attributes. Nothing else is known here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from sandbox.strict_dynamodb.conditions import Item, Names, Operand, Reader, Values, tokens
from sandbox.strict_dynamodb.refusals import invalid

Change: TypeAlias = Callable[[dict[str, Any], Item, Names, Values], None]


@dataclass(frozen=True, slots=True)
class UpdateExpression:
    """What is changed, and the placeholders that it needs."""

    changes: tuple[Change, ...]
    placeholders: frozenset[str]

    def apply(self, item: Item, names: Names, values: Values) -> dict[str, Any]:
        """The item after the update."""
        new = dict(item)
        for change in self.changes:
            change(new, item, names, values)
        return new


@lru_cache(maxsize=1024)
def update(text: str) -> UpdateExpression:
    """Read the expression; raises a ValidationException if it cannot be read."""
    reader = Reader(tuple(tokens(text)))
    changes: list[Change] = []
    while clause := reader.peek().upper():
        reader.take()
        if clause not in {"SET", "REMOVE"}:
            raise invalid(f"Invalid UpdateExpression: {clause} is not known here")
        while True:
            path = reader.take()
            changes.append(_set(path, reader) if clause == "SET" else _remove(path))
            if reader.peek() != ",":
                break
            reader.take()
    return UpdateExpression(tuple(changes), frozenset(t for t in reader.tokens if t[0] in "#:"))


def _set(path: str, reader: Reader) -> Change:
    reader.take("=")
    operand: Operand = reader.operand()

    def change(new: dict[str, Any], old: Item, names: Names, values: Values) -> None:
        value = operand(old, names, values)
        if value is None:
            raise invalid("The provided expression refers to an attribute that is not there")
        new[_name(path, names)] = value

    return change


def _remove(path: str) -> Change:
    return lambda new, _old, names, _values: _forget(new, _name(path, names))


def _forget(new: dict[str, Any], name: str) -> None:
    new.pop(name, None)


def _name(path: str, names: Names) -> str:
    if path[0] != "#":
        return path
    try:
        return names[path]
    except KeyError:
        raise invalid(f"An expression uses {path}, which is not defined") from None
