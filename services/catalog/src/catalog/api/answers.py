"""How answers leave: serialised once, with an ETag and what caches may do with them."""

from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from catalog.model.definition import ProductTerms
from catalog.model.product import Product
from catalog.model.values import DEFAULT_CHANNEL, ChannelId, Locale
from catalog.views.products import Beholder
from catalog.views.shapes import Shown, View
from wareflow_events.transaction import Transaction
from wareflow_kit.auth import Principal
from wareflow_kit.jsons import to_json
from wareflow_kit.web.access import ANYBODY, GUEST
from wareflow_kit.web.caching import etag_of, label

READ, WRITE = "catalog:read", "catalog:write"

PUBLIC = [Depends(ANYBODY)]
"""The dependencies of what everybody may read, and nobody sees more of."""

_PUBLIC = "public, max-age=5, stale-while-revalidate=30"
_PRIVATE = "private, no-cache"


class ProductRecord(View):
    """A product as staff change it; the ETag stands for its version."""

    id: UUID
    version: int
    terms: ProductTerms


async def now(request: Request) -> datetime:
    """The time of a read."""
    return request.app.state.transactions.clock()


Now = Annotated[datetime, Depends(now)]


async def beholder(
    who: Annotated[Principal | None, Depends(GUEST)],
    now: Now,
    channel: Annotated[ChannelId, Query(description="Where it is sold")] = DEFAULT_CHANNEL,
    locale: Annotated[
        Locale | None, Query(description="Which words; the channel's locale when missing")
    ] = None,
) -> Beholder:
    """For whom a product is shown; staff who may read drafts see them."""
    drafts = who is not None and who.may(READ)
    return Beholder(channel=channel, locale=locale, now=now, drafts=drafts)


Seer = Annotated[Beholder, Depends(beholder)]


def answer(request: Request, view: BaseModel | Shown[Any], *version: object) -> Response:
    """The view as JSON; 304 when the client has it already.

    The ETag stands for `version`, what `If-Match` of a change names; without one for the content.
    What is asked for with a token is kept from shared caches.
    """
    body = to_json(view.fields) if isinstance(view, Shown) else view.model_dump_json().encode()
    response = Response(body, media_type="application/json", headers={"Vary": "Authorization"})
    cache = _PRIVATE if "authorization" in request.headers else _PUBLIC
    tag = version or (blake2b(body, digest_size=16).hexdigest(),)
    label(request, response, *tag, cache=cache)
    return response


def record_of(response: Response, product: Product, tx: Transaction) -> ProductRecord:
    """A product that was just written, with the ETag for the next change."""
    response.headers["ETag"] = etag_of(product.id, product.version)
    return ProductRecord(id=product.id, version=product.version, terms=product.terms(now=tx.now))
