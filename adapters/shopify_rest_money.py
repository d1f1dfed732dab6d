"""Sums that REST does not give in both currencies, as far as they follow from what it gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from adapters.shopify_rest_values import Node, amount, nodes
from domain.orders import Json


@dataclass(frozen=True, slots=True)
class Currencies:
    """The shop's currency and the customer's."""

    shop: Json
    presentment: Json

    def bag(self, sum_: Decimal) -> Node:
        """A sum in the shop's currency; in the other one only where no rate is needed."""
        text = amount(sum_)
        here: Node = {"shopMoney": {"amount": text, "currencyCode": self.shop}}
        if self.shop == self.presentment or not sum_:
            here["presentmentMoney"] = {"amount": text, "currencyCode": self.presentment}
        return here


def decimal(value: Json) -> Decimal | None:
    """The number in a decimal string; None for anything else."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def in_shop_currency(value: Json, currencies: Currencies) -> Json:
    """The MoneyBag of a sum that REST gives in the shop's currency only."""
    number = decimal(value)
    return None if number is None else currencies.bag(number)


def times(price: Json, quantity: Json) -> Json:
    """The MoneyBag of so many pieces of that price; None for what is no price.

    The customer's side of it is rounded by Shopify, so that it is certain for one piece or one
    currency only.
    """
    if not isinstance(price, dict) or not isinstance(quantity, int):
        return None
    if quantity == 1:
        return price
    here, there = price.get("shopMoney"), price.get("presentmentMoney")
    if not isinstance(here, dict) or (each := decimal(here.get("amount"))) is None:
        return None
    currencies = (money.get("currencyCode") for money in (here, there) if isinstance(money, dict))
    return Currencies(*currencies).bag(each * quantity) if isinstance(there, dict) else None


def refunded(refunds: Iterable[Node], currencies: Currencies) -> Node | None:
    """What the refunds gave back; None where the payments do not say it in both currencies."""
    total = Decimal(0)
    for refund in refunds:
        for payment in nodes(refund.get("transactions")):
            given = decimal(payment.get("amount"))
            certain = payment.get("kind") == "refund" and payment.get("status") == "success"
            one_currency = currencies.shop == currencies.presentment == payment.get("currency")
            if given is None or not certain or not one_currency:
                return None
            total += given
    return currencies.bag(total)
