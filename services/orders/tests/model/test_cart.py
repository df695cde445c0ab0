"""A cart's own rules: merging lines, limits, being closed."""

from uuid import uuid4

import pytest

from orders.model.cart import (
    Buyer,
    CartClosed,
    CartFull,
    CartKey,
    CartStatus,
    LineNotFound,
    NotForSale,
    TooManyUnits,
)
from orders.model.ids import CustomerId, LineId, OrderId, VariantId
from orders.settings import Terms
from orders.testing import a_cart, a_till, an_offer


def test_a_variant_has_one_line_that_grows() -> None:
    till = a_till(an_offer())
    cart = a_cart(till)
    (line,) = cart.items
    told = cart.add(till, variant_id=line.variant_id, quantity=2, line_id=LineId(uuid4()))
    assert [(item.line_id, item.quantity) for item in cart.items] == [(line.line_id, 3)]
    assert (told.lines[0].quantity, told.version) == (3, cart.version)


def test_a_quantity_of_nothing_takes_the_line_out() -> None:
    till = a_till(an_offer(), an_offer())
    cart = a_cart(till)
    told = cart.set_quantity(till, line_id=cart.items[0].line_id, quantity=0)
    assert len(told.lines) == len(cart.items) == 1


def test_a_line_that_is_not_there_cannot_be_changed() -> None:
    till = a_till(an_offer())
    with pytest.raises(LineNotFound):
        _ = a_cart(till).set_quantity(till, line_id=LineId(uuid4()), quantity=1)


def test_what_is_not_for_sale_is_not_put_in() -> None:
    till = a_till(an_offer(None))
    for variant_id in (next(iter(till.shelf.offers)), VariantId(uuid4())):
        with pytest.raises(NotForSale):
            _ = a_cart(a_till()).add(
                till, variant_id=variant_id, quantity=1, line_id=LineId(uuid4())
            )


def test_a_cart_has_a_limit_of_lines_and_a_line_one_of_units() -> None:
    terms = Terms(cart_lines=1, cart_quantity=5)
    till = a_till(an_offer(), an_offer(), terms=terms)
    first, second = till.shelf.offers
    cart = a_cart(a_till(terms=terms))
    with pytest.raises(TooManyUnits):
        _ = cart.add(till, variant_id=first, quantity=6, line_id=LineId(uuid4()))
    _ = cart.add(till, variant_id=first, quantity=5, line_id=LineId(uuid4()))
    with pytest.raises(CartFull):
        _ = cart.add(till, variant_id=second, quantity=1, line_id=LineId(uuid4()))


def test_an_ordered_cart_says_which_order_it_became() -> None:
    till = a_till(an_offer())
    cart = a_cart(till)
    order_id = OrderId(uuid4())
    told = cart.turn_into(till, order_id=order_id, buyer=Buyer(CustomerId(uuid4()), guest=True))
    assert (told.status, told.order_id) == (CartStatus.ORDERED, order_id)
    with pytest.raises(CartClosed) as refused:
        _ = cart.set_quantity(till, line_id=cart.items[0].line_id, quantity=2)
    assert refused.value.extra["order_id"] == str(order_id)


def test_a_guests_cart_opens_by_its_token_only() -> None:
    till = a_till(an_offer())
    cart = a_cart(till)
    cart.token_hash = b"right"
    guest = CustomerId(uuid4())
    _ = cart.turn_into(till, order_id=OrderId(uuid4()), buyer=Buyer(guest, guest=True))
    assert cart.opens_to(CartKey(cart.id, token_hash=b"right"))
    assert not cart.opens_to(CartKey(cart.id, token_hash=b"wrong"))
    assert not cart.opens_to(CartKey(cart.id, customer_id=guest))
    assert not cart.opens_to(CartKey(cart.id))


def test_a_customers_cart_opens_to_them_without_the_token() -> None:
    till = a_till(an_offer())
    cart, grace = a_cart(till), CustomerId(uuid4())
    _ = cart.claim(till, grace)
    assert cart.opens_to(CartKey(cart.id, customer_id=grace))
    assert not cart.opens_to(CartKey(cart.id, customer_id=CustomerId(uuid4())))


def test_every_change_is_told_with_the_next_version() -> None:
    till = a_till(an_offer())
    cart = a_cart(till)
    versions = [
        cart.set_quantity(till, line_id=cart.items[0].line_id, quantity=q).version
        for q in (2, 3, 4)
    ]
    assert versions == [3, 4, 5]
