"""The catalogue as a product CSV, row by row as it was imported, streamed."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.category import Category
from catalog.model.channel import Channel
from catalog.model.content import Media
from catalog.model.definition import Kind, Status
from catalog.model.loading import whole_products
from catalog.model.price import Price
from catalog.model.product import Product
from catalog.model.product_parts import Option, Shelf
from catalog.model.shopify.columns import Says
from catalog.model.shopify.guarding import MARK, guard
from catalog.model.shopify.reader import shown_name
from catalog.model.shopify.sheet import Exporter, Sheet
from catalog.model.source import Origin, SourceColumn, SourceRow
from catalog.model.values import DEFAULT_CHANNEL
from catalog.model.variant import Variant

_ROWS, _PRODUCTS = 500, 100

_ALWAYS = (Says.HANDLE, Says.TITLE, Says.SKU, Says.PRICE)
# When a column is needed that no import brought: when some product would lose something.
_NEEDED = {
    Says.DESCRIPTION: Product.description != "",
    Says.VENDOR: Product.vendor != "",
    Says.CATEGORY: Shelf.position == 0,
    Says.TYPE: Product.product_type != "",
    Says.TAGS: func.cardinality(Product.tags) > 0,
    Says.PUBLISHED: Product.status != Status.ACTIVE,
    Says.STATUS: Product.status == Status.ARCHIVED,
    Says.GIFT_CARD: Product.kind == Kind.GIFT_CARD,
    Says.SEO_TITLE: Product.seo_title.is_not(None),
    Says.SEO_DESCRIPTION: Product.seo_description.is_not(None),
    Says.GRAMS: Variant.weight_grams > 0,
    Says.TRACKER: Variant.tracked,
    Says.POLICY: Variant.backorder,
    Says.COMPARE_AT: Price.compare_at.is_not(None),
    Says.SHIPPING: ~Variant.requires_shipping,
    Says.TAXABLE: ~Variant.taxable,
    Says.BARCODE: Variant.barcode.is_not(None),
    Says.TAX_CODE: Variant.tax_code.is_not(None),
    Says.COST: Variant.cost_amount.is_not(None),
    Says.VARIANT_IMAGE: func.cardinality(Media.variant_ids) > 0,
    Says.IMAGE: Media.id.is_not(None),
    Says.IMAGE_POSITION: Media.id.is_not(None),
    Says.IMAGE_ALT: Media.alt != "",
}


async def export_csv(
    session: AsyncSession, *, now: datetime, guarded: bool
) -> AsyncIterator[bytes]:
    """The file in pieces. `guarded` puts a `'` before cells that a spreadsheet would run, and says
    so in the header; an import takes it away again."""
    sheet = await _sheet(session)
    writing = _Writing(session, sheet, now, await _names(session), await _currency(session))
    yield _header([shown_name(column) for column in sheet.columns], guarded=guarded)
    async for rows in writing.imported():
        yield _encode(rows, guarded=guarded)
    async for rows in writing.others():
        yield _encode(rows, guarded=guarded)


def _header(names: list[str], *, guarded: bool) -> bytes:
    return _write([[*map(guard, names), MARK] if guarded else names])


def _encode(rows: Iterable[Sequence[str]], *, guarded: bool) -> bytes:
    return _write([*map(guard, row), ""] if guarded else row for row in rows)


def _write(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


async def _sheet(session: AsyncSession) -> Sheet:
    columns = list(await session.scalars(select(SourceColumn.key).order_by(SourceColumn.position)))
    wanted = [exists().where(condition).label(says.value) for says, condition in _NEEDED.items()]
    options = select(func.coalesce(func.max(Option.position) + 1, 0)).scalar_subquery()
    row = (await session.execute(select(options, *wanted))).one()
    found = [says for says, needed in zip(_NEEDED, row[1:], strict=True) if needed]
    order = [says for says in Says if says in (*_ALWAYS, *found)]
    return Sheet(columns, needed=order, options=row[0])


async def _names(session: AsyncSession) -> dict[UUID, str]:
    query = select(Category.id, Category.name)
    return dict((await session.execute(query)).all())


async def _currency(session: AsyncSession) -> str:
    query = select(Channel.currency).where(Channel.id == DEFAULT_CHANNEL)
    return (await session.scalar(query)) or "EUR"


class _Writing:
    def __init__(
        self,
        session: AsyncSession,
        sheet: Sheet,
        now: datetime,
        names: dict[UUID, str],
        currency: str,
    ) -> None:
        self._session = session
        self._sheet = sheet
        self._now = now
        self._names = names
        self._currency = currency

    async def imported(self) -> AsyncIterator[list[list[str]]]:
        """Imported rows in the order of their files; what is new of a product after its last."""
        place = tuple_(SourceRow.import_number, SourceRow.line)
        query = select(
            SourceRow.import_number, SourceRow.line, SourceRow.product_id, SourceRow.ordinal
        ).order_by(SourceRow.import_number, SourceRow.line)
        after = (-1, -1)
        while True:
            here = query.where(place > tuple_(literal(after[0]), literal(after[1])))
            rows = (await self._session.execute(here.limit(_ROWS))).all()
            if not rows:
                return
            after = (rows[-1].import_number, rows[-1].line)
            written, last = await self._write({row.product_id for row in rows})
            part: list[list[str]] = []
            for row in rows:
                part += written[row.product_id].get(row.ordinal, [])
                if last[row.product_id] == row.ordinal:
                    part += written[row.product_id].get(None, [])
            yield part

    async def others(self) -> AsyncIterator[list[list[str]]]:
        """Products that were never imported, oldest first."""
        ours = ~exists().where(SourceRow.product_id == Product.id)
        query = select(Product.id).where(ours).order_by(Product.id).limit(_PRODUCTS)
        after = UUID(int=0)
        while ids := (await self._session.scalars(query.where(Product.id > after))).all():
            after = ids[-1]
            written, _ = await self._write(set(ids))
            yield [row for product_id in ids for row in written[product_id].get(None, [])]

    async def _write(
        self, ids: set[UUID]
    ) -> tuple[dict[UUID, dict[int | None, list[list[str]]]], dict[UUID, int]]:
        """The rows of products by ordinal, and the ordinal of each one's last imported row."""
        products = await self._session.scalars(
            whole_products(now=self._now).where(Product.id.in_(ids))
        )
        origins: dict[UUID, list[Origin]] = {product_id: [] for product_id in ids}
        for row in await self._session.scalars(
            select(SourceRow).where(SourceRow.product_id.in_(ids))
        ):
            origins[row.product_id].append(row.origin)
        written: dict[UUID, dict[int | None, list[list[str]]]] = {i: {} for i in ids}
        for product in products:
            written[product.id] = self._exporter(product, origins[product.id]).rows()
        self._session.expunge_all()
        last = {
            product_id: max(found, key=lambda o: (o.import_number, o.line)).ordinal
            for product_id, found in origins.items()
            if found
        }
        return written, last

    def _exporter(self, product: Product, origins: Sequence[Origin]) -> Exporter:
        path = product.shelves[0].category.path if product.shelves else []
        return Exporter(
            self._sheet,
            product,
            origins,
            path=tuple(self._names.get(step, "") for step in path),
            currency=self._currency,
            channel=DEFAULT_CHANNEL,
            now=self._now,
        )
