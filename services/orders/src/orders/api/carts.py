"""Carts: open one, fill it, look at it, take it along when signing in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response, status

from orders.api.cart_shapes import (
    CartList,
    CartOut,
    CartPatch,
    LineChange,
    NewCart,
    NewLine,
    OpenedCart,
)
from orders.api.desk import (
    AtHand,
    ReaderKey,
    WriterKey,
    customer_of,
    must_be_customer,
    new_token,
    public_write,
)
from orders.model.cart import (
    CartClosed,
    CartFull,
    CartNotFound,
    LineNotFound,
    NotForSale,
    PricedCart,
    TooManyUnits,
)
from orders.model.contact import CustomerForgotten
from orders.model.ids import LineId, VariantId
from orders.model.shelf import UnknownChannel
from orders.model.shipping import UnknownShippingMethod
from orders.usecases.change_lines import add_line, set_quantity
from orders.usecases.claim_cart import claim_cart
from orders.usecases.fill_in_cart import fill_in_cart
from orders.usecases.open_cart import open_cart
from orders.views.carts import open_carts_of, priced_cart
from wareflow_kit.auth import Principal
from wareflow_kit.refusals import PreconditionFailed
from wareflow_kit.web.access import CUSTOMER, GUEST
from wareflow_kit.web.caching import etag_of
from wareflow_kit.web.deps import Read, Tx
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/orders/v1/carts", tags=["carts"])

Customer = Annotated[Principal, Depends(CUSTOMER)]


def _shown(priced: PricedCart, response: Response) -> CartOut:
    _label(priced, response)
    return CartOut.of(priced)


def _label(priced: PricedCart, response: Response) -> None:
    # For If-Match only: prices change without the cart, so an answer is never kept.
    response.headers["ETag"] = etag_of(priced.cart.id, priced.cart.version)
    response.headers["Cache-Control"] = "no-store"


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(public_write)],
    responses=refusals(UnknownChannel, CustomerForgotten),
)
async def create_cart(
    body: Annotated[NewCart, Body()],
    who: Annotated[Principal | None, Depends(GUEST)],
    tx: Tx,
    at_hand: AtHand,
    response: Response,
) -> OpenedCart:
    """Open a cart; a signed-in customer's is theirs at once.

    Not idempotent on purpose: replayed to a stranger with the same key it would hand over
    somebody's cart, and an empty one left behind expires by itself.
    """
    token, token_hash = new_token()
    opened = await open_cart(
        tx,
        channel=body.channel,
        token_hash=token_hash,
        customer_id=customer_of(who),
        locale=body.locale,
        attribution=body.attribution.kept(),
        metadata=body.metadata,
        test=body.test,
        settings=at_hand.settings,
    )
    _label(opened, response)
    response.headers["Location"] = f"/orders/v1/carts/{opened.cart.id}"
    return OpenedCart.with_token(opened, token)


@router.get("")
async def list_my_carts(who: Customer, session: Read, at_hand: AtHand) -> CartList:
    """The open carts of the customer who asks (the 20 used last), on whatever device."""
    now = at_hand.transactions.clock()
    found = await open_carts_of(
        session, must_be_customer(who), terms=at_hand.settings.terms, now=now
    )
    return CartList(items=[CartOut.of(priced) for priced in found])


@router.get("/{cart_id}", responses=refusals(CartNotFound))
async def get_cart(key: ReaderKey, session: Read, at_hand: AtHand, response: Response) -> CartOut:
    """The cart at the prices and the stock of now."""
    now = at_hand.transactions.clock()
    return _shown(await priced_cart(session, key, terms=at_hand.settings.terms, now=now), response)


@router.patch(
    "/{cart_id}",
    responses=refusals(
        CartNotFound, CartClosed, PreconditionFailed, UnknownShippingMethod, CustomerForgotten
    ),
)
async def change_cart(
    key: WriterKey, body: CartPatch, tx: Tx, at_hand: AtHand, response: Response
) -> CartOut:
    """Say who buys, where it goes and how, so that the total is the full one."""
    settings = at_hand.settings
    return _shown(
        await fill_in_cart(tx, key=key, details=body.details(), settings=settings), response
    )


@router.post(
    "/{cart_id}/lines",
    responses=refusals(
        CartNotFound, CartClosed, PreconditionFailed, NotForSale, CartFull, TooManyUnits
    ),
)
async def add_cart_line(
    key: WriterKey, body: NewLine, tx: Tx, at_hand: AtHand, response: Response
) -> CartOut:
    """Put units of a variant in; a line of the same variant grows by them."""
    changed = await add_line(
        tx,
        key=key,
        variant_id=VariantId(body.variant_id),
        quantity=body.quantity,
        settings=at_hand.settings,
    )
    return _shown(changed, response)


@router.patch(
    "/{cart_id}/lines/{line_id}",
    responses=refusals(CartNotFound, LineNotFound, CartClosed, PreconditionFailed, TooManyUnits),
)
async def change_cart_line(
    key: WriterKey, line_id: UUID, body: LineChange, tx: Tx, at_hand: AtHand, response: Response
) -> CartOut:
    """Say how many of a line; 0 takes it out."""
    changed = await set_quantity(
        tx,
        key=key,
        line_id=LineId(line_id),
        quantity=body.quantity,
        settings=at_hand.settings,
    )
    return _shown(changed, response)


@router.delete(
    "/{cart_id}/lines/{line_id}",
    responses=refusals(CartNotFound, LineNotFound, CartClosed, PreconditionFailed),
)
async def remove_cart_line(
    key: WriterKey, line_id: UUID, tx: Tx, at_hand: AtHand, response: Response
) -> CartOut:
    """Take a line out; the answer is the cart without it."""
    changed = await set_quantity(
        tx, key=key, line_id=LineId(line_id), quantity=0, settings=at_hand.settings
    )
    return _shown(changed, response)


@router.post(
    "/{cart_id}/claim",
    responses=refusals(CartNotFound, CartClosed, CustomerForgotten, CartFull, TooManyUnits),
)
async def claim_guest_cart(
    who: Customer, key: WriterKey, tx: Tx, at_hand: AtHand, response: Response
) -> CartOut:
    """After signing in, with both tokens: the guest's cart becomes the customer's.

    If they left one open before, its lines go there and the answer is that one.
    """
    customer_id = must_be_customer(who)
    claimed = await claim_cart(tx, key=key, customer_id=customer_id, settings=at_hand.settings)
    return _shown(claimed, response)
