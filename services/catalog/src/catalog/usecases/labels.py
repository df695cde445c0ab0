"""Labels that only one product may have: slugs and SKUs, checked before anything is written."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.definition import ProductTerms
from catalog.model.product import SlugTaken
from catalog.model.variant import SkuTaken, made_sku
from catalog.store.products import sku_owners, slug_owners


async def claim_labels(
    session: AsyncSession, terms: ProductTerms, *, product_id: UUID, given: ProductTerms
) -> ProductTerms:
    """`terms` with labels that are free; a SKU that was made gives way, one that was given cannot.

    `SlugTaken` and `SkuTaken` name the label.
    """
    assert terms.slug is not None
    if (await slug_owners(session, [terms.slug])).get(terms.slug, product_id) != product_id:
        raise SlugTaken(f"Another product has the slug {terms.slug!r}", slug=terms.slug)
    skus = [variant.sku for variant in terms.variants if variant.sku]
    owners = await sku_owners(session, skus)
    taken = {sku for sku, owner in owners.items() if owner != product_id}
    if not taken:
        return terms
    asked = {variant.sku for variant in given.variants}
    if strangers := sorted(taken & asked):
        raise SkuTaken(f"Another variant has the SKU {strangers[0]!r}", sku=strangers[0])
    names = [option.name for option in terms.options]
    variants = [
        variant.model_copy(
            update={"sku": made_sku(terms.slug, [variant.options[n] for n in names], unlike=True)}
        )
        if variant.sku in taken
        else variant
        for variant in terms.variants
    ]
    return terms.model_copy(update={"variants": variants})
