"""What requests and answers of orders have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, Field, JsonValue, StringConstraints

from wareflow_events.schemas.shapes import AddressPii, Attribution, Consent, CountryCode

# PostgreSQL has no NUL in a text.
_PLAIN = r"^[^\x00]*$"
Short = Annotated[str, StringConstraints(max_length=200, pattern=_PLAIN, strip_whitespace=True)]
Filled = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=_PLAIN, strip_whitespace=True)
]
Long = Annotated[str, StringConstraints(max_length=2000, pattern=_PLAIN)]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Key = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_PLAIN)]
Value = Annotated[str, StringConstraints(max_length=500, pattern=_PLAIN)]
Metadata = Annotated[dict[Key, Value], Field(max_length=50)]
Email = Annotated[EmailStr, Field(examples=["grace@example.com"])]


class Body(BaseModel):
    """A request's body: a field that is not known is a mistake worth telling."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def shown(**example: JsonValue) -> ConfigDict:
    """The configuration of a body that the document shows by an example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Answer(BaseModel):
    """An answer, made from what the service knows."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


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
    country: CountryCode = Field(examples=["DE"])
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
