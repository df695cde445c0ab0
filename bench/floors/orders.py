"""Floor: the requests of an order, answered by bare FastAPI and asyncpg from one database.

It writes the business rows of an order and nothing else: no events, no services apart, no tokens
checked, no promises kept when something breaks in between.
"""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from secrets import token_urlsafe
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response

from bench.floors import order_sql as sql
from bench.floors.serving import serve

Row = Mapping[str, Any]


def build(database_url: str) -> FastAPI:
    """The endpoints that a shopper needs, from the cart to the confirmation."""
    pools: list[asyncpg.Pool[Any]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        pools.append(await asyncpg.create_pool(database_url, min_size=10, max_size=10))
        yield
        await pools[0].close()

    app = FastAPI(lifespan=lifespan)
    _carts(app, pools)
    _orders(app, pools)
    _payments(app, pools)
    return app


def _carts(app: FastAPI, pools: list["asyncpg.Pool[Any]"]) -> None:
    @app.post("/orders/v1/carts")
    async def open_cart() -> Response:
        cart = await pools[0].fetchrow(sql.OPEN, uuid4(), token_urlsafe(32))
        return _json(_cart(cart, []), 201)

    @app.post("/orders/v1/carts/{cart_id}/lines")
    async def add_line(cart_id: UUID, request: Request) -> Response:
        said = orjson.loads(await request.body())
        async with pools[0].acquire() as connection:
            cart = await connection.fetchrow(
                sql.ADD, cart_id, said["variant_id"], said.get("quantity", 1)
            )
            return await _answered(connection, cart)

    @app.patch("/orders/v1/carts/{cart_id}")
    async def fill_in(cart_id: UUID, request: Request) -> Response:
        said = orjson.loads(await request.body())
        address = orjson.dumps(said["shipping_address"]).decode()
        async with pools[0].acquire() as connection:
            cart = await connection.fetchrow(sql.FILL_IN, cart_id, said["email"], address)
            return await _answered(connection, cart)

    @app.post("/orders/v1/carts/{cart_id}/checkout")
    async def check_out(cart_id: UUID) -> Response:
        async with pools[0].acquire() as connection, connection.transaction():
            return await _placed(connection, cart_id)

    _ = open_cart, add_line, fill_in, check_out


async def _placed(connection: Any, cart_id: UUID) -> Response:
    cart = await connection.fetchrow(sql.LOCK, cart_id)
    if cart is None:
        raise HTTPException(409)
    lines = await connection.fetch(sql.LINES, cart["items"])
    wanted = [line["variant_id"] for line in lines], [line["quantity"] for line in lines]
    reserved = await connection.execute(sql.RESERVE, *wanted) == f"UPDATE {len(lines)}"
    status = "awaiting_payment" if reserved else "cancelled"
    subtotal = sum(line["unit_price"] * line["quantity"] for line in lines)
    order_id = uuid4()
    order = await connection.fetchrow(
        sql.PLACE, order_id, cart_id, uuid4(), status, subtotal, *wanted
    )
    if reserved:
        _ = await connection.execute(sql.HOLD, order_id, *wanted)
        intent = f"pi_{order_id.hex}"
        secret = f"{intent}_secret_{token_urlsafe(12)}"
        _ = await connection.execute(sql.DUE, order_id, intent, secret, order["total"])
    return _json({**_order(order, lines), "order_token": str(order_id)}, 202)


def _orders(app: FastAPI, pools: list["asyncpg.Pool[Any]"]) -> None:
    @app.get("/orders/v1/orders/{order_id}")
    async def read_order(order_id: UUID) -> Response:
        async with pools[0].acquire() as connection:
            order = await connection.fetchrow(sql.ORDER, order_id)
            return _json(_order(order, await connection.fetch(sql.ORDER_LINES, order_id)))

    _ = read_order


def _payments(app: FastAPI, pools: list["asyncpg.Pool[Any]"]) -> None:
    @app.get("/payments/v1/payments/{order_id}")
    async def read_payment(order_id: UUID, request: Request) -> Response:
        payment: Any = await pools[0].fetchrow(sql.PAYMENT, order_id)
        here = str(request.base_url)
        return _json({**payment, "publishable_key": "pk", "gateway_url": f"{here}sandbox"})

    @app.post("/sandbox/v1/payment_intents/{intent_id}/confirm")
    async def pay(intent_id: str) -> Response:
        async with pools[0].acquire() as connection, connection.transaction():
            payment: Any = await connection.fetchrow(sql.CAPTURE, intent_id)
            _ = await connection.execute(sql.CONFIRM, payment["order_id"], payment["amount"])
        return _json({"id": intent_id, "status": "succeeded", **payment})

    _ = read_payment, pay


async def _answered(connection: Any, cart: Row | None) -> Response:
    if cart is None:
        raise HTTPException(404)
    return _json(_cart(cart, await connection.fetch(sql.LINES, cart["items"])))


def _cart(cart: Any, lines: list[Row]) -> dict[str, Any]:
    subtotal = sum(line["unit_price"] * line["quantity"] for line in lines)
    return {
        **cart,
        "items": None,
        "lines": [{**line} for line in lines],
        "subtotal": {"amount": subtotal, "currency": "EUR"},
        "shipping": {"amount": 490, "currency": "EUR"},
        "total": {"amount": subtotal + 490, "currency": "EUR"},
    }


def _order(order: Any, lines: list[Row]) -> dict[str, Any]:
    return {**order, "lines": [{**line} for line in lines]}


def _json(value: object, status: int = 200) -> Response:
    body = orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)
    return Response(body, status, media_type="application/json")


if __name__ == "__main__":
    serve(build(sys.argv[2]))
