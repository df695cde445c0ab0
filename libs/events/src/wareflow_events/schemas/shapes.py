"""Values that more than one service's events carry."""

from typing import Annotated

from pydantic import Field, StringConstraints

from wareflow_events.event import Shape

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Metadata = dict[str, str]


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies cannot be added or compared."""


class Money(Shape):
    """An amount in minor units (cents) of an ISO 4217 currency; never a float."""

    amount: int
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        return Money(amount=self.amount + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(amount=self.amount - self._same(other), currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(amount=-self.amount, currency=self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(amount=self.amount * times, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount


class Discount(Shape):
    """A reduction that was applied, and why."""

    code: str | None = None
    title: str = ""
    amount: Money


class TaxLine(Shape):
    """One tax on a line or on shipping; `rate_bps` is in basis points (1900 is 19 %)."""

    title: str
    rate_bps: int
    amount: Money


class Consent(Shape):
    """Consent mode v2: what the visitor allowed; nothing is allowed until said."""

    ad_storage: bool = False
    analytics_storage: bool = False
    ad_user_data: bool = False
    ad_personalization: bool = False


class Attribution(Shape):
    """Where a visit came from: the ids of the visitor and session, UTM parameters, referrer."""

    visitor_id: str | None = None
    session_id: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_term: str | None = None
    utm_content: str | None = None
    referrer: str | None = None
    landing_page: str | None = None
    consent: Consent = Field(default_factory=Consent)


class Region(Shape):
    """Where goods go, coarse enough to name nobody."""

    country: CountryCode
    region: str | None = None
    postal_prefix: str | None = None


class AddressPii(Shape):
    """A postal address; personal data, only ever on a contact topic."""

    name: str
    company: str | None = None
    line1: str
    line2: str | None = None
    city: str
    region: str | None = None
    postal_code: str | None = None
    country: CountryCode
    phone: str | None = None
