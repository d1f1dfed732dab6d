"""Python values as DynamoDB's."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from adapters.attribute_values import attribute_values

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(10**37), 10**37)
    | st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


def value_of(value: Any) -> Any:
    return attribute_values({"v": value})["v"]


def as_read(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def nested(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = {"in": value}
    return value


class Colour(StrEnum):
    RED = "red"


class TestAttributeValues:
    @given(st.dictionaries(st.text(min_size=1), JSON, max_size=5))
    def test_are_what_boto3_makes_of_the_same(self, fields: dict[str, Any]) -> None:
        theirs = {name: TypeSerializer().serialize(value) for name, value in fields.items()}
        assert as_read(attribute_values(fields)) == as_read(theirs)

    @given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e120, max_value=1e120))
    def test_keep_every_digit_of_a_float(self, number: float) -> None:
        if number and abs(number) < 1e-120:
            number = 1e-120
        assert float(value_of(number)["N"]) == number

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("", {"S": ""}),
            (Colour.RED, {"S": "red"}),
            (True, {"BOOL": True}),
            (0, {"N": "0"}),
            (-7, {"N": "-7"}),
            (0.1, {"N": "0.1"}),
            (-0.0, {"N": "0"}),
            (Decimal("1.10"), {"N": "1.10"}),
            (None, {"NULL": True}),
            ([], {"L": []}),
            ({}, {"M": {}}),
        ],
    )
    def test_have_the_type_of_the_value(self, value: Any, expected: dict[str, Any]) -> None:
        assert value_of(value) == expected

    @pytest.mark.parametrize(
        "number",
        [10**125, 10**38 - 1, -(10**37), Decimal("9.9E+125"), Decimal("1E-130"), 1e-130],
    )
    def test_take_every_number_that_dynamodb_takes(self, number: Any) -> None:
        assert Decimal(value_of(number)["N"]) == Decimal(str(number))

    @pytest.mark.parametrize(
        "number",
        [
            float("nan"),
            float("inf"),
            Decimal("NaN"),
            Decimal("-Infinity"),
            10**38 + 1,
            10**126,
            pytest.param(10**5000, id="5000 digits"),
            Decimal("1E-131"),
            5e-324,
            1e300,
            Decimal("1." + "1" * 38),
        ],
    )
    def test_refuse_a_number_that_dynamodb_refuses(self, number: Any) -> None:
        with pytest.raises(ValueError, match=r"^lines\[1\]\.rate is .*(number|range)"):
            attribute_values({"id": 1, "lines": ["a", {"n": 1, "rate": number}]})

    @pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), ("a",)])
    def test_refuse_what_is_not_json(self, value: Any) -> None:
        with pytest.raises(ValueError, match=r"^v is a \w+, which is not JSON$"):
            value_of(value)

    def test_nest_32_levels_deep(self) -> None:
        assert value_of(nested(31))

    def test_refuse_to_nest_deeper(self) -> None:
        with pytest.raises(ValueError, match="nested more than 32 levels deep"):
            value_of(nested(32))
        with pytest.raises(ValueError, match="nested more than 32 levels deep") as caught:
            value_of(nested(10_000))
        assert len(str(caught.value)) < 200

    def test_refuse_a_member_without_a_name(self) -> None:
        with pytest.raises(ValueError, match=r"^lines has a member without a name$"):
            attribute_values({"lines": {"": 1}})
