"""What DynamoDB answers instead of doing as it was asked."""

from typing import Any


class Refusal(Exception):
    """An error answer: its code, its message and what else the body carries."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.more = more


def invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)
