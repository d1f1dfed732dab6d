"""Update requests: what is set, what is removed and under which condition."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from adapters.attribute_values import Item

_NAME = re.compile(r"#(\w+)")


@dataclass(frozen=True, slots=True)
class Update:
    """Set and remove attributes of one item, if the condition holds; others stay as they are.

    Without a condition (an empty one) it always holds.
    The condition names attributes as `#name` and its own `values` as `:key`. No attribute name is
    written into an expression: DynamoDB reserves hundreds of words, `status` and `page` among them.
    """

    sets: Item
    condition: str
    values: Item = field(default_factory=dict)
    removes: tuple[str, ...] = ()

    def request(self) -> dict[str, Any]:
        """The arguments of UpdateItem, or of an Update in TransactWriteItems."""
        clauses = []
        if self.sets:
            clauses.append("SET " + ", ".join(f"#{name} = :new_{name}" for name in self.sets))
        if self.removes:
            clauses.append("REMOVE " + ", ".join(f"#{name}" for name in self.removes))
        names = {*self.sets, *self.removes, *_NAME.findall(self.condition)}
        checked: dict[str, Any] = {
            "ConditionExpression": self.condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        values = {
            **{f":new_{name}": value for name, value in self.sets.items()},
            **{f":{name}": value for name, value in self.values.items()},
        }
        return {
            "UpdateExpression": " ".join(clauses),
            "ExpressionAttributeNames": {f"#{name}": name for name in sorted(names)},
            **({"ExpressionAttributeValues": values} if values else {}),
            **(checked if self.condition else {}),
        }
