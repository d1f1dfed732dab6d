"""The trimmed schema, and documents read and validated against it (each text once)."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.language import OperationType

VERSION = "2026-10"
SERVED = (OperationType.QUERY, OperationType.MUTATION)
UNKNOWN_FIELD = re.compile(r"Cannot query field '(?P<field>\w+)' on type '(?P<type>\w+)'")


@dataclass(frozen=True, slots=True)
class Query:
    """A document that may be executed, or the errors why not."""

    operations: tuple[OperationDefinitionNode, ...]
    fragments: dict[str, FragmentDefinitionNode]
    errors: tuple[dict[str, Any], ...]

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None if there is none such."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        named = (o for o in self.operations if o.name is not None and o.name.value == name)
        return next(named, None)


@cache
def schema() -> GraphQLSchema:
    """Shopify's schema as far as the sandbox serves it."""
    return build_schema((Path(__file__).parent / f"admin_{VERSION}.graphql").read_text())


@lru_cache(maxsize=256)
def read(text: str) -> Query:
    """The query of that text, parsed and validated."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return Query((), {}, (_as_shopify_says(error),))
    return _validated(document)


def _validated(document: DocumentNode) -> Query:
    errors = tuple(_as_shopify_says(error) for error in validate(schema(), document))
    operations, fragments = [], {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and node.operation in SERVED:
            operations.append(node)
        if isinstance(node, FragmentDefinitionNode):
            fragments[node.name.value] = node
    return Query(tuple(operations), fragments, errors)


def _as_shopify_says(error: GraphQLError) -> dict[str, Any]:
    found = UNKNOWN_FIELD.match(error.message)
    if found is None:
        return dict(error.formatted)
    field, owner = found["field"], found["type"]
    return {
        **error.formatted,
        "message": f"Field '{field}' doesn't exist on type '{owner}'",
        "extensions": {"code": "undefinedField", "typeName": owner, "fieldName": field},
    }
