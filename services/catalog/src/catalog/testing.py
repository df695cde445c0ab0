"""For tests: builders of products and CSVs, what inventory would say, and a whole shop."""

import csv
import io
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import event, text

from catalog.consumers import STOCK
from catalog.main import build
from catalog.model.definition import OptionTerms, ProductTerms, VariantTerms
from catalog.model.price import PriceTerms
from catalog.model.values import DEFAULT_CHANNEL, Amount
from catalog.settings import Settings
from wareflow_events.event import Event
from wareflow_events.schemas.inventory import StockChanged
from wareflow_kit.service import Service
from wareflow_kit.testing import (
    FixedClock,
    Hand,
    Unplugged,
    client,
    fresh_database,
    published,
    settings_for,
    staff_token,
)

_HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,"
    "Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,"
    "Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,"
    "Image Alt Text,Gift Card,SEO Title,SEO Description,Google Shopping / Gender,Variant Image,"
    "Variant Weight Unit,Variant Tax Code,Cost per item,Product Category,Status"
)
HEADER = _HEADER.split(",")
"""The columns of `a_csv`, unless it is told others."""


def euros(amount: int) -> Amount:
    """Cents of a euro."""
    return Amount(amount=amount, currency="EUR")


def a_price(amount: int = 1999, *, channel: str = DEFAULT_CHANNEL, **more: Any) -> PriceTerms:
    """A price in cents, from now on unless told otherwise."""
    return PriceTerms(channel=channel, price=euros(amount), **more)


def a_product(
    title: str = "Blue Mug",
    *,
    price: int | None = 1999,
    sizes: Sequence[str] = (),
    tracked: bool = False,
    **more: Any,
) -> ProductTerms:
    """An active product, with a variant per size if any are given; `price` in cents."""
    prices = [] if price is None else [a_price(price)]
    variants = [
        VariantTerms(options={"Size": size}, prices=prices, tracked=tracked) for size in sizes
    ]
    fields: dict[str, Any] = {
        "status": "active",
        "options": [OptionTerms(name="Size", values=list(sizes))] if sizes else [],
        "variants": variants or [VariantTerms(prices=prices, tracked=tracked)],
    }
    return ProductTerms.model_validate({"title": title, **fields, **more})


def a_row(handle: str = "mug", /, **cells: str) -> dict[str, str]:
    """A row of a product CSV; columns by their name with `_` for blanks (`Variant_Price`)."""
    return {"Handle": handle} | {name.replace("_", " "): cell for name, cell in cells.items()}


def a_first_row(handle: str = "mug", title: str = "Mug", /, **cells: str) -> dict[str, str]:
    """The row of a product in one form, for 9.99."""
    common = {
        "Title": title,
        "Option1_Name": "Title",
        "Option1_Value": "Default Title",
        "Variant_Price": "9.99",
    }
    return a_row(handle, **{**common, **cells})


def a_csv(*rows: Mapping[str, str], columns: Sequence[str] | None = None) -> bytes:
    """A file of these rows, in UTF-8."""
    named = [name for row in rows for name in row]
    header = list(columns or dict.fromkeys([*HEADER, *named]))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def rows_of(file: bytes | str) -> list[dict[str, str]]:
    """The rows of a CSV, without cells that are empty."""
    text = file.decode("utf-8-sig") if isinstance(file, bytes) else file
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: cell for name, cell in row.items() if name and cell} for row in rows]


def stock_changed(variant_id: UUID, available: int, *, tracked: bool = True) -> StockChanged:
    """Inventory saying how many of a variant there are."""
    return StockChanged(
        variant_id=variant_id,
        sku="",
        tracked=tracked,
        available=available,
        on_hand=available,
        reserved=0,
        levels=[],
    )


@dataclass
class Shop:
    """A catalog under test."""

    service: Service
    url: str
    clock: FixedClock
    staff: httpx.AsyncClient
    guest: httpx.AsyncClient
    hand: Hand

    async def published(self) -> list[Event]:
        """What was told since the last time."""
        return await published(self.service.engine)

    async def create(self, terms: ProductTerms) -> dict[str, Any]:
        """A product, made by staff."""
        answer = await self.staff.post(
            "/catalog/v1/products",
            json=terms.model_dump(mode="json", exclude_defaults=True),
            headers={"Idempotency-Key": uuid4().hex},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def bring_in(self, file: bytes, **params: Any) -> dict[str, Any]:
        """The report of an import that ended."""
        answer = await self.staff.post(
            "/catalog/v1/imports",
            content=file,
            params=params,
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str, **params: Any) -> Any:
        """What a guest reads."""
        answer = await self.guest.get(f"/catalog/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def titles(self, path: str = "/products", **params: Any) -> list[str]:
        """The titles of a list, all its pages."""
        found: list[str] = []
        while True:
            page = await self.get(path, **params)
            found += [item["title"] for item in page["items"]]
            if page["next"] is None:
                return found
            params["after"] = page["next"]

    @contextmanager
    def statements(self) -> Generator[list[str]]:
        """The statements that are sent to the database meanwhile."""
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        engine = self.service.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", note)

    async def sql(self, statement: str) -> list[Any]:
        """Rows of a statement, for what no door tells."""
        async with self.service.engine.begin() as connection:
            result = await connection.execute(text(statement))
            return list(result.all()) if result.returns_rows else []

    async def broken_promises(self) -> list[str]:
        """The names of the checks that do not hold."""
        return [check.name for check in self.service.checks if await self.sql(check.sql)]


@asynccontextmanager
async def open_shop(**settings: Any) -> AsyncGenerator[Shop]:
    """A shop with its default channel and nothing in it, gone afterwards."""
    async with fresh_database("catalog") as url:
        told = {"keep_answers_seconds": 0, **settings}  # the clock of a test stands still
        service = build(settings_for(Settings, url, **told), broker=Unplugged())
        clock = FixedClock()
        service.transactions.clock = clock
        token = staff_token("catalog:read", "catalog:write")
        transport = httpx.ASGITransport(service.app)
        async with (
            client(service, token=token) as staff,
            httpx.AsyncClient(transport=transport, base_url="http://test") as guest,
        ):
            hand = Hand(service.transactions, STOCK)
            yield Shop(service, url, clock, staff, guest, hand)
        await service.close()


def variant_ids(product: Mapping[str, Any]) -> list[UUID]:
    """The ids of a product's variants, as staff get it."""
    return [UUID(variant["id"]) for variant in product["terms"]["variants"]]
