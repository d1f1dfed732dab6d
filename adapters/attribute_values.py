"""Python values as DynamoDB's attribute values; a leaf that sibling modules may import.

The rules are those of "Data types" and "Constraints" in the DynamoDB developer guide: numbers have
at most 38 significant digits and a magnitude of 1E-130 to 9.99...E+125, attributes nest at most 32
levels deep. This is where the daemon spends most of its time, so the strings that orders mostly
consist of are converted in line, and the path to a bad value is only looked for once there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias

from domain.orders import Json

AttributeValue: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, AttributeValue]

DEEPEST = 32
"""Levels of nesting that DynamoDB takes."""
MOST_DIGITS = 38
LARGEST_EXPONENT = 125
SMALLEST_EXPONENT = -130

_NULL: AttributeValue = {"NULL": True}
_TRUE: AttributeValue = {"BOOL": True}
_FALSE: AttributeValue = {"BOOL": False}
_ANY_INT_FITS_BELOW = 10**MOST_DIGITS
_MORE_BITS_THAN_ANY_NUMBER = 419  # of 10**126


def attribute_values(fields: Mapping[str, Json]) -> Item:
    """The fields as an item, every digit kept.

    Raises ValueError naming the path (never the value) of the first that DynamoDB cannot hold.
    """
    try:
        return _members(fields, 1)
    except _Unstorable as problem:
        raise ValueError(f"{_path_to_trouble(fields)} {problem}") from None


class _Unstorable(Exception):
    """What is wrong with a value."""


def _members(fields: Mapping[str, Json], depth: int) -> Item:
    """One level; strings and maps, most of what there is, without a call for each."""
    if depth > DEEPEST:
        raise _Unstorable(f"is nested more than {DEEPEST} levels deep")
    if "" in fields:
        raise _Unstorable("has a member without a name")
    item: Item = {}
    for name, value in fields.items():
        kind = type(value)
        if kind is str:
            item[name] = {"S": value}
        elif kind is dict:
            item[name] = {"M": _members(value, depth + 1)}  # type: ignore[arg-type]
        elif value is None:
            item[name] = _NULL
        else:
            item[name] = _value(value, depth)
    return item


def _value(value: Json, depth: int) -> AttributeValue:
    convert = _BY_TYPE.get(type(value))
    return convert(value, depth) if convert else _of_a_subclass(value, depth)


def _of_a_subclass(value: Any, depth: int) -> AttributeValue:
    for kind, convert in _BY_TYPE.items():
        if isinstance(value, kind):
            return convert(value, depth)
    raise _Unstorable(f"is a {type(value).__name__}, which is not JSON")


def _list(values: list[Json], depth: int) -> AttributeValue:
    if depth >= DEEPEST:
        raise _Unstorable(f"is nested more than {DEEPEST} levels deep")
    return {
        "L": [{"S": value} if type(value) is str else _value(value, depth + 1) for value in values]
    }


def _map(value: dict[str, Json], depth: int) -> AttributeValue:
    return {"M": _members(value, depth + 1)}


def _string(value: str, _depth: int) -> AttributeValue:
    return {"S": str(value)}


def _bool(value: bool, _depth: int) -> AttributeValue:  # noqa: FBT001 - the value itself
    return _TRUE if value else _FALSE


def _null(_value: None, _depth: int) -> AttributeValue:
    return _NULL


def _int(value: int, _depth: int) -> AttributeValue:
    if -_ANY_INT_FITS_BELOW < value < _ANY_INT_FITS_BELOW:
        return {"N": int.__repr__(value)}
    if value.bit_length() > _MORE_BITS_THAN_ANY_NUMBER:
        raise _Unstorable("is a number out of range")
    return _decimal(Decimal(value), _depth)


def _float(value: float, depth: int) -> AttributeValue:
    if not isfinite(value):
        raise _Unstorable("is not a finite number")
    return _decimal(Decimal(float.__repr__(value)), depth)


def _decimal(value: Decimal, _depth: int) -> AttributeValue:
    if not value.is_finite():
        raise _Unstorable("is not a finite number")
    if not value:
        return {"N": "0"}
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(digits) > MOST_DIGITS:
        raise _Unstorable(f"is a number of more than {MOST_DIGITS} digits")
    if not SMALLEST_EXPONENT <= value.adjusted() <= LARGEST_EXPONENT:
        raise _Unstorable("is a number out of range")
    return {"N": str(value)}


_BY_TYPE: dict[type, Callable[[Any, int], AttributeValue]] = {
    str: _string,
    bool: _bool,  # before int, which it is a kind of
    int: _int,
    float: _float,
    Decimal: _decimal,
    type(None): _null,
    list: _list,
    dict: _map,
}


def _path_to_trouble(fields: Mapping[str, Json]) -> str:
    """The path to the first bad value, such as `lineItems[3].price`."""
    path = ""
    value: Any = fields
    depth = 1
    while depth <= DEEPEST and (inner := _first_bad_member(value, depth)):
        step, value = inner
        path += step
        depth += 1
    return path.removeprefix(".") or "the order"


def _first_bad_member(value: Any, depth: int) -> tuple[str, Any] | None:
    if isinstance(value, Mapping):
        members = [(f".{name}", member) for name, member in value.items()]
    elif isinstance(value, list):
        members = [(f"[{index}]", member) for index, member in enumerate(value)]
    else:
        return None
    for step, member in members:
        try:
            _value(member, depth)
        except _Unstorable:
            return step, member
    return None
