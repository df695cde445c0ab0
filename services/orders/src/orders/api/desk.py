"""What the doors of orders have at hand besides a transaction."""

from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader
from sqlalchemy.ext.asyncio import AsyncEngine

from orders.model.cart import Cart, CartKey, CartNotFound
from orders.model.ids import CartId, CustomerId, OrderId
from orders.settings import Settings
from orders.views.orders import OrderState
from wareflow_events.transaction import Transactions
from wareflow_kit.auth import Issuer, Principal
from wareflow_kit.waiting import Waiting
from wareflow_kit.web.access import Holder
from wareflow_kit.web.caching import Seen
from wareflow_kit.web.limits import limited


@dataclass(frozen=True, slots=True)
class Desk:
    """Composed in `main`, the same for all requests."""

    settings: Settings
    transactions: Transactions
    reading: AsyncEngine
    waiting: Waiting[OrderState]
    tokens: Issuer

    def order_token(self, order_id: OrderId) -> str:
        """A token for one order and nothing else; other services check it against our keys."""
        return self.tokens.sign(
            f"order {order_id}", ttl=self.settings.token_ttl, kind="order", order_id=order_id
        )


async def desk(request: Request) -> Desk:
    """The dependency behind `AtHand`. (FastAPI would run a plain function in a thread.)"""
    return _desk(request)


def _desk(request: Request) -> Desk:
    found = request.app.state.desk
    assert isinstance(found, Desk)
    return found


AtHand = Annotated[Desk, Depends(desk)]


public_write = limited(
    "public-writes",
    times=lambda request: _desk(request).settings.public_writes_per_minute,
    per=60,
)
"""How fast one client makes carts and orders."""

cart_write = limited(
    "cart-writes",
    times=lambda request: _desk(request).settings.cart_writes_per_minute,
    per=60,
    key=lambda request: str(request.path_params["cart_id"]).lower(),
)
"""How fast one cart is changed, by whomever."""

lookup = limited(
    "guest-lookup", times=lambda request: _desk(request).settings.lookups_per_minute, per=60
)
"""How fast one client guesses order numbers."""


def new_token() -> tuple[str, bytes]:
    """A cart's token, 256 bits that nobody can guess, and the hash that is kept of it."""
    token = token_urlsafe(32)
    return token, hash_of(token)


def hash_of(token: str) -> bytes:
    """SHA-256: the token is random enough that it needs no salt and no slowness."""
    return sha256(token.encode()).digest()


def customer_of(who: Principal | None) -> CustomerId | None:
    """The signed-in customer, if the caller is one."""
    return CustomerId(who.customer_id) if who and who.customer_id else None


def must_be_customer(who: Principal) -> CustomerId:
    """The customer that `CUSTOMER` let in."""
    assert who.customer_id is not None
    return CustomerId(who.customer_id)


_TOKEN = APIKeyHeader(
    name="X-Cart-Token",
    scheme_name="cart",
    auto_error=False,
    description="What opening the cart answered with; whoever has it may see and change the cart.",
)
CartToken = Annotated[str | None, Depends(_TOKEN)]
Holding = Annotated[
    Principal | None, Depends(Holder("cart", otherwise=CartNotFound, owners=("customer",)))
]


async def reader_key(cart_id: UUID, who: Holding, token: CartToken) -> CartKey:
    """How the caller gets at the cart in the path: by its token, or as its customer."""
    return CartKey(CartId(cart_id), hash_of(token) if token else None, customer_of(who))


async def writer_key(
    cart_id: UUID,
    who: Holding,
    seen: Seen,
    _: Annotated[None, Depends(cart_write)],
    token: CartToken,
) -> CartKey:
    """The same for a change, which may say in If-Match which version it was made from."""

    def check(cart: Cart) -> None:
        seen.check(cart.id, cart.version)

    return CartKey(CartId(cart_id), hash_of(token) if token else None, customer_of(who), check)


ReaderKey = Annotated[CartKey, Depends(reader_key)]
WriterKey = Annotated[CartKey, Depends(writer_key)]
