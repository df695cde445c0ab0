"""Floor: bare FastAPI and asyncpg that fetch the same rows and answer the same JSON."""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import FastAPI, HTTPException
from fastapi.responses import Response

from bench.floors.product_sql import LIST, PRODUCT
from bench.floors.serving import serve
from wareflow_kit.paging import decode_cursor, encode_cursor

_BEFORE_ALL = UUID(int=0)
_ASIS = ("options", "variants", "media", "categories", "metadata")


def build(database_url: str) -> FastAPI:
    """The catalogue's two reads, over its own database."""
    pools: list[asyncpg.Pool[Any]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        pools.append(await asyncpg.create_pool(database_url, min_size=10, max_size=10))
        yield
        await pools[0].close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/catalog/v1/products/{product_id}")
    async def read_product(product_id: UUID) -> Response:
        row = await pools[0].fetchrow(PRODUCT, product_id)
        if row is None:
            raise HTTPException(404)
        return _json(_shown(row))

    @app.get("/catalog/v1/products")
    async def list_products(after: str | None = None) -> Response:
        title, last = decode_cursor(after, str, UUID) if after else ("", _BEFORE_ALL)
        rows = await pools[0].fetch(LIST, title, last)
        shown = [_shown(row) for row in rows[:24]]
        return _json({"items": shown, "next": _next(shown[-1]) if len(rows) > 24 else None})

    _ = read_product, list_products
    return app


def _next(last: Mapping[str, Any]) -> str:
    return encode_cursor(last["title"].lower(), last["id"])


def _json(value: object) -> Response:
    body = orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/json")


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(row.items())
    currency = found.pop("currency")
    for name in ("price_min", "price_max"):
        found[name] = {"amount": found[name], "currency": currency}
    for name in _ASIS:
        if name in found:
            found[name] = orjson.Fragment(found[name])
    found["locale"] = None
    if "description" in found:
        found |= {"seo_title": None, "seo_description": None, "alternates": []}
    return found


if __name__ == "__main__":
    serve(build(sys.argv[2]))
