"""A sales channel: in which currency, language and countries something is sold."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import CheckConstraint, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base
from catalog.model.values import Country, Currency, Locale, Name, Terms, TimeZone, shown
from wareflow_events.schemas.catalog import ChannelChanged
from wareflow_kit.refusals import NotFound


class NoSuchChannel(NotFound):
    """There is no channel of this name."""


class ChannelTerms(Terms):
    """What a channel sells by."""

    model_config = shown(
        {
            "name": "Germany",
            "currency": "EUR",
            "locale": "de",
            "countries": ["DE", "AT"],
            "prices_include_tax": True,
            "time_zone": "Europe/Berlin",
        }
    )

    name: Name
    currency: Currency
    locale: Locale
    countries: list[Country] = Field(min_length=1, max_length=250)
    prices_include_tax: bool
    time_zone: TimeZone
    active: bool = True


class Channel(Base):
    """A place to sell, with terms of its own; never deleted, only made inactive."""

    __tablename__ = "channel"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
        CheckConstraint("version > 0", name="version_positive"),
    )

    id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    name: Mapped[str]
    currency: Mapped[str]
    locale: Mapped[str]
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text))
    prices_include_tax: Mapped[bool]
    time_zone: Mapped[str]
    active: Mapped[bool]
    version: Mapped[int]
    updated_at: Mapped[datetime]

    @property
    def terms(self) -> ChannelTerms:
        """Its terms as they stand."""
        return ChannelTerms(
            name=self.name,
            currency=self.currency,
            locale=self.locale,
            countries=list(self.countries),
            prices_include_tax=self.prices_include_tax,
            time_zone=self.time_zone,
            active=self.active,
        )

    def agree(self, terms: ChannelTerms, *, now: datetime) -> ChannelChanged | None:
        """Sell by `terms` from now on; None when they are what they were."""
        if self.version and self.terms == terms:
            return None
        for name, value in terms:
            setattr(self, name, value)
        self.version = (self.version or 0) + 1
        self.updated_at = now
        return ChannelChanged(channel=self.id, version=self.version, **terms.model_dump())
