"""Changing products: the whole of one, or a few of its fields."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from catalog.api.answers import READ, WRITE, Now, ProductRecord, record_of
from catalog.model.category import UnknownCategory
from catalog.model.changes import ProductPatch, patched, replaced
from catalog.model.definition import InvalidProduct, ProductTerms
from catalog.model.product import NoSuchProduct, ProductTooLarge, SlugTaken
from catalog.model.variant import SkuTaken
from catalog.usecases.define_product import change_product, create_product
from catalog.usecases.remove_product import remove_product
from catalog.views.editing import terms_of
from wareflow_kit.auth import Principal
from wareflow_kit.refusals import PreconditionFailed
from wareflow_kit.web.caching import NOT_MODIFIED, Seen, label
from wareflow_kit.web.deps import Read, Tx, requires
from wareflow_kit.web.idempotency import Once
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/catalog/v1/products", tags=["editing"])

Editor = Annotated[Principal, Depends(requires(WRITE))]
Reader = Annotated[Principal, Depends(requires(READ))]

REFUSED = refusals(
    NoSuchProduct,
    InvalidProduct,
    UnknownCategory,
    SlugTaken,
    SkuTaken,
    ProductTooLarge,
    PreconditionFailed,
)


@router.post(
    "", status_code=201, responses=refusals(InvalidProduct, NoSuchProduct, SlugTaken, SkuTaken)
)
async def post_product(
    terms: ProductTerms, response: Response, tx: Tx, who: Editor, once: Once
) -> ProductRecord:
    """A new product, with its variants, prices, pictures and translations.

    404 to a repetition whose product was deleted since.
    """

    async def make() -> UUID:
        return (await create_product(tx, terms=terms, who=who)).id

    product_id = await once(tx, make)
    response.headers["Location"] = f"/catalog/v1/products/{product_id}"
    version, made = await terms_of(tx.session, product_id, now=tx.now)
    return ProductRecord(id=product_id, version=version, terms=made)


@router.get("/{product_id}/terms", responses=refusals(NoSuchProduct) | NOT_MODIFIED)
async def read_product_terms(
    product_id: UUID, request: Request, response: Response, session: Read, now: Now, _: Reader
) -> ProductRecord:
    """All that staff said about a product, drafts too, as `PUT` takes it back."""
    version, terms = await terms_of(session, product_id, now=now)
    label(request, response, product_id, version)
    return ProductRecord(id=product_id, version=version, terms=terms)


@router.put("/{product_id}/terms", responses=REFUSED)
async def replace_product(
    product_id: UUID, terms: ProductTerms, response: Response, tx: Tx, who: Editor, seen: Seen
) -> ProductRecord:
    """Make a product what this says; variants and pictures that it does not name go."""
    change = partial(replaced, by=terms)
    product = await change_product(
        tx, product_id=product_id, change=change, seen=seen.check, who=who
    )
    return record_of(response, product, tx)


@router.patch("/{product_id}", responses=REFUSED)
async def patch_product(
    product_id: UUID, patch: ProductPatch, response: Response, tx: Tx, who: Editor, seen: Seen
) -> ProductRecord:
    """Change some fields of a product; a list that is given replaces the one there was."""
    product = await change_product(
        tx, product_id=product_id, change=partial(patched, patch=patch), seen=seen.check, who=who
    )
    return record_of(response, product, tx)


@router.delete("/{product_id}", status_code=204, responses=REFUSED)
async def delete_product(product_id: UUID, tx: Tx, who: Editor, seen: Seen) -> None:
    """Take a product out of the catalogue for good."""
    await remove_product(tx, product_id=product_id, seen=seen.check, who=who)
