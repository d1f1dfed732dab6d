"""Cut the Admin API's schema down to what the sandbox serves.

    python -m sandbox.shopify.trim_schema FULL_SCHEMA > sandbox/shopify/admin_2026-10.graphql

Kept: the object types of `KEPT` with every field that is not deprecated, not in `DROPPED`, and
whose type and arguments are kept too. Enums, scalars, interfaces and unions follow from those.
What is kept stays exactly as Shopify wrote it: type, nullability, arguments, defaults.
"""

import gzip
import sys
from pathlib import Path

from graphql import parse, print_ast
from graphql.language import ast

VERSION = "2026-10"

HEADER = f"""\
# Shopify's Admin API, version {VERSION}, cut down to what the sandbox serves.
# Made by sandbox/shopify/trim_schema.py from the schema that Shopify publishes: do not edit.
"""

KEPT = frozenset(
    """
    QueryRoot Shop ShopPlan AppInstallation AccessScope Count PageInfo Attribute
    Order OrderConnection OrderEdge OrderApp OrderCancellation OrderRiskSummary
    OrderTransaction OrderTransactionConnection OrderTransactionEdge
    OrderAdjustment OrderAdjustmentConnection OrderAdjustmentEdge OrderDisputeSummary
    CashRoundingAdjustment AdditionalFee Duty RefundDuty
    LineItem LineItemConnection LineItemEdge LineItemSellingPlan Weight
    ShippingLine ShippingLineConnection ShippingLineEdge TaxLine
    DiscountAllocation DiscountApplication DiscountApplicationConnection DiscountApplicationEdge
    AutomaticDiscountApplication DiscountCodeApplication ManualDiscountApplication
    ScriptDiscountApplication PricingPercentageValue PricingValue MoneyBag MoneyV2
    Refund RefundLineItem RefundLineItemConnection RefundLineItemEdge
    RefundShippingLine RefundShippingLineConnection RefundShippingLineEdge
    Fulfillment FulfillmentTrackingInfo
    FulfillmentLineItem FulfillmentLineItemConnection FulfillmentLineItemEdge
    Customer CustomerEmailAddress CustomerPhoneNumber MailingAddress
    Product ProductVariant Location Node LegacyInteroperability
    Mutation BulkOperation BulkOperationConnection BulkOperationEdge
    BulkOperationRunQueryPayload BulkOperationCancelPayload
    BulkOperationUserError UserError DisplayableError
    """.split()  # noqa: SIM905 - a list of words is easier to read and to sort
)

ONLY: dict[str, frozenset[str]] = {
    "QueryRoot": frozenset(
        {"order", "orders", "ordersCount", "shop", "node", "appInstallation"}
        | {"currentAppInstallation"}
        | {"bulkOperation", "bulkOperations"}
    ),
    "Mutation": frozenset({"bulkOperationRunQuery", "bulkOperationCancel"}),
    "Shop": frozenset(
        {"id", "name", "myshopifyDomain", "currencyCode", "ianaTimezone", "plan", "createdAt"}
    ),
    "AppInstallation": frozenset({"id", "accessScopes"}),
    "Product": frozenset({"id", "legacyResourceId", "title", "handle", "vendor", "productType"}),
    "ProductVariant": frozenset({"id", "legacyResourceId", "title", "sku", "barcode"}),
    "Location": frozenset({"id", "legacyResourceId", "name"}),
    "CustomerEmailAddress": frozenset({"emailAddress", "marketingState", "validFormat"}),
    "CustomerPhoneNumber": frozenset({"phoneNumber"}),
}

# Ways back to the order: a made order is a tree. The rest is data that no sync reads.
DROPPED = frozenset(
    """
    Customer.orders Customer.lastOrder Refund.order Fulfillment.order OrderTransaction.order
    OrderTransaction.receiptJson OrderTransaction.parentTransaction
    """.split()  # noqa: SIM905 - a list of words is easier to read and to sort
)

