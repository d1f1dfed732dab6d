"""A shop's GraphQL endpoint, without HTTP: a query goes in, Shopify's answer comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import OperationDefinitionNode
from graphql.execution.values import get_variable_values

from sandbox.shopify.cost import MOST_ONE_QUERY_MAY_COST
from sandbox.shopify.plan import Plan, Planner, RootField, Tally
from sandbox.shopify.refusals import Refused
from sandbox.shopify.schema import Query, read, schema
from sandbox.shopify.search import search_for
from sandbox.shopify.storefront import Storefront
from sandbox.shopify.throttle import Bucket

THROTTLED = {
    "message": "Throttled",
    "extensions": {
        "code": "THROTTLED",
        "documentation": "https://shopify.dev/api/usage/rate-limits",
    },
}
COST_OF_A_REFUSAL = 2


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request as it came in."""

    query: str
    variables: Mapping[str, Any]
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a response (HTTP 200), and the `after` of each page of orders it gives."""

    body: dict[str, Any]
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Api:
    """One shop's endpoint."""

    storefront: Storefront
    bucket: Bucket

    def answer(self, request: Request, *, drained: bool = False) -> Answer:
        """Answer as Shopify does: errors are answers too, nothing is raised.

        A drained bucket holds a point less than the query costs.
        """
        query = read(request.query)
        if query.errors:
            return Answer({"errors": list(query.errors)})
        operation = query.operation(request.operation)
        if operation is None:
            return Answer({"errors": [{"message": "No operation to execute was named"}]})
        tally = Tally()
        plan = _planned(query, operation, request.variables, tally)
        if not isinstance(plan, Plan):
            return self._with_cost(plan, COST_OF_A_REFUSAL, COST_OF_A_REFUSAL)
        if plan.cost > MOST_ONE_QUERY_MAY_COST:
            return Answer(too_dear(plan.cost))
        if drained:
            self.bucket.leave(plan.cost - 1)
        if not self.bucket.take(plan.cost):
            return self._with_cost({"errors": [THROTTLED]}, plan.cost, None)
        return self._charged(plan, tally)

    def _charged(self, plan: Plan, tally: Tally) -> Answer:
        body = self._executed(plan)
        actual = min(plan.cost, tally.objects)
        self.bucket.give_back(plan.cost - actual)
        searches = [] if "errors" in body else _searches(plan)
        answer = self._with_cost(body, plan.cost, actual)
        if searches:
            answer.body["extensions"]["search"] = searches
        pages = tuple(f.arguments.get("after") or "" for f in plan.fields if f.name == "orders")
        return Answer(answer.body, () if "errors" in body else pages)

    def _executed(self, plan: Plan) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for field in plan.fields:
            try:
                data[field.key] = self._field(field)
            except Refused as refused:
                error = refused.placed((field.key,), 1, 1).as_error()
                return {"data": None, "errors": [error]}
        return {"data": data}

    def _field(self, field: RootField) -> Any:
        if field.name == "__typename":
            return field.pick(None)
        value = self.storefront.answer(field.name, field.arguments)
        return None if value is None else field.pick(value)

    def _with_cost(self, body: dict[str, Any], requested: int, actual: int | None) -> Answer:
        cost = {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": self.bucket.status(),
        }
        return Answer({**body, "extensions": {"cost": cost}})


def too_dear(cost: int) -> dict[str, Any]:
    """The body that refuses a query which costs more than any one query may."""
    message = f"Query cost is {cost}, which exceeds the single query max cost limit"
    return {
        "errors": [
            {
                "message": f"{message} ({MOST_ONE_QUERY_MAY_COST}).\n\n"
                "See https://shopify.dev/concepts/about-apis/rate-limits for more information.",
                "extensions": {
                    "code": "MAX_COST_EXCEEDED",
                    "cost": cost,
                    "maxCost": MOST_ONE_QUERY_MAY_COST,
                },
            }
        ]
    }


def _planned(
    query: Query, operation: OperationDefinitionNode, variables: Mapping[str, Any], tally: Tally
) -> Plan | dict[str, Any]:
    given = get_variable_values(schema(), operation.variable_definitions or (), dict(variables))
    if isinstance(given, list):
        return {"errors": [dict(error.formatted) for error in given]}
    planner = Planner(schema(), query.fragments, given, tally)
    try:
        return planner.plan(operation)
    except Refused as refused:
        return {"data": None, "errors": [refused.as_error()]}


def _searches(plan: Plan) -> list[dict[str, Any]]:
    found = []
    for field in plan.fields:
        query = field.arguments.get("query")
        if field.name not in ("orders", "ordersCount") or not query:
            continue
        search = search_for(query)
        if search.warnings:
            found.append(
                {
                    "path": [field.key],
                    "query": query,
                    "parsed": search.parsed,
                    "warnings": list(search.warnings),
                }
            )
    return found
