"""A bulk query: refused as Shopify refuses it, or turned into the rows of its result.

Source of the limits: shopify.dev/docs/api/usage/bulk-operations/queries. The sentences are those
that Shopify answers with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.execution.values import get_argument_values, get_variable_values
from graphql.language import OperationType

from sandbox.shopify.plan import Pick, Planner, Tally
from sandbox.shopify.refusals import Refused
from sandbox.shopify.schema import read, schema

MOST_CONNECTIONS = 5
DEEPEST = 2
AS_A_CHILD = "__parentId"
TOO_MANY = f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."
TOO_DEEP = f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}."
NONE_AT_ALL = "Bulk queries must contain at least one connection."
ONE_NODE = "Bulk queries cannot contain a top level `node` field."
IN_A_LIST = (
    "Queries that contain a connection field within a list field are not currently supported."
)
BY_NODES = (
    "All connection fields in a bulk query must select their contents using 'edges' > 'node', "
    "e.g: '{0} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
    "Invalid connection fields: '{0}'."
)
WITHOUT_ID = (
    "The parent 'node' field for a nested connection must select the 'id' field without an alias "
    "and must be of 'ID' return type. Connection fields without 'id': {0}."
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """How the nodes of one connection become rows, and which connections of theirs do too."""

    field: str
    arguments: Mapping[str, Any]
    pick: Pick
    children: tuple["Rows", ...]

    def of(self, node: Mapping[str, Any]) -> Iterator[Row]:
        """The node's own row, then those of its children."""
        row = self.pick(node)
        yield row
        for child in self.children:
            for inner in node[child.field]:
                for below in child.of(inner):
                    yield below if AS_A_CHILD in below else {**below, AS_A_CHILD: row["id"]}


def bulk_rows(query: str) -> Rows:
    """The rows that the query asks for; Refused, with Shopify's words, if it may not ask so."""
    document = read(query)
    if document.errors:
        raise Refused(f"Invalid bulk query: {document.errors[0]['message']}")
    operation = document.operation(None)
    if operation is None or operation.operation is not OperationType.QUERY:
        raise Refused("Invalid operation type. Only `query` operations are supported.")
    variables = get_variable_values(schema(), operation.variable_definitions or (), {})
    root = schema().query_type
    if isinstance(variables, list) or root is None:
        raise Refused("Invalid bulk query: variables are not supported")
    planner = BulkPlanner(schema(), document.fragments, variables, Tally())
    found = planner.connections(root, operation.selection_set.selections)
    planner.check(found)
    return found[0]


class BulkPlanner(Planner):
    """Plans connections without their sizes, which a bulk operation ignores."""

    __slots__ = ()

    def connections(
        self, kind: GraphQLObjectType, selections: Sequence[SelectionNode], depth: int = 1
    ) -> tuple[Rows, ...]:
        """The connections among the selections, each with its own; Refused for what cannot be."""
        if depth == 1 and any(
            node.name.value in ("node", "nodes") for node in self._own(kind, selections)
        ):
            raise Refused(ONE_NODE)
        return tuple(
            self._rows(kind, node, depth)
            for node in self._own(kind, selections)
            if _is_connection(kind.fields[node.name.value].type)
        )

    def check(self, found: Sequence[Rows]) -> None:
        """Refused unless there are as many connections as there may be, and orders at the top."""
        if not found:
            raise Refused(NONE_AT_ALL)
        if sum(map(_number, found)) > MOST_CONNECTIONS:
            raise Refused(TOO_MANY)
        if [rows.field for rows in found] != ["orders"]:
            raise Refused("the sandbox runs bulk queries of orders only")

    def _own(self, kind: GraphQLObjectType, selections: Sequence[SelectionNode]) -> list[FieldNode]:
        fields = self._fields(kind, selections)
        return [node for node in fields if node.name.value != "__typename"]

    def _rows(self, kind: GraphQLObjectType, node: FieldNode, depth: int) -> Rows:
        if depth > DEEPEST:
            raise Refused(TOO_DEEP)
        name = node.name.value
        definition = kind.fields[name]
        of = _node_type(definition.type)
        selected = self._in_edges(node)
        nested = self.connections(of, selected, depth + 1)
        own = [each for each in self._own(of, selected) if not self._is_nested(of, each)]
        if nested and not any(e.name.value == "id" and e.alias is None for e in own):
            raise Refused(WITHOUT_ID.format(name))
        return Rows(
            name,
            get_argument_values(definition, node, self.variables),
            self._object(of, own, (name,)).pick,
            nested,
        )

    def _in_edges(self, node: FieldNode) -> list[SelectionNode]:
        edges = _inside(node, "edges")
        found = [each for edge in edges for each in _inside(edge, "node")]
        if not found or _inside(node, "nodes"):
            raise Refused(BY_NODES.format(node.name.value))
        return [s for each in found if each.selection_set for s in each.selection_set.selections]

    def _is_nested(self, kind: GraphQLObjectType, node: FieldNode) -> bool:
        definition = kind.fields[node.name.value]
        if _is_connection(definition.type):
            return True
        named = get_named_type(definition.type)
        if node.selection_set is not None and isinstance(named, GraphQLObjectType):
            inner = self._own(named, node.selection_set.selections)
            if any(self._is_nested(named, each) for each in inner):
                listed = is_list_type(get_nullable_type(definition.type))
                raise Refused(IN_A_LIST if listed else "the sandbox runs no such bulk query")
        return False


def _is_connection(kind: GraphQLOutputType) -> bool:
    return get_named_type(kind).name.endswith("Connection")


def _node_type(connection: GraphQLOutputType) -> GraphQLObjectType:
    named = get_named_type(connection)
    if isinstance(named, GraphQLObjectType):
        node = get_named_type(named.fields["nodes"].type)
        if isinstance(node, GraphQLObjectType):
            return node
    raise Refused("the sandbox runs no such bulk query")


def _inside(node: FieldNode, name: str) -> list[FieldNode]:
    selections = node.selection_set.selections if node.selection_set else ()
    return [s for s in selections if isinstance(s, FieldNode) and s.name.value == name]


def _number(rows: Rows) -> int:
    return 1 + sum(map(_number, rows.children))