BUILT_IN = frozenset({"Int", "Float", "String", "Boolean", "ID"})

Fielded = ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode


def trim(full: str) -> str:
    """Return the trimmed schema of the full one, as text that is the same for the same input."""
    known = {
        node.name.value: node
        for node in parse(full).definitions
        if isinstance(node, ast.TypeDefinitionNode)
    }
    missing = KEPT - known.keys()
    if missing:
        raise ValueError(f"not in this schema: {', '.join(sorted(missing))}")
    kept = [_trimmed(known[name], known) for name in sorted(KEPT)]
    leaves = sorted(_leaves_used(kept, known))
    printed = [print_ast(node) for node in kept + [_current(known[name]) for name in leaves]]
    roots = "schema {\n  query: QueryRoot\n  mutation: Mutation\n}"
    return HEADER + "\n" + "\n\n".join([roots, *printed]) + "\n"


def _trimmed(
    node: ast.TypeDefinitionNode, known: dict[str, ast.TypeDefinitionNode]
) -> ast.TypeDefinitionNode:
    if isinstance(node, ast.UnionTypeDefinitionNode):
        return node
    if not isinstance(node, Fielded):
        raise TypeError(f"{node.name.value} has no fields")
    owner = node.name.value
    fields = tuple(field for field in node.fields or () if _is_kept(owner, field, known))
    interfaces = tuple(face for face in node.interfaces or () if face.name.value in KEPT)
    kind = type(node)
    return kind(name=node.name, directives=node.directives, interfaces=interfaces, fields=fields)


def _is_kept(
    owner: str, field: ast.FieldDefinitionNode, known: dict[str, ast.TypeDefinitionNode]
) -> bool:
    name = field.name.value
    if _is_deprecated(field) or f"{owner}.{name}" in DROPPED:
        return False
    if owner in ONLY and name not in ONLY[owner]:
        return False
    types = [field.type, *(argument.type for argument in field.arguments or ())]
    return all(_is_served(_named(each), known) for each in types)


def _is_served(name: str, known: dict[str, ast.TypeDefinitionNode]) -> bool:
    leaf = ast.EnumTypeDefinitionNode | ast.ScalarTypeDefinitionNode
    return name in KEPT or name in BUILT_IN or isinstance(known.get(name), leaf)


def _leaves_used(
    nodes: list[ast.TypeDefinitionNode], known: dict[str, ast.TypeDefinitionNode]
) -> set[str]:
    used: set[str] = set()
    for node in nodes:
        for field in getattr(node, "fields", None) or ():
            used.add(_named(field.type))
            used.update(_named(argument.type) for argument in field.arguments or ())
    return {name for name in used if name in known and name not in KEPT}


def _current(node: ast.TypeDefinitionNode) -> ast.TypeDefinitionNode:
    if not isinstance(node, ast.EnumTypeDefinitionNode):
        return node
    values = tuple(value for value in node.values or () if not _is_deprecated(value))
    return ast.EnumTypeDefinitionNode(name=node.name, directives=node.directives, values=values)


def _is_deprecated(node: ast.FieldDefinitionNode | ast.EnumValueDefinitionNode) -> bool:
    return any(directive.name.value == "deprecated" for directive in node.directives or ())


def _named(node: ast.TypeNode) -> str:
    while isinstance(node, ast.NonNullTypeNode | ast.ListTypeNode):
        node = node.type
    if not isinstance(node, ast.NamedTypeNode):
        raise TypeError(f"not a type: {node}")
    return node.name.value


def main(arguments: list[str]) -> int:
    """Print the trimmed schema of the file named; exit code 2 when none is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m sandbox.shopify.trim_schema FULL_SCHEMA[.gz]\n")
        return 2
    raw = Path(arguments[0]).read_bytes()
    text = gzip.decompress(raw) if arguments[0].endswith(".gz") else raw
    sys.stdout.write(trim(text.decode()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
