"""How large DynamoDB counts an item."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.attribute_values import attribute_values
from adapters.dynamodb_item_size import item_size
from tests.unit.adapters.test_attribute_values import JSON


class TestItemSize:
    @pytest.mark.parametrize(
        ("fields", "size"),
        [
            ({}, 0),
            ({"a": ""}, 1),
            ({"name": "Zoë"}, 8),
            ({"a": True, "b": None}, 4),
            ({"a": 100}, 3),
            ({"a": 12345}, 5),
            ({"a": -12345}, 6),
            ({"a": []}, 4),
            ({"a": ["x", "y"]}, 8),
            ({"a": {"b": "xyz"}}, 9),
        ],
    )
    def test_follows_the_published_rules(self, fields: dict[str, Any], size: int) -> None:
        assert item_size(attribute_values(fields)) == size

    @given(st.dictionaries(st.text(min_size=1), JSON, max_size=5))
    def test_is_never_more_than_the_json(self, fields: dict[str, Any]) -> None:
        item = attribute_values(fields)
        assert item_size(item) <= len(msgspec.json.encode(item))
