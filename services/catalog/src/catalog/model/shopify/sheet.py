"""Products written as rows again: cells as they came in, but where something has changed since.

A row's own cell is given back, byte for byte, as long as what it meant is still so; otherwise it
is written anew. So nothing is lost by coming in and going out, and no change is missed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.model.content import Media
from catalog.model.definition import Kind, Status
from catalog.model.price import ordinary_price
from catalog.model.product import Product
from catalog.model.shopify import cells
from catalog.model.shopify.columns import IMAGE, NAMES, PRODUCT, VARIANT, Layout, Says
from catalog.model.shopify.file_product import DEFAULT_VALUE, FileProduct, FileVariant
from catalog.model.shopify.reader import Row
from catalog.model.shopify.understand import understand
from catalog.model.source import Origin
from catalog.model.text import clean_html
from catalog.model.variant import Variant, made_sku

Now = tuple[object, object, str]
"""What a cell meant, what is so now, and how that is written."""


class Sheet:
    """The columns of an export: those of all imports, and those that something else needs."""

    def __init__(self, columns: Sequence[str], *, needed: Sequence[Says], options: int) -> None:
        self.columns = list(columns)
        layout = Layout(self.columns)
        self.columns += [NAMES[says][0] for says in needed if not layout.has(says)]
        for slot in range(1, options + 1):
            if slot not in layout.option_values:
                self.columns += [f"Option{slot} Name", f"Option{slot} Value"]
        self.layout = Layout(self.columns)


@dataclass(frozen=True, slots=True)
class _Line:
    """A row to be written: whose it was, if it was imported, and what it speaks of now."""

    origin: Origin | None
    first: bool
    variant: Variant | None
    media: Media | None


class Exporter:
    """Writes one product."""

    def __init__(
        self, sheet: Sheet, product: Product, origins: Sequence[Origin], *,
        path: tuple[str, ...], currency: str, channel: str, now: datetime,
    ) -> None:  # fmt: skip
        self._sheet = sheet
        self._product = product
        self._origins = sorted(origins, key=lambda o: (o.import_number, o.line))
        self._path = path
        self._now = now
        self._channel = origins[0].channel if origins else channel
        self._currency = origins[0].currency if origins else currency
        said = {column for origin in origins for column in origin.cells}
        self._layout = Layout([column for column in sheet.columns if column in said])
        self._meant = self._understand()
        meant_variants = self._meant.variants if self._meant else []
        self._meant_variants = {variant.row.line: variant for variant in meant_variants}
        pictures = self._meant.pictures if self._meant else []
        self._meant_pictures = {p.url: (rank, p) for rank, p in enumerate(pictures, start=1)}
        self._images = {v: m.url for m in reversed(product.media) for v in m.variant_ids}
        self._of_product = self._product_cells()

    def _understand(self) -> FileProduct | None:
        if not self._origins:
            return None
        rows = [Row(origin.ordinal, origin.cells) for origin in self._origins]
        meant = understand(self._handle, rows, self._layout, self._currency)
        return None if meant.rejected else meant

    @property
    def _handle(self) -> str:
        return self._product.handle or self._product.slug

    def rows(self) -> dict[int | None, list[list[str]]]:
        """Rows by the ordinal of the imported row they are; those that are new under None."""
        written: dict[int | None, list[list[str]]] = {}
        for line in self._lines():
            place = line.origin.ordinal if line.origin else None
            written.setdefault(place, []).append(self._write(line))
        return written

    def _lines(self) -> list[_Line]:
        variants = {variant.id: variant for variant in self._product.variants}
        pictures = {media.id: media for media in self._product.media}
        lines: list[_Line] = []
        for index, origin in enumerate(self._origins):
            variant = variants.get(origin.variant_id) if origin.variant_id else None
            media = pictures.get(origin.media_id) if origin.media_id else None
            had = origin.variant_id or origin.media_id
            if index == 0 or variant or media or not had:
                lines.append(_Line(origin, index == 0, variant, media))
        told = {line.variant.id for line in lines if line.variant}
        shown = {line.media.id for line in lines if line.media} | self._shown_by_variants()
        new = [v for v in self._product.variants if v.id not in told]
        more = [m for m in self._product.media if m.id not in shown]
        for index in range(max(len(new), len(more))):
            lines.append(
                _Line(
                    None,
                    not lines,
                    new[index] if index < len(new) else None,
                    more[index] if index < len(more) else None,
                )
            )
        return lines

    def _shown_by_variants(self) -> set[UUID]:
        """Pictures that have no row of their own, only a variant's `Variant Image`."""
        urls = {variant.image for variant in self._meant_variants.values()}
        return {m.id for m in self._product.media if m.url in urls and not m.alt}

    def _write(self, line: _Line) -> list[str]:
        written = dict(line.origin.cells) if line.origin else {}
        handle = self._column(Says.HANDLE)
        written[handle] = written.get(handle) or self._handle
        for says, now in self._of_product.items():
            column = self._column(says)
            if line.first or written.get(column):
                self._put(written, column, now)
        self._write_options(written, line)
        self._write_variant(written, line)
        self._write_image(written, line)
        return [written.get(column, "") for column in self._sheet.columns]

    def _write_variant(self, written: dict[str, str], line: _Line) -> None:
        if line.variant is None:
            if line.origin and line.origin.variant_id:
                self._blank(written, VARIANT)
            return
        meant = self._meant_variant(line)
        for says, (read, current, text) in self._variant_values(line.variant).items():
            self._put(written, self._column(says), (meant and read(meant), current, text))

    def _write_image(self, written: dict[str, str], line: _Line) -> None:
        if line.media is None:
            if line.origin and line.origin.media_id:
                self._blank(written, IMAGE)
            return
        media = line.media
        rank, picture = self._meant_pictures.get(media.url, (None, None))
        position = (rank, media.position, str(media.position))
        self._put(
            written, self._column(Says.IMAGE), (picture and picture.url, media.url, media.url)
        )
        self._put(written, self._column(Says.IMAGE_POSITION), position)
        self._put(
            written, self._column(Says.IMAGE_ALT), (picture and picture.alt, media.alt, media.alt)
        )

    def _blank(self, written: dict[str, str], group: Sequence[Says]) -> None:
        for says in group:
            self._put(written, self._column(says), (None, "", ""))

    def _put(self, written: dict[str, str], column: str, now: Now) -> None:
        meant, current, text = now
        if column and (self._meant is None or meant != current):
            written[column] = text

    def _column(self, says: Says) -> str:
        """Where this product's rows say it; else where the sheet does."""
        return self._layout.columns.get(says) or self._sheet.layout.columns.get(says, "")

    def _product_cells(self) -> Mapping[Says, Now]:
        product, meant = self._product, self._meant or FileProduct("", self._layout, [], "EUR")
        gift_card = product.kind == Kind.GIFT_CARD
        now: dict[Says, Now] = {
            Says.TITLE: (meant.title, product.title, product.title),
            Says.DESCRIPTION: (
                clean_html(meant.description), product.description, product.description,
            ),
            Says.VENDOR: (meant.vendor, product.vendor, product.vendor),
            Says.TYPE: (meant.product_type, product.product_type, product.product_type),
            Says.TAGS: (meant.tags, list(product.tags), ", ".join(product.tags)),
            Says.CATEGORY: (_folded(meant.category), _folded(self._path),
                            cells.write_path(self._path)),
            Says.PUBLISHED: (meant.status, product.status,
                             cells.write_bool(product.status == Status.ACTIVE)),
            Says.STATUS: (meant.status, product.status, product.status),
            Says.GIFT_CARD: (meant.gift_card, gift_card, cells.write_bool(gift_card)),
            Says.SEO_TITLE: (meant.seo_title, product.seo_title, product.seo_title or ""),
            Says.SEO_DESCRIPTION: (
                meant.seo_description, product.seo_description, product.seo_description or "",
            ),
        }  # fmt: skip
        return {says: now[says] for says in PRODUCT}

    def _write_options(self, written: dict[str, str], line: _Line) -> None:
        """Names on the first row, values on each row of a variant; `Title` where there are none."""
        names = self._product.names or ["Title"]
        values = list(line.variant.option_values) if line.variant else []
        if line.variant and not self._product.names:
            values = [DEFAULT_VALUE]
        variant = self._meant_variant(line)
        told = (self._meant.option_names if self._meant else []) or ["Title"]
        said = (list(variant.values) or [DEFAULT_VALUE]) if variant else []
        for index, slot in enumerate(self._slots()):
            column = self._sheet.layout.option_names.get(slot, "")
            if line.first or written.get(column):
                name = _at(names, index)
                self._put(written, column, (_at(told, index), name, name))
            value = _at(values, index)
            column = self._sheet.layout.option_values[slot]
            if line.variant or variant:
                self._put(written, column, (_at(said, index), value, value))

    def _slots(self) -> list[int]:
        """The numbers of the options' columns, those that the product's own rows use first."""
        columns = self._sheet.layout.option_values
        used = [column for _, column in self._meant.options] if self._meant else []
        own = [slot for slot, column in sorted(columns.items()) if column in used]
        return own + [slot for slot in sorted(columns) if slot not in own]

    def _meant_variant(self, line: _Line) -> FileVariant | None:
        return self._meant_variants.get(line.origin.ordinal) if line.origin else None

    def _variant_values(
        self, variant: Variant
    ) -> dict[Says, tuple[Callable[[FileVariant], object], object, str]]:
        amount, compare_at = self._price(variant)
        cost_currency = variant.cost_currency or self._currency
        image = self._images.get(variant.id)
        return {
            Says.SKU: (lambda v: self._meant_sku(v, variant.sku), variant.sku, variant.sku),
            Says.GRAMS: (lambda v: v.grams, variant.weight_grams, str(variant.weight_grams)),
            Says.TRACKER: (
                lambda v: v.tracked, variant.tracked, "shopify" if variant.tracked else "",
            ),
            Says.POLICY: (
                lambda v: v.backorder, variant.backorder, cells.write_policy(variant.backorder),
            ),
            Says.PRICE: (
                lambda v: v.price, amount, cells.write_amount(amount, self._currency),
            ),
            Says.COMPARE_AT: (
                lambda v: self._meant_compare_at(v, amount), compare_at,
                cells.write_amount(compare_at, self._currency),
            ),
            Says.SHIPPING: (
                lambda v: v.shipping, variant.requires_shipping,
                cells.write_bool(variant.requires_shipping),
            ),
            Says.TAXABLE: (lambda v: v.taxable, variant.taxable, cells.write_bool(variant.taxable)),
            Says.BARCODE: (lambda v: v.barcode, variant.barcode, variant.barcode or ""),
            Says.TAX_CODE: (lambda v: v.tax_code, variant.tax_code, variant.tax_code or ""),
            Says.COST: (
                lambda v: v.cost, variant.cost_amount,
                cells.write_amount(variant.cost_amount, cost_currency),
            ),
            Says.VARIANT_IMAGE: (lambda v: v.image, image, image or ""),
        }  # fmt: skip

    def _meant_sku(self, meant: FileVariant, sku: str) -> str:
        """The SKU in the file; where it is blank, any that would have been made."""
        made = {made_sku(self._handle, meant.values, unlike=unlike) for unlike in (False, True)}
        return meant.sku or (sku if sku in made else "")

    def _meant_compare_at(self, meant: FileVariant, price: int | None) -> int | None:
        """What is crossed out beside a price; beside none it says nothing, then as now."""
        return None if meant.price is None and price is None else meant.compare_at

    def _price(self, variant: Variant) -> tuple[int | None, int | None]:
        mine = (self._channel, self._currency)
        prices = [p for p in variant.live_prices(now=self._now) if p.key == mine]
        ordinary = ordinary_price(prices)
        return ordinary.cost if ordinary else (None, None)


def _at(values: Sequence[str], index: int) -> str:
    return values[index] if index < len(values) else ""


def _folded(path: Sequence[str]) -> list[str]:
    return [name.casefold() for name in path]
