"""The one way in which the sandbox says no to a query it understood."""

from collections.abc import Mapping, Sequence
from typing import Any


class Refused(Exception):
    """A query that is answered with an error of GraphQL's: HTTP 200, no data.

    `code` is what Shopify puts into `extensions.code`; `at` says where in the query, as Shopify
    does (`path`, `locations`).
    """

    def __init__(self, message: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.code = code
        self.at: Mapping[str, Any] = {}

    def placed(self, path: Sequence[str | int], line: int, column: int) -> "Refused":
        """The same refusal, which now says where; a refusal that knew already keeps its place."""
        if not self.at:
            self.at = {"locations": [{"line": line, "column": column}], "path": list(path)}
        return self

    def as_error(self) -> dict[str, Any]:
        """The entry of GraphQL's `errors`."""
        return {"message": str(self), **self.at, "extensions": {"code": self.code}}
