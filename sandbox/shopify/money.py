"""Money as Shopify writes it: a decimal string without its trailing zeros, but one ("10.0")."""

from dataclasses import dataclass
from functools import lru_cache

Money = dict[str, str]
Bag = dict[str, Money]

AMOUNTS_KEPT = 8_192
"""Most amounts of a shop's orders occur again and again."""

# Digits after the point, where there are not two (ISO 4217).
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3}

# How much of the currency a US dollar buys, more or less.
A_DOLLAR_BUYS = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79, "JPY": 151.0, "CAD": 1.37, "KWD": 0.307}


def amount(minor: int, currency: str) -> str:
    """The amount of so many minor units: 5989 of USD is "59.89", 1000 is "10.0"."""
    digits = MINOR_DIGITS.get(currency, 2)
    if not digits:
        return f"{minor}.0"
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    whole, part = divmod(minor, 10**digits)
    return f"{sign}{whole}.{f'{part:0{digits}d}'.rstrip('0') or '0'}"


@dataclass(frozen=True, slots=True)
class Till:
    """Writes the money of one order: in the shop's currency and in its customer's."""

    shop: str
    presentment: str
    rate: float

    @classmethod
    def of(cls, shop: str, presentment: str) -> "Till":
        worth = A_DOLLAR_BUYS.get(presentment, 1.0) / A_DOLLAR_BUYS.get(shop, 1.0)
        shift = MINOR_DIGITS.get(presentment, 2) - MINOR_DIGITS.get(shop, 2)
        return cls(shop, presentment, worth * 10.0**shift)

    def from_dollars(self, cents: int) -> int:
        """Minor units of the shop's currency that are worth so many US cents."""
        shift = MINOR_DIGITS.get(self.shop, 2) - 2
        return round(cents * A_DOLLAR_BUYS.get(self.shop, 1.0) * 10.0**shift)

    def money(self, minor: int) -> Money:
        """A MoneyV2 in the shop's currency: not to be changed."""
        return _money(minor, self.shop)

    def bag(self, minor: int) -> Bag:
        """A MoneyBag of so many minor units of the shop's currency: not to be changed."""
        return _bag(minor, self.shop, self.presentment, self.rate)


@lru_cache(maxsize=AMOUNTS_KEPT)
def _money(minor: int, currency: str) -> Money:
    return {
        "__typename": "MoneyV2",
        "amount": amount(minor, currency),
        "currencyCode": currency,
    }


@lru_cache(maxsize=AMOUNTS_KEPT)
def _bag(minor: int, shop: str, presentment: str, rate: float) -> Bag:
    same = presentment == shop
    return {
        "shopMoney": _money(minor, shop),
        "presentmentMoney": _money(minor if same else round(minor * rate), presentment),
    }
