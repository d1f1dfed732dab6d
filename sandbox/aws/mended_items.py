"""Where moto's DynamoDB items take seconds: put right.

* To refuse items above 400 KB it adds up the whole item again for every attribute that it stores:
  20 ms for an order. Here what is put is measured once, before moto sees it (`refusals.py`).
* It looks for every attribute value's type among the ten there are, by several spellings on the way
  out: 2 ms to read an order, 50 ms to send one. Only binary values need any care.
* It copies a nested value once for each level above it to show it, and unfolds the whole item for
  each attribute of a projection: 50 ms for an order.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

from moto.core.parse import BaseJSONParser
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from sandbox.aws.mended_values import held_by
from sandbox.aws.plain_json import holds_bytes

_moto_parses: Any = vars(BaseJSONParser)["_parse_structure"]
_moto_sends: Any = vars(BaseJSONSerializer)["_serialize_type_structure"]
_moto_projects = Item.project


def mend() -> None:
    """Put moto's items right, in this process; to be done before the first request."""
    for owner, name, mended in (
        (LimitedSizeDict, "__setitem__", dict.__setitem__),
        (BaseJSONParser, "_parse_structure", _parse_structure),
        (BaseJSONSerializer, "_serialize_type_structure", _send_structure),
        (DynamoType, "to_regular_json", _plain),
        (Item, "project", _project),
    ):
        setattr(owner, name, mended)


def _parse_structure(self: Any, shape: Any, value: Any) -> Any:
    if shape.name == "AttributeValue" and not holds_bytes(value):
        return value
    return _moto_parses(self, shape, value)


def _send_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name == "AttributeValue" and value is not None:
        serialized[key] = _wire(value)
    else:
        _moto_sends(self, serialized, value, shape, key)


def _wire(value: Any) -> dict[str, Any]:
    held = {value.type: held_by(value)} if isinstance(value, DynamoType) else value
    return {kind: _wired(kind, inner) for kind, inner in held.items()}


def _wired(kind: str, held: Any) -> Any:
    match kind:
        case "M":
            return {name: _wire(each) for name, each in held.items()}
        case "L":
            return [_wire(each) for each in held]
        case "SS" | "NS" | "BS":
            return [_wired(kind[0], each) for each in held]
        case "B" if isinstance(held, bytes):
            return b64encode(held).decode()
        case "N":
            return str(held)
        case _:
            return held


def _plain(value: Any) -> dict[str, Any]:
    """The value as it came over the wire."""
    if isinstance(value, DynamoType):
        return {value.type: _plainly(value.type, held_by(value))}
    return {kind: _plainly(kind, held) for kind, held in value.items()}


def _plainly(kind: str, held: Any) -> Any:
    match kind:
        case "M":
            return {name: _plain(each) for name, each in held.items()}
        case "L":
            return [_plain(each) for each in held]
        case "B" if isinstance(held, str):
            return b64decode(held)
        case _:
            return list(held) if isinstance(held, list) else held


def _project(self: Any, expressions: Sequence[Sequence[str]]) -> Any:
    """Whole attributes are taken as they are; moto itself does the paths into them."""
    names = {path[0] for path in expressions}
    wanted = {name: _plain(value) for name, value in self.attrs.items() if name in names}
    item = Item(self.hash_key, self.range_key, wanted)
    if all(len(path) == 1 for path in expressions):
        return item
    return _moto_projects(item, [list(path) for path in expressions])
