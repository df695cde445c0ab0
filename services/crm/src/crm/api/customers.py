"""Customers: what staff sees and changes, and what they may do themselves."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from crm import views
from crm.api.shapes import CustomerView, Key, Locale, Name, Phone, Text
from crm.model.customer import Customer, CustomerMoved, NoSuchCustomer
from crm.projections.orders import spend
from crm.projections.timeline import LATEST, timeline
from crm.usecases.change import change
from crm.usecases.erase import erase
from wareflow_kit import audit
from wareflow_kit.auth import Principal
from wareflow_kit.texts import Plain
from wareflow_kit.web.access import CUSTOMER
from wareflow_kit.web.deps import Read, Tx, requires
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/crm/v1")
_READS = [Depends(requires("crm:read"))]
Writer = Annotated[Principal, Depends(requires("crm:write"))]
Eraser = Annotated[Principal, Depends(requires("crm:erase"))]
Signed = Annotated[Principal, Depends(CUSTOMER)]


class Self(BaseModel):
    """What customers may change about themselves."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Grace Hopper", "locale": "de-AT"}]}
    )

    name: Name | None = None
    phone: Phone | None = None
    locale: Locale | None = None


class Notes(Self):
    """What staff may change."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": 1, "tags": ["wholesale"]}]}
    )

    version: int = Field(ge=0, lt=2**63, description="The version that you read")
    tags: Annotated[list[Annotated[Text, Field(max_length=64)]], Field(max_length=50)] | None = None
    metadata: dict[Key, Annotated[Text, Field(max_length=500)]] | None = Field(
        default=None, max_length=50
    )


class Entry(BaseModel):
    """Something that happened with a customer."""

    event_id: UUID
    at: datetime
    type: str
    order_id: UUID | None
    data: dict[str, Any]


def _own_id(who: Principal) -> UUID:
    assert who.customer_id is not None
    return who.customer_id


async def _view(session: Read, customer: Customer | None) -> CustomerView:
    if customer is None:
        raise NoSuchCustomer
    return CustomerView.of(customer, await spend(session, [customer.customer_id]))


@router.get("/me", tags=["self"], summary="Who am I", responses=refusals(NoSuchCustomer))
async def read_self(who: Signed, session: Read) -> CustomerView:
    """The signed-in customer."""
    return await _view(session, await views.customer(session, _own_id(who)))


@router.patch("/me", tags=["self"], summary="Change myself", responses=refusals(NoSuchCustomer))
async def change_self(body: Self, who: Signed, tx: Tx) -> CustomerView:
    """Change name, phone or language; what is left out stays."""
    customer = await change(tx, customer_id=_own_id(who), **body.model_dump())
    return await _view(tx.session, customer)


@router.delete("/me", tags=["self"], status_code=204, summary="Forget me")
async def erase_self(who: Signed, tx: Tx) -> Response:
    """Delete the account and whatever leads to the person, here and in every other service."""
    await erase(tx, customer_id=_own_id(who))
    return Response(status_code=204)


@router.get("/customers", tags=["customers"], summary="List customers", dependencies=_READS)
async def list_customers(
    session: Read,
    kind: Literal["guest", "registered"] | None = None,
    tag: Annotated[Plain | None, Query(max_length=64)] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[CustomerView]:
    """Customers, the newest first."""
    rows = await views.customers(
        session,
        kind=kind,
        tag=tag,
        after=decode_cursor(after, datetime, UUID) if after else None,
        most=limit + 1,
    )
    spent = await spend(session, [row.customer_id for row in rows])
    return page(
        rows,
        limit=limit,
        render=lambda row: CustomerView.of(row, spent),
        key=lambda row: (row.created_at, row.customer_id),
    )


@router.get(
    "/customers/search", tags=["customers"], summary="Search customers", dependencies=_READS
)
async def search_customers(
    session: Read,
    q: Annotated[Text, Query(min_length=2, max_length=200, examples=["grace"])],
    limit: Limit = 20,
) -> list[CustomerView]:
    """Customers whose e-mail address or name begins with a term."""
    rows = await views.search(session, term=q, most=limit)
    spent = await spend(session, [row.customer_id for row in rows])
    return [CustomerView.of(row, spent) for row in rows]


@router.get(
    "/customers/{customer_id}",
    tags=["customers"],
    summary="Read a customer",
    dependencies=_READS,
    responses=refusals(NoSuchCustomer),
)
async def read_customer(customer_id: UUID, session: Read) -> CustomerView:
    """A customer, by any id they ever had."""
    return await _view(session, await views.customer(session, customer_id))


@router.patch(
    "/customers/{customer_id}",
    tags=["customers"],
    summary="Change a customer",
    responses=refusals(NoSuchCustomer, CustomerMoved),
)
async def change_customer(customer_id: UUID, body: Notes, who: Writer, tx: Tx) -> CustomerView:
    """Change what is known of them; what is left out stays."""
    changes = body.model_dump(exclude={"version"})
    customer = await change(tx, customer_id=customer_id, if_version=body.version, **changes)
    fields: list[JsonValue] = [name for name, value in changes.items() if value is not None]
    await audit.record(
        tx,
        who=who,
        action="customer.change",
        subject=f"customer/{customer_id}",
        before={"version": body.version},
        after={"fields": fields},
    )
    return await _view(tx.session, customer)


@router.get(
    "/customers/{customer_id}/timeline",
    tags=["customers"],
    summary="Timeline of a customer",
    dependencies=_READS,
)
async def read_timeline(
    customer_id: UUID, session: Read, limit: Limit = 50, after: After = None
) -> Page[Entry]:
    """What happened with them, the newest first; also what they did as a guest."""
    before = decode_cursor(after, datetime, UUID) if after else LATEST
    rows = await timeline(session, customer_id, before=before, most=limit + 1)
    return page(
        rows,
        limit=limit,
        render=lambda row: Entry.model_validate(dict(row)),
        key=lambda row: (row["at"], row["event_id"]),
    )


@router.post(
    "/customers/{customer_id}/erasure",
    tags=["customers"],
    status_code=202,
    summary="Forget a customer",
)
async def erase_customer(customer_id: UUID, who: Eraser, tx: Tx) -> None:
    """Delete whatever leads to the person, under every id they had, here and in every other
    service. Repeating it is harmless."""
    await erase(tx, customer_id=customer_id)
    await audit.record(
        tx, who=who, action="customer.erase", subject=f"customer/{customer_id}", before={}, after={}
    )
