"""A cart: what somebody means to buy, held by a token, priced anew whenever it is looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import TypedDict

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from orders.model.base import Base, Json
from orders.model.ids import CartId, CustomerId, LineId, OrderId, VariantId
from orders.model.pricing import Item, Quote, QuotedLine, problem_of, quote
from orders.model.shelf import Shelf
from orders.settings import Terms
from wareflow_events.schemas.orders import CartChanged, CartLine, OrderedLine
from wareflow_events.schemas.shapes import AddressPii, Attribution, Money
from wareflow_kit.refusals import Conflict, Invalid, NotFound


class CartNotFound(NotFound):
    """There is no such cart, or it is not yours."""


class LineNotFound(NotFound):
    """The cart has no such line."""


class CartClosed(Conflict):
    """The cart was ordered, merged into another or has expired."""


class NotForSale(Invalid):
    """The variant is unknown, not sold in this channel, or has no price."""


class CartFull(Invalid):
    """The cart has as many lines as a cart may have."""


class TooManyUnits(Invalid):
    """More units of one variant than a cart may have."""


class CartStatus(StrEnum):
    """What became of it."""

    OPEN = "open"
    ORDERED = "ordered"
    MERGED = "merged"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CartKey:
    """How somebody gets at a cart: its token's hash, or being the customer whose cart it is."""

    cart_id: CartId
    token_hash: bytes | None = None
    customer_id: CustomerId | None = None
    check: Callable[["Cart"], None] = lambda _cart: None
    """Refuses when the cart is not the version that the caller has seen."""


class Details(TypedDict, total=False):
    """What is said of a cart besides its lines; what is not given stays."""

    locale: str
    email: str | None
    shipping_address: AddressPii | None
    billing_address: AddressPii | None
    shipping_method: str | None
    attribution: Attribution
    metadata_: dict[str, str]


