"""Invented customers and addresses: names of nobody, example.com, 555 numbers."""

from random import Random
from typing import Any

FIRST_NAMES: tuple[str, ...] = ("Ada", "Bo", "Chioma", "Dmitri", "Élodie", "Farid", "Gülşen")
FIRST_NAMES += ("Hana", "Íris", "Jun", "Kōji", "Łucja", "Mùa", "Noor", "Óscar", "Priya", "小雨")
LAST_NAMES: tuple[str, ...] = ("Ashgrove", "Brightwater", "Coppersmith", "Elderfield", "Ivorsen")
LAST_NAMES += ("Fenwick-Oyelaran", "Glasswing", "Harrowgate", "Juniper", "Kestrel", "Müllerschön")
STREETS = ("Sample Street", "Placeholder Avenue", "Rue de l'Exemple", "Musterweg", "Testgatan")
COMPANIES = ("", "", "Acme Samples Ltd", "Widgets & Søn", "株式会社サンプル")

# country, its code, province, its code, city, time zone, the names and rates of its taxes
Place = tuple[str, str, str | None, str | None, str, str, tuple[tuple[str, float], ...]]
PLACES: tuple[Place, ...]
PLACES = (
    ("United States", "US", "California", "CA", "Faketown", "America/Los_Angeles",
     (("California State Tax", 0.0725),)),
    ("United States", "US", "New York", "NY", "Exampleville", "America/New_York",
     (("New York State Tax", 0.04), ("New York City Tax", 0.04875))),
    ("Canada", "CA", "Ontario", "ON", "Sampleford", "America/Toronto", (("HST", 0.13),)),
    ("Germany", "DE", None, None, "Musterstadt", "Europe/Berlin", (("MwSt", 0.19),)),
    ("France", "FR", None, None, "Exempleville", "Europe/Paris", (("TVA", 0.055),)),
    ("Japan", "JP", "Tōkyō", "JP-13", "見本町", "Asia/Tokyo", (("消費税", 0.1),)),
    ("United Kingdom", "GB", "England", "ENG", "Testbury", "Europe/London", ()),
)  # fmt: skip


def customer(rng: Random, made_at: str) -> dict[str, Any]:
    """A Customer: one of a few thousand in a shop, so that some come back."""
    number = 6_100_000_000_000 + rng.randrange(5_000) * 4_099
    rng = Random(number)
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    email = f"customer.{number}@example.com"
    return {
        "__typename": "Customer",
        "id": f"gid://shopify/Customer/{number}",
        "legacyResourceId": str(number),
        "firstName": first,
        "lastName": last,
        "displayName": f"{first} {last}",
        "defaultEmailAddress": {
            "emailAddress": email,
            "marketingState": rng.choice(("SUBSCRIBED", "NOT_SUBSCRIBED")),
            "validFormat": True,
        },
        "defaultPhoneNumber": _phone_of(rng),
        "defaultAddress": None,
        "locale": rng.choice(("en", "de", "fr", "ja", "pt-BR")),
        "tags": list(rng.choice(((), ("VIP",), ("wholesale", "newsletter")))),
        "note": rng.choice((None, None, "", "Prefers e-mail 📧")),
        "numberOfOrders": str(rng.randrange(1, 40)),
        "createdAt": made_at,
        "updatedAt": made_at,
        "canDelete": False,
        "dataSaleOptOut": False,
        "lifetimeDuration": "about 2 years",
        "multipassIdentifier": None,
        "productSubscriberStatus": "NEVER_SUBSCRIBED",
        "state": rng.choice(("DISABLED", "ENABLED", "INVITED")),
        "taxExempt": False,
        "taxExemptions": [],
        "verifiedEmail": True,
        "email": email,
    }


def _phone_of(rng: Random) -> dict[str, str] | None:
    if rng.random() < 0.5:  # noqa: PLR2004 - half of them
        return None
    return {"phoneNumber": phone(rng)}


def phone(rng: Random) -> str:
    """A number from the range that is set aside for fiction."""
    return f"+1202555{rng.randrange(100, 200):04d}"


def address(rng: Random, place: Place, who: dict[str, Any] | None) -> dict[str, Any]:
    """A MailingAddress in that place."""
    country, code, province, province_code, city, zone, _ = place
    first = who["firstName"] if who else rng.choice(FIRST_NAMES)
    last = who["lastName"] if who else rng.choice(LAST_NAMES)
    street = f"{rng.randrange(1, 400)} {rng.choice(STREETS)}"
    company = rng.choice(COMPANIES) or None
    zip_code = f"{rng.randrange(10_000, 99_999)}"
    lines = [street, f"{city} {zip_code}", country]
    return {
        "__typename": "MailingAddress",
        "id": f"gid://shopify/MailingAddress/{rng.randrange(10**12, 10**13)}",
        "address1": street,
        "address2": rng.choice((None, "", "Apt. 4")),
        "city": city,
        "company": company,
        "coordinatesValidated": True,
        "country": country,
        "countryCodeV2": code,
        "firstName": first,
        "lastName": last,
        "name": f"{first} {last}",
        "formatted": [company, *lines] if company else lines,
        "formattedArea": f"{city}, {country}",
        "latitude": round(rng.uniform(-60, 60), 7),
        "longitude": round(rng.uniform(-170, 170), 7),
        "phone": rng.choice((None, phone(rng))),
        "province": province,
        "provinceCode": province_code,
        "timeZone": zone,
        "validationResultSummary": "NO_ISSUES",
        "zip": zip_code,
    }
