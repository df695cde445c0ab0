"""Who may call an endpoint is declared, shown and enforced in one place."""

from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, FastAPI
from shop.main import app_with

from wareflow_kit.refusals import NotFound
from wareflow_kit.service import Service
from wareflow_kit.testing import client, customer_token, order_token, staff_token
from wareflow_kit.web.access import (
    ANYBODY,
    CUSTOMER,
    GUEST,
    Anybody,
    Bearer,
    Guest,
    Holder,
    Sealed,
    Undeclared,
    requires,
)

Declared = Anybody | Guest | Bearer | Holder | Sealed
TOKENS = {
    "nobody": None,
    "customer": customer_token(),
    "order": order_token(UUID(int=1)),
    "staff": staff_token("shop:read"),
    "other staff": staff_token("shop:other"),
    "forger": "no.such.token",
}


def door(shop: Service, *declared: Declared) -> FastAPI:
    """An app whose one endpoint has that declaration."""
    router = APIRouter(prefix="/shop/v1", dependencies=[Depends(each) for each in declared])

    async def knock() -> str:
        return "in"

    router.add_api_route("/door", knock)
    return app_with(shop, router)


async def told(shop: Service, *declared: Declared) -> dict[str, int]:
    """What a door with that declaration says to each kind of caller."""
    app = door(shop, *declared)
    said: dict[str, int] = {}
    for kind, token in TOKENS.items():
        async with client(app, token=token) as http:
            said[kind] = (await http.get("/shop/v1/door")).status_code
    return said


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        pytest.param(ANYBODY, (200, 200, 200, 200, 200, 200), id="anybody"),
        pytest.param(GUEST, (200, 200, 200, 200, 200, 401), id="guest"),
        pytest.param(CUSTOMER, (401, 200, 403, 403, 403, 401), id="customer"),
        pytest.param(requires("shop:read"), (401, 403, 403, 200, 403, 401), id="staff"),
        pytest.param(
            requires("shop:read", also=("order",)), (401, 403, 200, 200, 403, 401), id="order"
        ),
    ],
)
async def test_a_door_lets_in_whom_it_declares(
    shop: Service, declared: Declared, expected: tuple[int, ...]
) -> None:
    assert await told(shop, declared) == dict(zip(TOKENS, expected, strict=True))


async def test_a_door_with_two_declarations_wants_both(shop: Service) -> None:
    said = await told(shop, requires("shop:read", also=("customer",)), CUSTOMER)
    assert [kind for kind, status in said.items() if status == 200] == ["customer"]


def test_an_endpoint_that_declares_nothing_stops_the_start(shop: Service) -> None:
    with pytest.raises(Undeclared, match=r"/shop/v1/door \(knock\)"):
        _ = door(shop)


WAYS: dict[str, tuple[tuple[Declared, ...], list[dict[str, list[str]]]]] = {
    "anybody": ((ANYBODY,), [{}]),
    "guest": ((GUEST,), [{}, {"bearer": []}]),
    "staff": ((requires("shop:read"),), [{"bearer": ["shop:read"]}]),
    "sealed": ((Sealed("stamp", otherwise=NotFound),), [{"stamp": []}]),
    "both": (
        (CUSTOMER, Holder("key", otherwise=NotFound)),
        [{"bearer": ["customer"], "key": []}],
    ),
}


@pytest.mark.parametrize("kind", WAYS)
def test_the_document_shows_the_ways_in(shop: Service, kind: str) -> None:
    declared, ways = WAYS[kind]
    operation = door(shop, *declared).openapi()["paths"]["/shop/v1/door"]["get"]
    assert operation["security"] == ways


def test_the_document_shows_how_a_door_says_no(shop: Service) -> None:
    responses = door(shop, CUSTOMER).openapi()["paths"]["/shop/v1/door"]["get"]["responses"]
    assert {"401", "403", "503"} <= set(responses)
    examples = responses["403"]["content"]["application/problem+json"]["examples"]
    assert set(examples) == {"customers-only"}
