"""Orders out of the lines of a bulk operation's file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from adapters.shopify_jsonl import Slice, Stretch, slice_of
from domain.failures import Transient


def root(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "updatedAt": "2026-11-01T10:00:00Z",
        **more,
    }


def child(number: int, of: int, kind: str = "LineItem") -> dict[str, Any]:
    return {"id": f"gid://shopify/{kind}/{number}", "__parentId": f"gid://shopify/Order/{of}"}


def text(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


FILE = text(root(1), child(11, 1), child(12, 1, "ShippingLine"), root(2), root(3), child(31, 3))


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def read(content: bytes, most: int = 250, start: int = 0, end: int | None = None) -> Slice:
    stretch = Stretch(start, len(content) if end is None else end, len(content))
    return slice_of(pieces(content[stretch.start : stretch.end], 7), stretch, most)


def ids(found: Slice) -> list[str]:
    return [order.order_id for order in found.orders]


def refusal(content: bytes, **extent: int) -> str:
    with pytest.raises(Transient) as raised:
        read(content, **extent)
    return raised.value.message.removeprefix("Shopify's answer cannot be read: ")


class TestASlice:
    def test_has_nulls_in_doubt_where_no_order_shows_such_a_thing(self) -> None:
        customer = {"id": "gid://shopify/Customer/7"}
        rows = (root(1, customer=None, email=None), root(2, customer=customer, email=None))
        assert [order.withheld for order in read(text(*rows)).orders] == [("email",), ("email",)]

    def test_gathers_each_orders_children(self) -> None:
        first, second, third = read(FILE).orders
        assert first.fields["lineItems"] == [{"id": "gid://shopify/LineItem/11"}]
        assert first.fields["shippingLines"] == [{"id": "gid://shopify/ShippingLine/12"}]
        assert second.fields["lineItems"] == second.fields["shippingLines"] == []
        assert third.fields["lineItems"] == [{"id": "gid://shopify/LineItem/31"}]

    @pytest.mark.parametrize("most", [1, 2, 3, 4])
    def test_goes_on_where_the_one_before_it_ended(self, most: int) -> None:
        found: list[str] = []
        end = 0
        while end < len(FILE):
            part = read(FILE, most, start=end)
            assert len(part.orders) <= most
            found, end = [*found, *ids(part)], part.end
        assert found == ["1", "2", "3"]

    @pytest.mark.parametrize("end", range(1, len(FILE)))
    def test_that_ends_anywhere_hands_over_whole_orders_only(self, end: int) -> None:
        second_seen = FILE.index(b"\n", FILE.index(b'Order/2"')) + 1
        if end < second_seen:
            assert refusal(FILE, end=end) == f"there is no whole order in {end} bytes"
            return
        whole = {order.order_id: order for order in read(FILE).orders}
        part = read(FILE, end=end)
        assert all(whole[order.order_id] == order for order in part.orders)
        assert len(part.orders) + len(read(FILE, start=part.end).orders) == 3

    def test_needs_no_newline_at_the_files_end(self) -> None:
        assert ids(read(FILE.rstrip())) == ["1", "2", "3"]

    def test_keeps_every_digit(self) -> None:
        (order,) = read(text(root(1, rate=0.1)).replace(b"0.1", b"0.12345678901234567890")).orders
        assert order.fields["rate"] == Decimal("0.12345678901234567890")

    def test_is_not_read_further_than_needed(self) -> None:
        chunks = pieces(FILE + b"not JSON at all", 7)
        end = len(FILE) + 15
        assert ids(slice_of(chunks, Stretch(0, end, end), 1)) == ["1"]
        assert next(chunks)


class TestAFileThatIsNotAsItShouldBe:
    def test_may_not_have_a_child_under_another_order(self) -> None:
        said = "a line belongs to another order than the one before it"
        assert refusal(text(root(1), root(2), child(11, 1))) == said
        assert refusal(text(child(11, 1), root(1))) == said

    def test_may_not_have_a_line_of_another_kind(self) -> None:
        assert refusal(text({"id": "gid://shopify/Product/1"})) == "a line is of no order"
        said = "a line is of no kind that was asked for"
        assert refusal(text(root(1), child(1, 1, "Refund"))) == said
        assert refusal(text(root(1), {"__parentId": root(1)["id"]})) == said

    def test_may_not_be_cut(self) -> None:
        said = "a line is no JSON, or was cut off"
        assert refusal(FILE[:40] + b"\n" + FILE[41:]) == said
        assert refusal(FILE[:-10]) == said
        assert refusal(b"[1]\n") == "a line is no JSON object"

    def test_may_not_be_shorter_than_it_says(self) -> None:
        stretch = Stretch(0, len(FILE) + 1, len(FILE) + 1)
        with pytest.raises(Transient, match="it was cut off"):
            slice_of(pieces(FILE, 7), stretch, 250)

    def test_may_not_have_an_order_that_is_larger_than_a_slice(self) -> None:
        assert refusal(FILE, end=100) == "there is no whole order in 100 bytes"

    def test_may_not_lack_an_orders_id_or_time(self) -> None:
        assert refusal(text(root(1, legacyResourceId=None))) == "an order has no numeric id"
        assert refusal(text(root(1, updatedAt=None))) == "an order's update time is missing"
