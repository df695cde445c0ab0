"""Terms of a product made complete: which of its variants each means, and labels for the rest."""

from collections.abc import Callable, Sequence

from catalog.model.content import Media
from catalog.model.definition import (
    InvalidProduct,
    MediaTerms,
    OptionTerms,
    ProductTerms,
    VariantTerms,
    check,
    option_names,
)
from catalog.model.text import slugify
from catalog.model.values import VariantId
from catalog.model.variant import Variant, made_sku
from wareflow_kit.refusals import Invalid


class UnusableTitle(Invalid):
    """No slug can be made of this title; give one."""


def complete(
    wanted: ProductTerms, *, variants: Sequence[Variant], media: Sequence[Media]
) -> ProductTerms:
    """`wanted` of a product that has these variants and pictures, with a slug, ids and SKUs.

    Refuses what contradicts itself, or names a foreign part (`InvalidProduct`).
    """
    check(wanted)
    slug = wanted.slug or slugify(wanted.title)
    if not slug:
        raise UnusableTitle
    names = option_names(wanted)
    rows = _meant(variants, wanted.variants, names)
    pairs = zip(wanted.variants, rows, strict=True)
    found = wanted.model_copy(
        update={
            "slug": slug,
            "variants": [_completed(v, row, names=names, slug=slug) for v, row in pairs],
            "options": wanted.options or [OptionTerms(name=name) for name in names],
        }
    )
    check(found)
    return found.model_copy(update={"media": _complete_media(found, variants, media)})


def _complete_media(
    wanted: ProductTerms, variants: Sequence[Variant], media: Sequence[Media]
) -> list[MediaTerms]:
    """Pictures with the SKUs they show; a variant that goes is left out, a foreign refused."""
    skus = {variant.sku for variant in wanted.variants}
    names = {str(v.id): v.sku for v in variants}
    names |= {str(v.id): v.sku for v in wanted.variants if v.id and v.sku}
    own = {picture.id for picture in media}
    found: list[MediaTerms] = []
    for picture in wanted.media:
        if picture.id is not None and picture.id not in own:
            raise InvalidProduct(f"This product has no picture {picture.id}")
        shown = [names.get(name, name) for name in picture.variants]
        if strangers := [s for s in shown if s not in skus and s not in names.values()]:
            raise InvalidProduct(f"{picture.url} shows {strangers[0]!r}, which is no variant")
        kept = [sku for sku in dict.fromkeys(shown) if sku in skus]
        found.append(picture.model_copy(update={"variants": kept}))
    return found


def _meant(
    rows: Sequence[Variant], wanted: Sequence[VariantTerms], names: Sequence[str]
) -> list[Variant | None]:
    """Which row each of the wanted variants means: ids claim first, then SKUs, then options."""
    by_id = {row.id: row for row in rows}
    by_sku = {row.sku: row for row in rows}
    by_options = {tuple(row.option_values): row for row in rows}
    if strangers := [v.id for v in wanted if v.id is not None and v.id not in by_id]:
        raise InvalidProduct(f"This product has no variant {strangers[0]}")
    found = [by_id[terms.id] if terms.id else None for terms in wanted]
    taken = {row.id for row in found if row}
    looks: tuple[Callable[[VariantTerms], Variant | None], ...] = (
        lambda terms: by_sku.get(terms.sku or ""),
        lambda terms: by_options.get(tuple(terms.options[name] for name in names)),
    )
    for look in looks:
        for index, terms in enumerate(wanted):
            row = None if found[index] else look(terms)
            if row is not None and row.id not in taken:
                found[index] = row
                taken.add(row.id)
    return found


def _completed(
    terms: VariantTerms, row: Variant | None, *, names: Sequence[str], slug: str
) -> VariantTerms:
    values = [terms.options[name] for name in names]
    sku = terms.sku or (row.sku if row else made_sku(slug, values))
    return terms.model_copy(update={"id": VariantId(row.id) if row else None, "sku": sku})
