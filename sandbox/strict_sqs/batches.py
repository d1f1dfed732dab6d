"""A batch: each entry succeeds or fails by itself, and the answer is 200 all the same."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.strict_sqs.refusals import Refused


def each_entry(
    entries: Sequence[Mapping[str, Any]], call: Callable[[Mapping[str, Any]], Any]
) -> dict[str, Any]:
    """`Successful` and `Failed` as a batch's answer has them; an empty one is left out."""
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            done.append({"Id": entry["Id"], **(call(entry) or {})})
        except Refused as refused:
            failed.append(refused.entry(entry["Id"]))
    answer = {"Successful": done, "Failed": failed}
    return {name: entries for name, entries in answer.items() if entries}
