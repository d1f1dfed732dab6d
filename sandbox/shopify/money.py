"""Money as Shopify writes it: a decimal string without its trailing zeros, but one ("10.0")."""

from dataclasses import dataclass

Bag = dict[str, dict[str, str]]

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

    def money(self, minor: int) -> dict[str, str]:
        """A MoneyV2 in the shop's currency."""
        return {
            "__typename": "MoneyV2",
            "amount": amount(minor, self.shop),
            "currencyCode": self.shop,
        }

    def bag(self, minor: int) -> Bag:
        """A MoneyBag of so many minor units of the shop's currency."""
        shop = self.money(minor)
        if self.presentment == self.shop:
            return {"shopMoney": shop, "presentmentMoney": shop}
        converted = round(minor * self.rate)
        return {
            "shopMoney": shop,
            "presentmentMoney": {
                "__typename": "MoneyV2",
                "amount": amount(converted, self.presentment),
                "currencyCode": self.presentment,
            },
        }
