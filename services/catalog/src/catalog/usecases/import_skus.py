"""SKUs of an import: each goes to the first who names it, and made ones give way."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.definition import ProductTerms
from catalog.model.shopify.columns import Layout, Says
from catalog.model.shopify.file_product import FileVariant
from catalog.model.shopify.understand import settle
from catalog.model.variant import made_sku
from catalog.store.products import sku_owners
from catalog.usecases.import_job import Entry

_MOST_CLAIMS = 200_000


class Skus:
    """Who named which SKU in this file lately: by SKU, the handle and the line.

    Whoever named it longer ago has it by now, in the shop.
    """

    def __init__(self, layout: Layout) -> None:
        self._column = layout.columns.get(Says.SKU)
        self._claims: OrderedDict[str, tuple[str, int]] = OrderedDict()

    async def settle(self, session: AsyncSession, entries: Sequence[Entry]) -> None:
        """Leave out rows with a SKU that somebody else has, in this file or in the shop."""
        while len(self._claims) > _MOST_CLAIMS:
            _ = self._claims.popitem(last=False)
        given = {v.sku for entry in entries for v in entry.file.variants if v.sku}
        owners = await sku_owners(session, given)
        sizes = {entry.file.handle: len(entry.file.rows) for entry in entries}
        named = [(entry, variant) for entry in entries for variant in entry.file.variants]
        for entry, variant in sorted(named, key=lambda pair: pair[1].row.line):
            reason = self._not_free(entry, variant, owners)
            if reason and not entry.file.rejected:
                entry.file.leave_out(variant.row, self._column, reason)
        for entry in entries:
            entry.file = settle(entry.file, of=sizes[entry.file.handle])

    def _not_free(
        self, entry: Entry, variant: FileVariant, owners: Mapping[str, UUID]
    ) -> str | None:
        if variant.sku is None:
            return None
        mine = (entry.file.handle, variant.row.line)
        if (taken := self._claims.setdefault(variant.sku, mine)) != mine:
            return f"The SKU {variant.sku!r} is on line {taken[1]} already"
        if owners.get(variant.sku, entry.product.id) != entry.product.id:
            return f"The SKU {variant.sku!r} belongs to another product"
        return None

    async def settle_made(self, session: AsyncSession, entries: Sequence[Entry]) -> None:
        """Make another SKU where one that was made belongs to somebody already."""
        made = {sku for entry in entries for sku in _made(entry)}
        owners = await sku_owners(session, made)
        for entry in entries:
            if entry.terms is not None:
                entry.terms = self._give_way(entry, entry.terms, owners)

    def _give_way(
        self, entry: Entry, terms: ProductTerms, owners: Mapping[str, UUID]
    ) -> ProductTerms:
        handle = entry.file.handle
        renamed: dict[str, str] = {}
        for sku, values in _made(entry).items():
            claim = self._claims.setdefault(sku, (handle, entry.file.rows[0].line))
            owner = owners.get(sku, entry.product.id)
            if claim[0] != handle or owner != entry.product.id:
                renamed[sku] = made_sku(handle, values, unlike=True)
        if not renamed:
            return terms
        variants = [
            v.model_copy(update={"sku": renamed.get(v.sku or "", v.sku)}) for v in terms.variants
        ]
        media = [
            m.model_copy(update={"variants": [renamed.get(sku, sku) for sku in m.variants]})
            for m in terms.media
        ]
        return terms.model_copy(update={"variants": variants, "media": media})


def _made(entry: Entry) -> dict[str, list[str]]:
    """The SKUs that were made for new variants, with the options that they were made of."""
    if entry.terms is None:
        return {}
    given = {variant.sku for variant in entry.file.variants}
    return {
        variant.sku: list(variant.options.values())
        for variant in entry.terms.variants
        if variant.id is None and variant.sku and variant.sku not in given
    }
