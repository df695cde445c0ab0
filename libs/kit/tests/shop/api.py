"""Doors that use everything the kit has."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from opentelemetry import trace
from pydantic import BaseModel, Field
from sqlalchemy import select, text, tuple_
from starlette.responses import StreamingResponse

from shop.model import Item, ItemSold, NoSuchItem
from wareflow_events.schemas.orders import OrderFulfilled
from wareflow_kit import audit
from wareflow_kit.auth import Principal
from wareflow_kit.refusals import Invalid
from wareflow_kit.web.access import ANYBODY
from wareflow_kit.web.caching import NOT_MODIFIED, Seen, label
from wareflow_kit.web.deps import Caller, Read, Tx, customer_or_staff, requires
from wareflow_kit.web.idempotency import Once
from wareflow_kit.web.limits import limited
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page
from wareflow_kit.web.prefer import PreferWait
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/shop/v1", tags=["items"], dependencies=[Depends(ANYBODY)])

Staff = Annotated[Principal, Depends(requires("shop:write"))]


class NewItem(BaseModel):
    """An item to add."""

    name: str = Field(min_length=1)
    price: int
    labels: dict[str, str] = Field(default_factory=dict)


class ItemShown(BaseModel):
    """An item as it is."""

    id: UUID
    name: str
    price: int
    labels: dict[str, str]


def shown(item: Item) -> ItemShown:
    """An item as the API shows it."""
    return ItemShown(id=item.id, name=item.name, price=item.price, labels=item.labels)


@router.post("/items", status_code=201, responses=refusals(ItemSold, Invalid))
async def add_item(new: NewItem, tx: Tx, once: Once, staff: Staff) -> ItemShown:
    """Add an item."""

    async def make() -> UUID:
        item = Item(
            id=tx.new_id(), name=new.name, price=new.price, labels=new.labels, created_at=tx.now
        )
        tx.session.add(item)
        await tx.session.flush()
        await audit.record(
            tx, who=staff, action="add", subject=f"item/{item.id}", before={}, after={"n": new.name}
        )
        return item.id

    item = await tx.session.get(Item, await once(tx, make))
    assert item is not None
    return shown(item)


@router.post("/guest-items", status_code=201)
async def add_guest_item(new: NewItem, tx: Tx, once: Once, cart: str = "") -> ItemShown:
    """Add an item without a token."""

    async def make() -> UUID:
        item = Item(
            id=tx.new_id(), name=new.name, price=new.price, labels=new.labels, created_at=tx.now
        )
        tx.session.add(item)
        await tx.session.flush()
        return item.id

    item = await tx.session.get(Item, await once(tx, make, who=cart or None))
    assert item is not None
    return shown(item)


@router.get("/items", response_model=Page[ItemShown])
async def list_items(session: Read, limit: Limit = 2, after: After = None) -> Page[ItemShown]:
    """All items by name."""
    query = select(Item).order_by(Item.name, Item.id).limit(limit + 1)
    if after:
        query = query.where(tuple_(Item.name, Item.id) > decode_cursor(after, str, UUID))
    rows = (await session.scalars(query)).all()
    return page(rows, limit=limit, render=shown, key=lambda item: (item.name, item.id))


@router.get("/items/{item_id}", responses=refusals(NoSuchItem) | NOT_MODIFIED)
async def get_item(item_id: UUID, session: Read, request: Request, response: Response) -> ItemShown:
    """One item."""
    item = await session.get(Item, item_id)
    if item is None:
        raise NoSuchItem(item_id=str(item_id), retry_after=1)
    label(request, response, item.id, item.version)
    return shown(item)


@router.put("/items/{item_id}/price/{price}", status_code=204)
async def reprice(item_id: UUID, price: int, tx: Tx, seen: Seen) -> None:
    """Another price; say which version you saw."""
    item = await tx.session.get(Item, item_id, with_for_update=True)
    assert item is not None
    seen.check(item.id, item.version, required=True)
    item.price, item.version = price, item.version + 1


@router.post("/items/{item_id}/sell", status_code=204, responses=refusals(ItemSold))
async def sell(item_id: UUID, tx: Tx) -> None:
    """Sell the item, and tell."""
    item = await tx.session.get(Item, item_id, with_for_update=True)
    assert item is not None
    if item.sold_at:
        raise ItemSold
    item.sold_at = tx.now
    tx.publish(
        OrderFulfilled(order_id=item.id, number="1", customer_id=item.id, fulfilled_at=tx.now)
    )


@router.get("/whoami")
async def whoami(who: Caller) -> dict[str, str | None]:
    """Who is calling."""
    return {"kind": who.kind if who else None, "subject": who.subject if who else None}


@router.get("/mine")
async def mine(
    who: Annotated[Principal, Depends(customer_or_staff("shop:read"))],
) -> dict[str, str | None]:
    """What is mine."""
    return {"customer_id": str(who.customer_id) if who.customer_id else None}


@router.get("/trace")
async def trace_of() -> dict[str, str]:
    """The trace this request is in."""
    span = trace.get_current_span().get_span_context()
    return {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}


@router.get("/limited", dependencies=[Depends(limited("shop", times=2, per=60))])
async def rarely() -> str:
    """Twice a minute."""
    return "ok"


@router.get("/wait")
async def wait(seconds: PreferWait) -> float:
    """How long it would wait."""
    return seconds


@router.get("/broken")
async def broken(how: Annotated[str, Query()] = "bug") -> str:
    """Fails in every way there is."""
    if how == "bug":
        raise ZeroDivisionError("the secret of the shop")
    raise Invalid("no", item={"price": 1})


@router.get("/busy")
async def busy(tx: Tx) -> str:
    """Waits for the database longer than it may."""
    _ = await tx.session.execute(text("SET LOCAL statement_timeout = '10ms'"))
    _ = await tx.session.execute(text("SELECT pg_sleep(5)"))
    return "never"


@router.post("/late-fault", status_code=204)
async def late_fault(tx: Tx) -> None:
    """A commit that fails."""
    tx.session.add(Item(id=tx.new_id(), name="x", price=-1, labels={}, created_at=tx.now))


@router.get("/half")
async def half() -> StreamingResponse:
    """Breaks in the middle of the answer."""

    async def body() -> AsyncIterator[bytes]:
        yield b"half"
        await asyncio.sleep(0)
        raise ZeroDivisionError

    return StreamingResponse(body())


_begun = asyncio.Event()


@router.get("/slow")
async def slow(begun: bool = False) -> str:
    """Takes a second; `begun` says when somebody is waiting for it."""
    if begun:
        _ = await _begun.wait()
        return "begun"
    _begun.set()
    await asyncio.sleep(1)
    return "done"


@router.post("/upload")
async def upload(request: Request) -> int:
    """How many bytes came."""
    return len(await request.body())
