"""The values that catalogue shapes are made of, each with the limits it keeps."""

from typing import Annotated, NewType
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from catalog.model.text import LONGEST_SLUG, clean_html, is_slug
from wareflow_events.schemas.shapes import Money
from wareflow_kit.money import UnknownCurrency, exponent
from wareflow_kit.texts import Plain, without_nul

ProductId = NewType("ProductId", UUID)
VariantId = NewType("VariantId", UUID)
MediaId = NewType("MediaId", UUID)
CategoryId = NewType("CategoryId", UUID)
ImportId = NewType("ImportId", UUID)

DEFAULT_CHANNEL = "default"
LARGEST_AMOUNT = 10**14
LONGEST_LINE, LONGEST_TITLE, LONGEST_SEO_TEXT = 255, 500, 1000
LONGEST_SKU = 120
LONGEST_HTML = 200_000


def _known_time_zone(name: str) -> str:
    try:
        _ = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone of the IANA database") from None
    return name


def _known_currency(code: str) -> str:
    try:
        _ = exponent(code)
    except UnknownCurrency as error:
        raise ValueError(str(error)) from None
    return code


def _fit_for_an_address(slug: str) -> str:
    if not is_slug(slug):
        raise ValueError("a slug has letters, digits and . _ ~ - only")
    return slug


_NO_NUL = AfterValidator(without_nul)


def _text(most: int, *, least: int = 0) -> object:
    return StringConstraints(max_length=most, min_length=least, strip_whitespace=True)


Text = Plain
"""Any text that can be stored."""
Whole = Annotated[int, Field(ge=0, lt=2**63)]
Line = Annotated[str, _text(LONGEST_LINE), _NO_NUL]
"""One line of text, maybe empty."""
Name = Annotated[str, _text(LONGEST_LINE, least=1), _NO_NUL]
Title = Annotated[str, _text(LONGEST_TITLE, least=1), _NO_NUL]
SeoText = Annotated[str, _text(LONGEST_SEO_TEXT), _NO_NUL]
Html = Annotated[
    str, StringConstraints(max_length=LONGEST_HTML), _NO_NUL, AfterValidator(clean_html)
]
"""HTML that is made harmless as it comes in."""
Slug = Annotated[
    str,
    StringConstraints(
        pattern=r"^[^\x00-,/:-@\[-^`{-}\x7f\s]+$", to_lower=True, max_length=LONGEST_SLUG
    ),
    AfterValidator(_fit_for_an_address),
]
"""Letters of any script, as `slugify` leaves them. The pattern is what every reader of JSON Schema
takes alike, which letters of all scripts are not."""
Sku = Annotated[str, _text(LONGEST_SKU, least=1), _NO_NUL]
VariantName = Annotated[str, StringConstraints(max_length=LONGEST_SKU), _NO_NUL]
"""The id of a variant, or its SKU."""
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$", max_length=2000), _NO_NUL]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", max_length=6)]
"""ISO 639-1, maybe with an ISO 3166-1 region: `de`, `en-GB`."""
ChannelId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", max_length=63)]
Currency = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{3}$", max_length=3), AfterValidator(_known_currency)
]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_time_zone)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", max_length=2)]
Metadata = Annotated[
    dict[Annotated[str, _text(64, least=1), _NO_NUL], Annotated[str, _text(1000), _NO_NUL]],
    Field(max_length=50),
]


def shown(example: dict[str, JsonValue]) -> ConfigDict:
    """The configuration of a shape that the document shows by an example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Terms(BaseModel):
    """A shape that comes in: frozen, and a field it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Amount(Money):
    """Money that is not negative, in minor units of a currency of ISO 4217."""

    amount: int = Field(ge=0, le=LARGEST_AMOUNT)
    currency: Currency
