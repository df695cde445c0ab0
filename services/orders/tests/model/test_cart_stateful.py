"""Whatever is done to a cart, in any order: the cart against a plain list of what is in it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orders.model.cart import (
    Buyer,
    CartClosed,
    CartFull,
    CartStatus,
    LineNotFound,
    Till,
    TooManyUnits,
)
from orders.model.ids import CartId, CustomerId, LineId, OrderId, VariantId
from orders.settings import Terms
from orders.testing import A_DAY, a_cart, a_till, an_offer, eur
from wareflow_events.schemas.orders import CartChanged, OrderedLine

TERMS = Terms(cart_lines=3, cart_quantity=5)
VARIANTS = [VariantId(uuid4()) for _ in range(4)]
WHICH = st.sampled_from(VARIANTS)
UNITS = st.integers(1, 4)


class CartMachine(RuleBasedStateMachine):
    """Each step does the same to the cart and to a dict of units by variant."""

    def __init__(self) -> None:
        super().__init__()
        self.now = A_DAY
        self.prices = dict.fromkeys(VARIANTS, 500)
        self.cart = a_cart(a_till(terms=TERMS))
        self.plain: dict[VariantId, int] = {}
        self.status = CartStatus.OPEN
        self.version = self.cart.version

    # --- what shoppers do ---

    @rule(variant_id=WHICH, quantity=UNITS)
    def add(self, variant_id: VariantId, quantity: int) -> None:
        wanted = self.plain | {variant_id: self.plain.get(variant_id, 0) + quantity}
        if self.may_hold(wanted):
            line_id = LineId(uuid4())
            self.heard(
                self.cart.add(
                    self.till(), variant_id=variant_id, quantity=quantity, line_id=line_id
                )
            )
            self.plain = wanted
        else:
            with pytest.raises(self.refusal(wanted)):
                _ = self.cart.add(
                    self.till(), variant_id=variant_id, quantity=quantity, line_id=LineId(uuid4())
                )

    @rule(variant_id=WHICH, quantity=st.integers(0, 6))
    def set_quantity(self, variant_id: VariantId, quantity: int) -> None:
        lines = {item.variant_id: item.line_id for item in self.cart.items}
        line_id = lines.get(variant_id, LineId(uuid4()))
        wanted = {v: quantity if v == variant_id else n for v, n in self.plain.items()}
        wanted = {v: n for v, n in wanted.items() if n}
        if self.status is CartStatus.OPEN and variant_id not in self.plain:
            with pytest.raises(LineNotFound):
                _ = self.cart.set_quantity(self.till(), line_id=line_id, quantity=quantity)
        elif self.may_hold(wanted):
            self.heard(self.cart.set_quantity(self.till(), line_id=line_id, quantity=quantity))
            self.plain = wanted
        else:
            with pytest.raises(self.refusal(wanted)):
                _ = self.cart.set_quantity(self.till(), line_id=line_id, quantity=quantity)

    @rule(variant_id=WHICH, quantity=UNITS)
    def absorb_another_cart(self, variant_id: VariantId, quantity: int) -> None:
        other = a_cart(a_till(an_offer(500, variant_id=variant_id), terms=TERMS), [quantity])
        wanted = self.plain | {variant_id: self.plain.get(variant_id, 0) + quantity}
        if self.may_hold(wanted):
            self.heard(self.cart.absorb(self.till(), other))
            told = other.end_in(self.till(), self.cart)
            assert (told.status, told.cart_id) == (CartStatus.MERGED, other.id)
            self.plain = wanted
        else:
            with pytest.raises(self.refusal(wanted)):
                _ = self.cart.absorb(self.till(), other)

    @precondition(lambda self: self.status is CartStatus.OPEN)
    @rule(email=st.sampled_from(["grace@example.com", None]))
    def say_who_buys(self, email: str | None) -> None:
        self.heard(self.cart.fill_in(self.till(), {"email": email}))

    # --- what becomes of it ---

    @precondition(lambda self: self.status is CartStatus.OPEN)
    @rule()
    def order(self) -> None:
        buyer = Buyer(CustomerId(uuid4()), guest=True)
        self.status = CartStatus.ORDERED
        self.heard(self.cart.turn_into(self.till(), order_id=OrderId(uuid4()), buyer=buyer))

    @precondition(lambda self: self.status is CartStatus.ORDERED)
    @rule()
    def the_order_comes_to_nothing(self) -> None:
        self.status = CartStatus.OPEN
        bought = [self.ordered(variant_id, n) for variant_id, n in self.plain.items()]
        total = eur(sum(line.total.amount for line in bought))
        self.heard(self.cart.reopen(bought, subtotal=total, total=total, now=self.now))

    @precondition(lambda self: self.status is CartStatus.OPEN)
    @rule(really=st.sampled_from([False, False, False, True]))
    def nobody_touches_it(self, really: bool) -> None:
        if really:
            self.status = CartStatus.EXPIRED
            self.heard(self.cart.expire(self.till()))

    @rule(variant_id=WHICH, price=st.integers(1, 2000))
    def a_price_changes(self, variant_id: VariantId, price: int) -> None:
        self.prices[variant_id] = price

    @rule()
    def time_passes(self) -> None:
        self.now += timedelta(hours=1)

    # --- what holds ---

    @invariant()
    def it_holds_what_the_list_says(self) -> None:
        assert {item.variant_id: item.quantity for item in self.cart.items} == self.plain
        assert len({item.line_id for item in self.cart.items}) == len(self.plain)

    @invariant()
    def it_costs_what_is_in_it_now(self) -> None:
        quote = self.cart.priced(self.till()).quote
        goods = sum(self.prices[variant_id] * n for variant_id, n in self.plain.items())
        assert quote.subtotal.amount == goods
        assert quote.total == quote.subtotal - quote.discount + quote.shipping

    @invariant()
    def it_is_where_it_was_brought(self) -> None:
        assert self.cart.status == self.status
        assert (self.cart.order_id is not None) == (self.status is CartStatus.ORDERED)
        ends = self.status in (CartStatus.OPEN, CartStatus.ORDERED)
        assert (self.cart.expires_at is not None) == ends

    @invariant()
    def nobody_is_kept_in_an_ended_cart(self) -> None:
        assert self.cart.email is None or self.status is not CartStatus.EXPIRED

    # --- how ---

    def till(self) -> Till:
        offers = (an_offer(cents, variant_id=v) for v, cents in self.prices.items())
        return a_till(*offers, terms=TERMS, now=self.now)

    def may_hold(self, wanted: dict[VariantId, int]) -> bool:
        fits = len(wanted) <= TERMS.cart_lines
        few = all(n <= TERMS.cart_quantity for n in wanted.values())
        return self.status is CartStatus.OPEN and fits and few

    def refusal(self, wanted: dict[VariantId, int]) -> type[Exception]:
        if self.status is not CartStatus.OPEN:
            return CartClosed
        return CartFull if len(wanted) > TERMS.cart_lines else TooManyUnits

    def heard(self, told: CartChanged) -> None:
        self.version += 1
        assert (told.version, told.status) == (self.version, self.status)
        assert told.cart_id == CartId(self.cart.id)

    def ordered(self, variant_id: VariantId, quantity: int) -> OrderedLine:
        price = eur(self.prices[variant_id])
        return OrderedLine(
            line_id=uuid4(),
            variant_id=variant_id,
            product_id=uuid4(),
            product_version=1,
            sku="MUG",
            title="Mug",
            quantity=quantity,
            unit_price=price,
            total=price * quantity,
        )


def test_a_cart_behaves_like_a_plain_list_of_what_is_in_it() -> None:
    run_state_machine_as_test(
        CartMachine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )
