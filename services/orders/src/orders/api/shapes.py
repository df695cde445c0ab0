"""What requests and answers of orders have in common."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    JsonValue,
    StringConstraints,
)

from wareflow_events.schemas.shapes import AddressPii, Attribution, Consent, Money


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


# PostgreSQL has no NUL in a text.
_PLAIN = r"^[^\x00]*$"
Short = Annotated[str, StringConstraints(max_length=200, pattern=_PLAIN, strip_whitespace=True)]
Filled = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=_PLAIN, strip_whitespace=True)
]
Long = Annotated[str, StringConstraints(max_length=2000, pattern=_PLAIN)]
Locale = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=30)
]
Key = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_PLAIN)]
MetadataKey = Annotated[
    str, StringConstraints(min_length=1, max_length=40), AfterValidator(_without_nul)
]
"""Like `Key`; as a pattern of properties its length would not stand in the document."""
Value = Annotated[str, StringConstraints(max_length=500, pattern=_PLAIN)]
Metadata = Annotated[dict[MetadataKey, Value], Field(max_length=50)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", max_length=2)]
Email = Annotated[EmailStr, Field(max_length=254, examples=["grace@example.com"])]


class Body(BaseModel):
    """A request's body: a field that is not known is a mistake worth telling."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def shown(**example: JsonValue) -> ConfigDict:
    """The configuration of a body that the document shows by an example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Answer(BaseModel):
    """An answer, made from what the service knows."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Amount(Body):
    """Money in minor units of an ISO 4217 currency."""

    amount: int = Field(ge=0, le=10**14)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", max_length=3)]

    def money(self) -> Money:
        """As the service counts it."""
        return Money(amount=self.amount, currency=self.currency)


class Address(Body):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    name: Filled = Field(examples=["Grace Hopper"])
    company: Short | None = None
    line1: Filled = Field(examples=["Hauptstr. 1"])
    line2: Short | None = None
    city: Filled = Field(examples=["Berlin"])
    region: Short | None = None
    postal_code: Annotated[str, StringConstraints(max_length=20, pattern=_PLAIN)] | None = Field(
        default=None, examples=["10115"]
    )
    country: Country = Field(examples=["DE"])
    phone: Annotated[str, StringConstraints(max_length=40, pattern=_PLAIN)] | None = None

    def pii(self) -> AddressPii:
        """As the service keeps it."""
        return AddressPii(**self.model_dump())


class ConsentIn(Body):
    """Consent mode v2: what the visitor allowed."""

    ad_storage: bool = False
    analytics_storage: bool = False
    ad_user_data: bool = False
    ad_personalization: bool = False


class AttributionIn(Body):
    """Where the visit came from; without it no funnel joins."""

    visitor_id: Short | None = None
    session_id: Short | None = None
    utm_source: Short | None = None
    utm_medium: Short | None = None
    utm_campaign: Short | None = None
    utm_term: Short | None = None
    utm_content: Short | None = None
    referrer: Long | None = None
    landing_page: Long | None = None
    consent: ConsentIn = ConsentIn()

    def kept(self) -> Attribution:
        """As the service keeps it."""
        given = self.model_dump(exclude={"consent"})
        return Attribution(**given, consent=Consent(**self.consent.model_dump()))
