"""Settings of orders: where things are, how long things may take, and the shop's terms."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from wareflow_kit.settings import ServiceSettings

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
MinorUnits = Annotated[int, Field(ge=0)]
Seconds = Annotated[timedelta, Field(gt=timedelta(0))]

# What Stripe takes at least (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts), in
# minor units. A currency that is not listed there has no minimum of its own.
_STRIPE_MINIMUMS: Mapping[str, int] = {
    **dict.fromkeys(("USD", "EUR", "CHF", "AUD", "CAD", "NZD", "SGD", "BRL", "INR", "JPY"), 50),
    **dict.fromkeys(("AED", "MYR", "PLN", "RON"), 200),
    **dict.fromkeys(("NOK", "SEK"), 300),
    **dict.fromkeys(("MXN", "THB"), 1000),
    "GBP": 30,
    "DKK": 250,
    "HKD": 400,
    "CZK": 1500,
    "HUF": 17500,
}


class TaxRate(BaseModel):
    """The standard rate of a country, in basis points (1900 is 19 %)."""

    model_config = ConfigDict(frozen=True)

    title: str
    rate_bps: int = Field(ge=0, le=10_000)


class ShippingMethod(BaseModel):
    """A flat rate in one currency, in minor units, with or without tax as the channel's prices."""

    model_config = ConfigDict(frozen=True)

    code: str
    title: str
    currency: CurrencyCode
    amount: MinorUnits
    free_from: MinorUnits | None = None
    """The value of the goods, after discounts, from which it costs nothing."""
    channels: tuple[str, ...] = ()
    """Where it is offered; everywhere when empty."""
    countries: tuple[str, ...] = ()
    """Where it delivers to; wherever the channel sells when empty."""


# standard, free from, express: about the same everywhere, in round figures of each currency.
_FLAT_RATES: Mapping[str, tuple[int, int, int]] = {
    **dict.fromkeys(("EUR", "USD", "GBP", "CHF"), (490, 5000, 1290)),
    **dict.fromkeys(("AUD", "CAD", "NZD", "SGD"), (790, 8000, 1990)),
    **dict.fromkeys(("SEK", "NOK", "DKK"), (4900, 59900, 12900)),
    "PLN": (1490, 19900, 3490),
    "CZK": (9900, 149900, 24900),
    "JPY": (600, 6000, 1500),
}


def _flat_rates() -> tuple[ShippingMethod, ...]:
    found: list[ShippingMethod] = []
    for currency, (standard, free_from, express) in _FLAT_RATES.items():
        found += [
            ShippingMethod(
                code="standard",
                title="Standard",
                currency=currency,
                amount=standard,
                free_from=free_from,
            ),
            ShippingMethod(code="express", title="Express", currency=currency, amount=express),
        ]
    return tuple(found)


class Terms(BaseModel):
    """What the shop's owner decides about prices: taxes, shipping, limits."""

    model_config = ConfigDict(frozen=True)

    tax_rates: dict[str, TaxRate] = Field(default_factory=dict)
    """By country (`DE`) or by channel and country (`wholesale/DE`, which goes first); goods to a
    country without a rate have no tax lines."""
    shipping_methods: tuple[ShippingMethod, ...] = Field(default_factory=_flat_rates)
    """In the order they are offered; the first that fits is taken when nobody chooses."""
    least_payment: dict[str, MinorUnits] = Field(default_factory=lambda: dict(_STRIPE_MINIMUMS))
    """The gateway's minimum per currency, in minor units."""
    most_payment: MinorUnits = 99_999_999
    """The gateway takes eight digits."""
    cart_lines: int = Field(default=100, ge=1)
    cart_quantity: int = Field(default=1000, ge=1)
    """Units of one line."""

    def tax_rate(self, *, channel: str, country: str | None) -> TaxRate | None:
        """The rate for goods that a channel sends to a country; None when there is none."""
        if country is None:
            return None
        return self.tax_rates.get(f"{channel}/{country}") or self.tax_rates.get(country)


class Settings(ServiceSettings, service="orders"):
    """Read once, at start."""

    terms: Terms = Field(default_factory=Terms)
    livemode: bool = False
    """Whether the gateway moves real money."""

    signing_key: Path
    """The PEM file of the key that signs order tokens; made when it is missing."""
    issuer: str = "https://orders.wareflow.local"
    token_ttl: Seconds = timedelta(days=30)

    reserve_within: Seconds = timedelta(minutes=10)
    pay_within: Seconds = timedelta(minutes=30)
    cart_ttl: Seconds = timedelta(days=30)
    """How long an untouched cart stays open, and an ordered one keeps its addresses."""

    public_writes_per_minute: int = Field(default=6000, ge=1)
    """New carts and checkouts, per client address and process."""
    cart_writes_per_minute: int = Field(default=600, ge=1)
    """Changes of one cart, per process."""
    lookups_per_minute: int = Field(default=10, ge=1)
    lookups_of_an_order_per_hour: int = Field(default=30, ge=1)
    """From whatever addresses: the e-mail address that belongs to a number is not to be guessed."""
