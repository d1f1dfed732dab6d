"""Turns a validated query into functions that pick its fields out of plain dicts, and its cost.

graphql-core parses, validates and coerces; picking is done here because its executor needs five
to ten times as long for a page of 250 orders. A test holds the two to the same answers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values
from graphql.language import OperationType

from sandbox.shopify import cost
from sandbox.shopify.pages import page_of, size_of
from sandbox.shopify.refusals import Refused

Pick = Callable[[Any], Any]
Path = tuple[str, ...]


class Tally:
    """Counts the objects of one answer, which is what the query turns out to cost."""

    __slots__ = ("objects",)

    def __init__(self) -> None:
        self.objects = 0


@dataclass(frozen=True, slots=True)
class RootField:
    """A field of the query itself: what is asked for, and how its value becomes an answer."""

    key: str
    name: str
    arguments: Mapping[str, Any]
    pick: Pick


@dataclass(frozen=True, slots=True)
class Plan:
    """A query ready to be answered, and what it costs at most."""

    fields: tuple[RootField, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class _Part:
    pick: Pick
    cost: int


@dataclass(frozen=True, slots=True)
class _Step:
    key: str
    name: str
    pick: Pick | None
    cost: int
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one query with its variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues
    tally: Tally

    def plan(self, operation: OperationDefinitionNode) -> Plan:
        """The plan of an operation; Refused if a connection is asked wrongly."""
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            raise ValueError(f"a schema without a {operation.operation.value}")
        steps = self._steps(root, operation.selection_set.selections, ())
        fields = tuple(
            RootField(step.key, step.name, step.arguments, step.pick or _unchanged)
            for step in steps
        )
        mutations = len(steps) if operation.operation is OperationType.MUTATION else 0
        return Plan(fields, sum(step.cost for step in steps) + mutations * cost.A_MUTATION)

    def _steps(
        self, kind: GraphQLObjectType, selections: Sequence[SelectionNode], path: Path
    ) -> list[_Step]:
        found: dict[str, list[FieldNode]] = {}
        for node in self._fields(kind, selections):
            found.setdefault((node.alias or node.name).value, []).append(node)
        return [self._step(kind, nodes, (*path, key)) for key, nodes in found.items()]

    def _fields(
        self, kind: GraphQLObjectType, selections: Sequence[SelectionNode]
    ) -> Iterator[FieldNode]:
        for node in selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            inner: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(node, FragmentSpreadNode):
                inner = self.fragments[node.name.value]
            elif isinstance(node, InlineFragmentNode):
                inner = node
            else:
                continue
            condition = inner.type_condition
            if condition is None or self._is_a(kind, condition.name.value):
                yield from self._fields(kind, inner.selection_set.selections)

    def _is_included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))

    def _is_a(self, kind: GraphQLObjectType, name: str) -> bool:
        named = self.schema.get_type(name)
        return kind is named or (
            named is not None and is_abstract_type(named) and self.schema.is_sub_type(named, kind)
        )

    def _step(self, kind: GraphQLObjectType, nodes: list[FieldNode], path: Path) -> _Step:
        node, key = nodes[0], path[-1]
        name = node.name.value
        if name == "__typename":
            return _Step(key, name, lambda _: kind.name, 0)
        definition = kind.fields[name]
        named = get_named_type(definition.type)
        arguments = get_argument_values(definition, node, self.variables) if definition.args else {}
        if is_leaf_type(named):
            return _Step(key, name, None, 0, arguments)
        inner = [s for n in nodes if n.selection_set for s in n.selection_set.selections]
        if isinstance(named, GraphQLObjectType) and named.name.endswith("Connection"):
            part = self._connection(named, inner, arguments, (node, path))
        else:
            part = self._composite(named, inner, path)
            if kind.name.endswith(("Connection", "Edge")) and named.name not in cost.FREE:
                part = _Part(part.pick, part.cost - 1)
        pick = part.pick
        if is_list_type(get_nullable_type(definition.type)):
            pick = _each(pick, arguments.get("first"))
        return _Step(key, name, pick, part.cost, arguments)

    def _composite(
        self, named: GraphQLNamedType, selections: Sequence[SelectionNode], path: Path
    ) -> _Part:
        if isinstance(named, GraphQLObjectType):
            return self._object(named, selections, path)
        if not is_abstract_type(named):
            raise TypeError(f"{named} is no object")
        parts = {
            kind.name: self._object(kind, selections, path)
            for kind in self.schema.get_possible_types(named)
        }
        picks = {name: part.pick for name, part in parts.items()}
        dearest = max(part.cost for part in parts.values())
        return _Part(lambda source: picks[source["__typename"]](source), dearest)

    def _object(
        self, kind: GraphQLObjectType, selections: Sequence[SelectionNode], path: Path
    ) -> _Part:
        steps = self._steps(kind, selections, path)
        counted = kind.name not in cost.FREE and not kind.name.endswith(("Edge", "Connection"))
        pick = _picker(steps, self.tally if counted else None)
        return _Part(pick, cost.of_object(kind.name, sum(step.cost for step in steps)))

    def _connection(
        self,
        kind: GraphQLObjectType,
        selections: Sequence[SelectionNode],
        arguments: Mapping[str, Any],
        place: tuple[FieldNode, Path],
    ) -> _Part:
        node, path = place
        try:
            size = size_of(arguments)
        except Refused as refused:
            location = node.loc.start_token if node.loc else None
            line, column = (location.line, location.column) if location else (1, 1)
            raise refused.placed(path, line, column) from None
        steps = self._steps(kind, selections, path)
        inner, tally = _picker(steps, None), self.tally

        def pick(source: Any) -> Any:
            tally.objects += cost.A_CONNECTION
            return inner(page_of(source, arguments) if isinstance(source, list) else source)

        return _Part(pick, cost.of_connection(size, sum(step.cost for step in steps)))


def _unchanged(value: Any) -> Any:
    return value


def _each(pick: Pick, first: int | None) -> Pick:
    if first is None:
        return lambda sources: [pick(source) for source in sources]
    return lambda sources: [pick(source) for source in sources[:first]]


def _picker(steps: list[_Step], tally: Tally | None) -> Pick:
    wanted = [(step.key, step.name, step.pick) for step in steps]
    constant = [(key, pick) for key, name, pick in wanted if name == "__typename" and pick]
    if all(pick is None for _, _, pick in wanted):
        return _leaf_picker([(key, name) for key, name, _ in wanted], tally)
    if constant:
        wanted = [step for step in wanted if step[1] != "__typename"]
    order = [step.key for step in steps]

    def picked(source: Any) -> dict[str, Any]:
        if tally is not None:
            tally.objects += 1
        answer = dict.fromkeys(order) if constant else {}
        for key, pick in constant:
            answer[key] = pick(None)
        for key, name, inner in wanted:
            value = source[name]
            answer[key] = value if inner is None or value is None else inner(value)
        return answer

    return picked


def _leaf_picker(names: list[tuple[str, str]], tally: Tally | None) -> Pick:
    def picked(source: Any) -> dict[str, Any]:
        if tally is not None:
            tally.objects += 1
        return {key: source[name] for key, name in names}

    return picked
