"""Keep the rows that products were imported from, so that an export can give them back."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from catalog.model.product import Product
from catalog.model.shopify.file_product import FileProduct
from catalog.model.source import Origin, SourceRow
from catalog.store.imports import replace_sources, sources_of
from wareflow_events.transaction import Transaction


async def keep_sources(
    tx: Transaction,
    accepted: Sequence[tuple[FileProduct, Product]],
    *,
    number: int,
    channel: str,
    columns: Collection[str],
) -> None:
    """Write the source rows of products, where they are other than those kept."""
    known = await sources_of(tx.session, [product.id for _, product in accepted])
    changed: list[UUID] = []
    rows: list[Origin] = []
    for file, product in accepted:
        old = known.get(product.id, [])
        new = origins_of(file, product, old, columns=columns, number=number, channel=channel)
        if [origin.content for origin in new] != [row.origin.content for row in old]:
            changed.append(product.id)
            rows += new
    await replace_sources(tx.session, changed, rows)


def origins_of(
    file: FileProduct,
    product: Product,
    old: Sequence[SourceRow],
    *,
    columns: Collection[str],
    number: int,
    channel: str,
) -> list[Origin]:
    """The file's rows, then those kept that it does not speak of."""
    speaks = _speaks_of(file, product)
    of_variant: dict[UUID | None, SourceRow] = {
        row.variant_id: row for row in old if row.variant_id
    }
    of_media: dict[UUID | None, SourceRow] = {
        row.media_id: row for row in old if row.media_id and not row.variant_id
    }
    origins: list[Origin] = []
    used: set[int] = set()
    for ordinal, row in enumerate(file.rows):
        variant_id, media_id = speaks[row.line]
        before = of_variant.get(variant_id) if variant_id else of_media.get(media_id)
        carried: dict[str, str] = {}
        if before is not None:
            used.add(before.ordinal)
            # What this file has no column for stays as an earlier one said it.
            carried = {c: cell for c, cell in before.cells.items() if c not in columns}
            media_id = media_id or (before.media_id if carried else None)
        cells = {**carried, **row.cells}
        origins.append(
            Origin(
                product.id,
                ordinal,
                number,
                row.line,
                channel,
                file.currency,
                variant_id,
                media_id,
                cells,
            )
        )
    left = [row for row in old if row.ordinal not in used and _is_there(row, product, origins)]
    kept = [replace(row.origin, ordinal=len(origins) + i) for i, row in enumerate(left)]
    return origins + kept


def _speaks_of(file: FileProduct, product: Product) -> dict[int, tuple[UUID | None, UUID | None]]:
    """By line, the variant and the picture that a row speaks of."""
    pairs = zip(file.variants, product.variants, strict=False)
    variants = {variant.row.line: row.id for variant, row in pairs}
    pictures = {media.url: media.id for media in product.media}
    return {
        row.line: (variants.get(row.line), pictures.get(file.urls.get(row.line, "")))
        for row in file.rows
    }


def _is_there(row: SourceRow, product: Product, new: Sequence[Origin]) -> bool:
    """Whether a kept row speaks of something that is there and that no new row speaks of."""
    if row.variant_id is not None:
        return any(variant.id == row.variant_id for variant in product.variants)
    if row.media_id is None or any(origin.media_id == row.media_id for origin in new):
        return False
    return any(media.id == row.media_id for media in product.media)
