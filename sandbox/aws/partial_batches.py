"""A batch of DynamoDB's of which only a part is carried out; the rest is named in the answer.

Source: `UnprocessedItems` of BatchWriteItem and `UnprocessedKeys` of BatchGetItem in the API
reference. Of a batch at least one part is carried out: otherwise DynamoDB answers with an error.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeAlias

from sandbox.aws.server import Call, Reply

OK = 200
_WRITE = "BatchWriteItem"

Parts: TypeAlias = list[tuple[str, Any]]
"""Each write, or key to read, with its table."""


@dataclass(frozen=True, slots=True)
class PartialBatch:
    """What of a batch is carried out, and what is left out."""

    call: Call
    sent: Parts
    left_out: Parts

    @classmethod
    def of(cls, call: Call, chance: Random) -> "PartialBatch | None":
        """Leave out some, by chance; None if the batch cannot be divided."""
        parts = list(_parts(call))
        if len(parts) < 2:  # noqa: PLR2004 - one has to be carried out
            return None
        chance.shuffle(parts)
        cut = chance.randrange(1, len(parts))
        return cls(call, parts[:cut], parts[cut:])

    def request(self) -> Call:
        """The call with what is to be carried out."""
        asked = {**self.call.asked(), "RequestItems": self._request_items(self.sent)}
        return replace(self.call, body=json.dumps(asked).encode())

    def answer(self, reply: Reply) -> Reply:
        """The reply to that call, with what was left out; a refusal as it is."""
        if reply.status != OK:
            return reply
        read = json.loads(reply.body)
        name = "UnprocessedItems" if _is_write(self.call) else "UnprocessedKeys"
        read[name] = {**read.get(name, {}), **self._request_items(self.left_out)}
        headers = {n: v for n, v in reply.headers.items() if n.lower() != "x-amz-crc32"}
        return Reply(reply.status, headers, json.dumps(read).encode())

    def _request_items(self, parts: Parts) -> Mapping[str, Any]:
        by_table: dict[str, list[Any]] = {}
        for table, part in parts:
            by_table.setdefault(table, []).append(part)
        if _is_write(self.call):
            return by_table
        asked = self.call.asked()["RequestItems"]
        return {table: {**asked[table], "Keys": keys} for table, keys in by_table.items()}


def _parts(call: Call) -> Iterable[tuple[str, Any]]:
    for table, asked in call.asked().get("RequestItems", {}).items():
        for part in asked if _is_write(call) else asked["Keys"]:
            yield table, part


def _is_write(call: Call) -> bool:
    return call.target.endswith(_WRITE)
