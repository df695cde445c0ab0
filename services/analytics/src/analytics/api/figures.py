"""Sales, the funnel and top products, each with how fresh it is."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import RowMapping

from analytics.model.span import BadRange, Span
from analytics.projections.channels import time_zone_of
from analytics.projections.freshness import FIGURES, freshness
from analytics.projections.funnel import funnel as count_funnel
from analytics.projections.sales import (
    SalesBy,
    sales_by_country,
    sales_by_period,
    sales_by_product,
)
from wareflow_events.schemas.shapes import Money
from wareflow_kit.texts import Plain
from wareflow_kit.web.deps import Read, requires
from wareflow_kit.web.problems import refusals

router = APIRouter(
    prefix="/analytics/v1", tags=["figures"], dependencies=[Depends(requires("analytics:read"))]
)


async def span(
    request: Request,
    session: Read,
    since: Annotated[
        AwareDatetime | None, Query(description="Default: the last 30 days of the channel")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(description="Default: now")] = None,
    channel: Annotated[Plain, Query(max_length=64)] = "default",
    *,
    test: Annotated[bool, Query(description="Count test orders instead of real ones")] = False,
) -> Span:
    """The dependency behind every figure's range."""
    return Span.of(
        channel=channel,
        test=test,
        time_zone=await time_zone_of(session, channel),
        since=since,
        until=until,
        now=request.app.state.transactions.clock(),
    )


InSpan = Annotated[Span, Depends(span)]


class Figures(BaseModel):
    """Sales in one currency.

    `gross` is quantity x price of what was confirmed; `total` is what customers paid (less
    discounts, with shipping and tax); `net` is `total` less `refunded`.
    """

    orders: int
    units: int
    gross: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    refunded: Money
    net: Money


class PeriodSales(Figures):
    """Sales of an hour or a day."""

    starts_at: datetime


class CountrySales(Figures):
    """Sales delivered to a country; None when nothing is shipped."""

    country: str | None


class ProductSales(BaseModel):
    """What a product sold, and how many visitors looked at it."""

    product_id: UUID
    title: str
    orders: int
    units: int
    total: Money
    viewers: int


class Sales(BaseModel):
    """A sales report; which list is filled follows from `by`."""

    span: Span
    by: SalesBy
    periods: list[PeriodSales] = Field(default_factory=list[PeriodSales])
    countries: list[CountrySales] = Field(default_factory=list[CountrySales])
    products: list[ProductSales] = Field(default_factory=list[ProductSales])
    as_of: datetime | None


@router.get("/sales", summary="Sales", responses=refusals(BadRange))
async def sales(
    session: Read,
    span: InSpan,
    by: SalesBy = SalesBy.DAY,
    limit: Annotated[int, Query(ge=1, le=200, description="Products at most")] = 50,
) -> Sales:
    """Sales by hour, day (of the channel's time zone), product or country.

    A sale counts when its order is confirmed; what goes back counts on the day it does.
    """
    report = Sales(span=span, by=by, as_of=await _as_of(session, "sales"))
    match by:
        case SalesBy.PRODUCT:
            rows = await sales_by_product(session, span, most=limit)
            report.products = [_product(row) for row in rows]
        case SalesBy.COUNTRY:
            rows = await sales_by_country(session, span)
            report.countries = [CountrySales(country=r["country"], **_figures(r)) for r in rows]
        case _:
            rows = await sales_by_period(session, span, unit=by)
            report.periods = [PeriodSales(starts_at=r["starts_at"], **_figures(r)) for r in rows]
    return report


def _figures(row: RowMapping) -> dict[str, Any]:
    def money(amount: int) -> Money:
        return Money(amount=amount, currency=row["currency"])

    names = ("gross", "discount", "shipping", "tax", "total", "refunded")
    return {
        "orders": row["orders"],
        "units": row["units"],
        **{name: money(row[name]) for name in names},
        "net": money(row["total"] - row["refunded"]),
    }


def _product(row: RowMapping) -> ProductSales:
    return ProductSales(
        product_id=row["product_id"],
        title=row["title"],
        orders=row["orders"],
        units=row["units"],
        total=Money(amount=row["total"], currency=row["currency"]),
        viewers=row["viewers"],
    )


class FunnelStep(BaseModel):
    """Visitors at a step."""

    step: Literal["view", "cart", "checkout", "paid"]
    visitors: int = Field(description="Who took this step, however they came there (open)")
    through: int = Field(description="Who took it after every step before it (closed)")
    rate: float | None = Field(description="`through` of this step / `through` of the one before")


class Funnel(BaseModel):
    """View, cart, checkout, paid."""

    span: Span
    steps: list[FunnelStep]
    conversion: float | None = Field(description="Paid / viewed, closed; None without views")
    as_of: datetime | None


@router.get("/funnel", summary="Funnel", responses=refusals(BadRange))
async def funnel(session: Read, span: InSpan) -> Funnel:
    """How many visitors viewed a product, filled a cart, checked out, and paid."""
    row = await count_funnel(session, span)
    steps: list[FunnelStep] = []
    for name in ("view", "cart", "checkout", "paid"):
        through: int = row[f"{name}_closed"]
        before = steps[-1].through if steps else 0
        steps.append(
            FunnelStep(
                step=name,
                visitors=row[name],
                through=through,
                rate=through / before if before else None,
            )
        )
    first, last = steps[0].through, steps[-1].through
    return Funnel(
        span=span,
        steps=steps,
        conversion=last / first if first else None,
        as_of=await _as_of(session, "funnel orders"),
    )


class Fresh(BaseModel):
    """How far a figure has heard."""

    figure: str
    consumer: str
    topic: str
    events: int
    as_of: datetime | None = Field(description="When it last heard something new")


@router.get("/freshness", summary="Freshness of every figure")
async def figures_freshness(session: Read) -> list[Fresh]:
    """Which events each figure is made from, and when it last heard of them."""
    rows = {(r["consumer"], r["topic"]): r for r in await freshness(session)}
    found: list[Fresh] = []
    for figure, (consumer, topic) in FIGURES.items():
        row = rows.get((consumer, topic))
        found.append(
            Fresh(
                figure=figure,
                consumer=consumer,
                topic=topic,
                events=row["events"] if row else 0,
                as_of=row["as_of"] if row else None,
            )
        )
    return found


async def _as_of(session: Read, figure: str) -> datetime | None:
    consumer, topic = FIGURES[figure]
    for row in await freshness(session):
        if (row["consumer"], row["topic"]) == (consumer, topic):
            return row["as_of"]
    return None
