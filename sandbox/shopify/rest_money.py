"""Money as REST writes it: with all digits of the currency ("10.00", "1500"), twice."""

from decimal import Decimal
from typing import Any

from sandbox.shopify.money import MINOR_DIGITS, Bag


def price(money: dict[str, str]) -> str:
    """The amount of a MoneyV2."""
    digits = MINOR_DIGITS.get(money["currencyCode"], 2)
    return str(Decimal(money["amount"]).quantize(Decimal(1).scaleb(-digits)))


def price_set(bag: Bag | None) -> dict[str, Any] | None:
    """A MoneyBag in REST's shape."""
    if bag is None:
        return None
    return {
        "shop_money": _money(bag["shopMoney"]),
        "presentment_money": _money(bag["presentmentMoney"]),
    }


def priced(name: str, bag: Bag | None) -> dict[str, Any]:
    """The pair of fields that REST makes of one amount: a text, and both currencies."""
    return {name: bag and price(bag["shopMoney"]), f"{name}_set": price_set(bag)}


def _money(money: dict[str, str]) -> dict[str, str]:
    return {"amount": price(money), "currency_code": money["currencyCode"]}
