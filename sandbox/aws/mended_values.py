"""Where moto's DynamoDB takes seconds for what nobody looks into: put right.

* It wraps every value of an item, however deep, when the item is put, and copies all of them when
  it is read: 10 ms for an order, twice. Here a list or a map stays as it came until somebody looks
  into it.
* It reads and writes JSON with Python's own module, several times a call: 8 ms for an order.
"""

from copy import deepcopy
from typing import Any

import msgspec
from moto.core.parse import BaseJSONParser
from moto.dynamodb import responses
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import bytesize, dynamo_json_dump

from sandbox.aws.plain_json import read_json

_moto_reads_json: Any = vars(BaseJSONParser)["_parse_body_as_json"]
_moto_measures = DynamoType.size

Held = Any
"""What a value holds, as it came over the wire: never changed in place."""


def mend() -> None:
    """Put moto's values right, in this process; to be done before the first request."""
    for owner, name, mended in (
        (DynamoType, "__init__", _made),
        (DynamoType, "__deepcopy__", _copied),
        (DynamoType, "value", property(_value, _set_value)),
        (DynamoType, "size", _size),
        (BaseJSONParser, "_parse_body_as_json", _body),
        (responses, "dynamo_json_dump", _dumped),
    ):
        setattr(owner, name, mended)


def held_by(value: Any) -> Held:
    """What a DynamoType holds: as it came if nobody has looked into it, else more of them."""
    held = value.__dict__.get("_held")
    return value.value if held is None else held


def _made(self: Any, given: Any) -> None:
    if isinstance(given, DynamoType):
        self.type, held = given.type, held_by(given)
    else:
        self.type, held = next(iter(given.items()))
    self.__dict__["_held" if self.type in {"L", "M"} else "_value"] = held
    if self.type in {"L", "M"} and _is_looked_into(held):
        _look_into(self)


def _is_looked_into(held: Held) -> bool:
    members = held.values() if isinstance(held, dict) else held
    return any(isinstance(member, DynamoType) for member in members)


def _look_into(self: Any) -> None:
    held = self.__dict__["_held"]
    if self.type == "L":
        self.value = [DynamoType(each) for each in held]
    else:
        self.value = {name: DynamoType(each) for name, each in held.items()}


def _value(self: Any) -> Any:
    if "_held" in self.__dict__:
        _look_into(self)
    return self.__dict__["_value"]


def _set_value(self: Any, value: Any) -> None:
    self.__dict__.pop("_held", None)
    self.__dict__["_value"] = value


def _copied(self: Any, memo: dict[int, Any]) -> Any:
    copy: Any = DynamoType.__new__(DynamoType)
    memo[id(self)] = copy
    copy.type = self.type
    if "_held" in self.__dict__:
        copy.__dict__["_held"] = self.__dict__["_held"]
    else:
        copy.value = deepcopy(self.value, memo)
    return copy


def _size(self: Any) -> int:
    return _measured(self.type, held_by(self))


def _measured(kind: str, held: Any) -> int:
    """Bytes by moto's rules."""
    if kind == "M":
        return sum(bytesize(name) + _measured_value(each) for name, each in held.items())
    if kind == "L":
        return sum(map(_measured_value, held))
    return int(_moto_measures(DynamoType({kind: held})))


def _measured_value(value: Any) -> int:
    if isinstance(value, DynamoType):
        return _size(value)
    ((kind, held),) = value.items()
    if kind == "S" and held.isascii():
        return len(held)
    return _measured(kind, held)


def _body(self: Any, body: Any) -> Any:
    try:
        return read_json(body) if body else {}
    except ValueError:
        return _moto_reads_json(self, body)


def _dumped(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except TypeError:
        return str(dynamo_json_dump(value))