@dataclass(frozen=True, slots=True)
class Till:
    """What prices a cart at a moment, and how long it stays open from then."""

    shelf: Shelf
    terms: Terms
    now: datetime
    ttl: timedelta


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys: an account, or a guest whose id is minted for the occasion."""

    customer_id: CustomerId
    guest: bool


@dataclass(frozen=True, slots=True)
class PricedCart:
    """A cart and what it costs just now."""

    cart: "Cart"
    quote: Quote


class Cart(Base):
    """One document, always read and written whole; its lines are in one column for that reason."""

    __tablename__ = "cart"
    __table_args__ = (
        CheckConstraint(
            "status IN ('open', 'ordered', 'merged', 'expired')", name="status_is_known"
        ),
        CheckConstraint("(status = 'ordered') = (order_id IS NOT NULL)", name="ordered_has_one"),
        CheckConstraint(
            "(status = 'merged') = (merged_into IS NOT NULL)", name="merged_has_target"
        ),
        CheckConstraint("customer_id IS NOT NULL OR NOT guest", name="guest_has_an_id"),
        Index(
            "cart_customer_idx",
            "customer_id",
            "updated_at",
            postgresql_where=text("customer_id IS NOT NULL"),
        ),
        Index("cart_expires_idx", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    )

    id: Mapped[CartId] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes]
    """SHA-256 of the token, which itself is kept nowhere."""
    version: Mapped[int]
    status: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    customer_id: Mapped[CustomerId | None]
    guest: Mapped[bool]
    """True when `customer_id` was minted by a checkout and not by signing in."""
    order_id: Mapped[OrderId | None]
    merged_into: Mapped[CartId | None]
    items: Mapped[list[Item]] = mapped_column(Json(list[Item]))
    email: Mapped[str | None]
    shipping_address: Mapped[AddressPii | None] = mapped_column(Json(AddressPii))
    billing_address: Mapped[AddressPii | None] = mapped_column(Json(AddressPii))
    shipping_method: Mapped[str | None]
    attribution: Mapped[Attribution] = mapped_column(Json(Attribution))
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    test: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """When an open cart ends, or an ordered one forgets its addresses; None when neither will."""

    @classmethod
    def open(
        cls,
        till: Till,
        *,
        id: CartId,  # noqa: A002
        token_hash: bytes,
        locale: str | None,
        customer_id: CustomerId | None,
        attribution: Attribution,
        metadata: dict[str, str],
        test: bool,
    ) -> tuple["Cart", CartChanged]:
        """A new, empty cart."""
        cart = cls(
            id=id,
            token_hash=token_hash,
            version=0,
            status=CartStatus.OPEN,
            channel=till.shelf.channel.code,
            locale=locale or till.shelf.channel.locale,
            customer_id=customer_id,
            guest=False,
            items=[],
            attribution=attribution,
            metadata_=metadata,
            test=test,
            created_at=till.now,
        )
        return cart, cart._told(till)

    def opens_to(self, key: CartKey) -> bool:
        """Whether the key's holder may see and change it."""
        by_token = key.token_hash is not None and compare_digest(self.token_hash, key.token_hash)
        is_theirs = key.customer_id is not None and self.customer_id == key.customer_id
        return by_token or (is_theirs and not self.guest)

    def quote(self, shelf: Shelf, terms: Terms) -> Quote:
        """What it costs just now."""
        address = self.shipping_address or self.billing_address
        return quote(
            self.items,
            shelf=shelf,
            terms=terms,
            country=address.country if address else None,
            shipping=self.shipping_method,
        )

    def priced(self, till: Till) -> PricedCart:
        """Itself with its price, as it is shown."""
        return PricedCart(self, self.quote(till.shelf, till.terms))

    @property
    def variant_ids(self) -> list[VariantId]:
        """What has to be on the shelf to price it."""
        return [item.variant_id for item in self.items]

    # --- changes: each returns what is told of it ---

    def add(
        self, till: Till, *, variant_id: VariantId, quantity: int, line_id: LineId
    ) -> CartChanged:
        """Put units of a variant in; a line of the same variant grows."""
        self.must_be_open()
        if problem := problem_of(till.shelf[variant_id]):
            raise NotForSale(variant_id=str(variant_id), problem=problem.value)
        wanted = Item(line_id=line_id, variant_id=variant_id, quantity=quantity)
        return self._hold(till, _merged([*self.items, wanted]))

    def set_quantity(self, till: Till, *, line_id: LineId, quantity: int) -> CartChanged:
        """Change how many; 0 takes the line out."""
        self.must_be_open()
        if line_id not in {item.line_id for item in self.items}:
            raise LineNotFound
        changed = [
            item.model_copy(update={"quantity": quantity}) if item.line_id == line_id else item
            for item in self.items
        ]
        return self._hold(till, [item for item in changed if item.quantity > 0])

    def fill_in(self, till: Till, details: Details) -> CartChanged:
        """Change what is said around the lines: contact, delivery, where the visit came from."""
        self.take(details)
        quoted = self.quote(till.shelf, till.terms)
        if details.get("shipping_method"):
            quoted.must_offer(self.shipping_method)
        return self._told(till)

    def take(self, details: Details) -> None:
        """Take over what a checkout says; `turn_into` tells of it."""
        self.must_be_open()
        for name, value in details.items():
            setattr(self, name, value)

    def claim(self, till: Till, customer_id: CustomerId) -> CartChanged:
        """A signed-in customer takes it."""
        self.must_be_open()
        self.customer_id, self.guest = customer_id, False
        return self._told(till)

    def absorb(self, till: Till, other: "Cart") -> CartChanged:
        """Take over another cart's lines, and its contact where this one has none."""
        self.must_be_open()
        self.email = self.email or other.email
        self.shipping_address = self.shipping_address or other.shipping_address
        self.billing_address = self.billing_address or other.billing_address
        return self._hold(till, _merged([*self.items, *other.items]))

    def end_in(self, till: Till, target: "Cart") -> CartChanged:
        """Its lines live on in another cart."""
        self.must_be_open()
        self.status, self.merged_into = CartStatus.MERGED, target.id
        self.forget()
        return self._told(till)

    def turn_into(self, till: Till, *, order_id: OrderId, buyer: Buyer) -> CartChanged:
        """An order was placed with it; a guest keeps the id that was minted for them."""
        self.must_be_open()
        self.status, self.order_id = CartStatus.ORDERED, order_id
        self.customer_id, self.guest = buyer.customer_id, buyer.guest
        return self._told(till)

    def reopen(
        self, ordered: Sequence[OrderedLine], *, subtotal: Money, total: Money, now: datetime
    ) -> CartChanged:
        """Its order came to nothing; it can be changed and ordered again. Told at the order's
        prices: what it costs now is found out when somebody looks."""
        self.status, self.order_id = CartStatus.OPEN, None
        self.version += 1
        self.updated_at = now
        self.expires_at = self.expires_at or now  # its time was over while it was ordered
        bought = {line.variant_id: line for line in ordered}
        lines = [_ordered_line(item, bought[item.variant_id]) for item in self.items]
        return self._state(lines, subtotal=subtotal, total=total)

    def expire(self, till: Till) -> CartChanged:
        """Nobody touched it for long."""
        self.must_be_open()
        self.status = CartStatus.EXPIRED
        self.forget()
        return self._told(till)

    def forget(self) -> None:
        """Drop the personal data."""
        self.email = self.shipping_address = self.billing_address = None

    def must_be_open(self) -> None:
        """Refuse, and say which order it became if it did."""
        if self.status != CartStatus.OPEN:
            order_id = str(self.order_id) if self.order_id else None
            raise CartClosed(cart_status=self.status, order_id=order_id)

    def _hold(self, till: Till, items: list[Item]) -> CartChanged:
        if len(items) > till.terms.cart_lines:
            raise CartFull(lines=till.terms.cart_lines)
        if any(item.quantity > till.terms.cart_quantity for item in items):
            raise TooManyUnits(most=till.terms.cart_quantity)
        self.items = items
        return self._told(till)

    def _told(self, till: Till) -> CartChanged:
        self.version += 1
        self.updated_at = till.now
        keeps_something = self.status in (CartStatus.OPEN, CartStatus.ORDERED)
        self.expires_at = till.now + till.ttl if keeps_something else None
        quoted = self.quote(till.shelf, till.terms)
        lines = [_quoted_line(line) for line in quoted.lines]
        return self._state(lines, subtotal=quoted.subtotal, total=quoted.total)

    def _state(self, lines: list[CartLine], *, subtotal: Money, total: Money) -> CartChanged:
        return CartChanged(
            cart_id=self.id,
            version=self.version,
            status=self.status,
            channel=self.channel,
            customer_id=self.customer_id,
            order_id=self.order_id,
            lines=lines,
            subtotal=subtotal,
            total=total,
            attribution=self.attribution,
            test=self.test,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


def _merged(items: list[Item]) -> list[Item]:
    """One line per variant, at the place and under the id of its first."""
    by_variant: dict[VariantId, Item] = {}
    for item in items:
        first = by_variant.get(item.variant_id)
        total = item.quantity + (first.quantity if first else 0)
        by_variant[item.variant_id] = (first or item).model_copy(update={"quantity": total})
    return list(by_variant.values())


def _quoted_line(line: QuotedLine) -> CartLine:
    return CartLine(
        line_id=line.item.line_id,
        variant_id=line.item.variant_id,
        product_id=line.offer.product_id if line.offer else None,
        sku=line.offer.sku if line.offer else "",
        title=line.offer.title if line.offer else "",
        quantity=line.item.quantity,
        unit_price=line.unit_price,
        total=None if line.problem else line.total,
    )


def _ordered_line(item: Item, bought: OrderedLine) -> CartLine:
    return CartLine(
        line_id=item.line_id,
        variant_id=item.variant_id,
        product_id=bought.product_id,
        sku=bought.sku,
        title=bought.title,
        quantity=item.quantity,
        unit_price=bought.unit_price,
        total=bought.total,
    )
