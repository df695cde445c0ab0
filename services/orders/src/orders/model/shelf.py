"""The shelf: what a channel offers just now, as orders knows it from its own copies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from orders.model.ids import VariantId
from wareflow_kit.money import Money
from wareflow_kit.refusals import Invalid


class UnknownChannel(Invalid):
    """There is no such sales channel."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The terms of a sales channel."""

    code: str
    currency: str
    locale: str
    countries: tuple[str, ...]
    """Where it sells to; everywhere when empty."""
    prices_include_tax: bool
    active: bool = True

    def serves(self, country: str) -> bool:
        """Whether goods may go there."""
        return not self.countries or country in self.countries

    @property
    def home(self) -> str | None:
        """The country whose tax is shown while nobody has said where the goods go."""
        return self.countries[0] if len(self.countries) == 1 else None


@dataclass(frozen=True, slots=True)
class Availability:
    """What inventory last said. Shown, never promised: the reservation decides."""

    tracked: bool
    available: int
    """Units; means nothing when not tracked."""
    backorder: bool = False

    def covers(self, quantity: int) -> bool:
        """Whether that many could be had, as far as is known."""
        return not self.tracked or self.backorder or self.available >= quantity


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as a channel offers it."""

    variant_id: VariantId
    product_id: UUID
    product_version: int
    sku: str
    title: str
    variant_title: str
    active: bool
    """The product is active, sold in this channel, and still has this variant."""
    price: Money | None
    compare_at: Money | None
    availability: Availability
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    image_url: str | None = None
    taxable: bool = True
    tax_code: str | None = None
    weight_grams: int = 0
    requires_shipping: bool = True


@dataclass(frozen=True, slots=True)
class Shelf:
    """A channel and those of its offers that were asked for."""

    channel: Channel
    offers: Mapping[VariantId, Offer]

    def __getitem__(self, variant_id: VariantId) -> Offer | None:
        return self.offers.get(variant_id)
