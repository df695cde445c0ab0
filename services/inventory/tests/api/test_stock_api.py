"""Receipts, adjustments, openings, levels and movements over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from inventory.model.ids import LocationId, VariantId
from inventory.testing import a_product, a_variant, an_order, on_the_shelf, removed
from wareflow_events.transaction import Transactions
from wareflow_kit.paging import encode_cursor
from wareflow_kit.service import Service
from wareflow_kit.testing import client, customer_token, staff_token

V1 = "/inventory/v1"
Hear = Callable[..., Awaitable[None]]


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def receive(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post(f"{V1}/receipts", json=body, headers=key())


async def adjust(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post(f"{V1}/adjustments", json=body, headers=key())


# --- receiving --------------------------------------------------------------------


async def test_received_units_show_in_the_level_and_in_the_ledger(
    http: httpx.AsyncClient, mug: UUID
) -> None:
    made = await receive(http, variant_id=str(mug), quantity=5, reference="note 7")
    assert made.status_code == 201, made.text
    assert (made.json()["on_hand_after"], made.json()["reason"]) == (5, "receive")
    level = (await http.get(f"{V1}/levels/{mug}")).json()
    assert (level["on_hand"], level["available"], level["sku"]) == (5, 5, "")
    ledger = (await http.get(f"{V1}/movements", params={"variant_id": str(mug)})).json()
    assert ledger == {"items": [made.json()], "next": None}


async def test_a_repeated_receipt_is_the_same_receipt(http: httpx.AsyncClient, mug: UUID) -> None:
    body, headers = {"variant_id": str(mug), "quantity": 5}, key()
    first = await http.post(f"{V1}/receipts", json=body, headers=headers)
    again = await http.post(f"{V1}/receipts", json=body, headers=headers)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await http.get(f"{V1}/levels/{mug}")).json()["on_hand"] == 5


async def test_the_same_key_for_another_receipt_is_refused(
    http: httpx.AsyncClient, mug: UUID
) -> None:
    headers = key()
    for quantity, status in ((5, 201), (6, 422)):
        body = {"variant_id": str(mug), "quantity": quantity}
        answer = await http.post(f"{V1}/receipts", json=body, headers=headers)
        assert answer.status_code == status
    assert answer.json()["type"] == "/problems/idempotency-key-reused"


async def test_a_receipt_needs_an_idempotency_key(http: httpx.AsyncClient, mug: UUID) -> None:
    answer = await http.post(f"{V1}/receipts", json={"variant_id": str(mug), "quantity": 5})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"quantity": 5},
        {"variant_id": str(uuid4()), "sku": "MUG", "quantity": 5},
        {"sku": "MUG", "quantity": 0},
        {"sku": "MUG", "quantity": 10**12},
        {"sku": "a\x00b", "quantity": 1},
        {"sku": "MUG", "quantity": 1, "warehouse": "north"},
    ],
    ids=["no variant", "two variants", "nothing", "too much", "NUL", "unknown field"],
)
async def test_a_receipt_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await receive(http, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_a_sku_that_nobody_carries_is_not_found_and_may_be_heard_of_soon(
    http: httpx.AsyncClient,
) -> None:
    answer = await receive(http, sku="NONE", quantity=1)
    assert (answer.status_code, answer.headers["Retry-After"]) == (404, "1")
    assert answer.json()["type"] == "/problems/unknown-sku"


# --- adjusting --------------------------------------------------------------------


async def test_a_delta_and_a_count_change_what_is_on_hand(
    http: httpx.AsyncClient, mug: UUID
) -> None:
    _ = await receive(http, variant_id=str(mug), quantity=5)
    damaged = await adjust(http, variant_id=str(mug), delta=-2, reason="damage")
    assert (damaged.json()["quantity"], damaged.json()["reason"]) == (-2, "damage")
    counted = await adjust(http, variant_id=str(mug), counted=7, expected_on_hand=3)
    assert (counted.json()["quantity"], counted.json()["reason"]) == (4, "count")
    moved = await adjust(http, variant_id=str(mug), counted=1, expected_on_hand=3)
    assert (moved.status_code, moved.json()["on_hand"]) == (412, 7)


async def test_counting_below_what_is_held_is_a_conflict_that_names_the_order(
    http: httpx.AsyncClient, transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    order = an_order({mug: 4})
    await hear(order)
    answer = await adjust(http, variant_id=str(mug), counted=3)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "/problems/below-reserved"
    assert problem["orders"] == [{"order_id": str(order.order_id), "held": 4}]
    assert (problem["short_by"], problem["on_hand"], problem["reserved"]) == (1, 5, 4)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"delta": 1, "counted": 2},
        {"delta": 0},
        {"counted": 3, "reason": "damage"},
        {"counted": -1},
    ],
    ids=["nothing", "both", "zero", "reason of a count", "less than nothing"],
)
async def test_an_adjustment_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, mug: UUID, body: dict[str, Any]
) -> None:
    assert (await adjust(http, variant_id=str(mug), **body)).status_code == 422


async def test_more_than_is_there_cannot_go(http: httpx.AsyncClient, mug: UUID) -> None:
    answer = await adjust(http, variant_id=str(mug), delta=-1)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/below-zero")


# --- opening ----------------------------------------------------------------------


async def test_an_opening_counts_once_and_says_what_became_of_each_row(
    http: httpx.AsyncClient, transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    bowl, plate = VariantId(uuid4()), uuid4()
    await hear(a_product(a_variant(mug, sku="MUG-1")))
    await on_the_shelf(transactions, bowl, 2)
    rows = [
        {"sku": "MUG-1", "quantity": 12},
        {"variant_id": str(bowl), "quantity": 9},
        {"variant_id": str(plate), "quantity": 3},
        {"sku": "NONE", "quantity": 3},
        {"variant_id": str(uuid4()), "quantity": -3},
    ]
    body = {"items": rows, "reference": "products.csv"}
    headers = key()
    made = await http.post(f"{V1}/openings", json=body, headers=headers)
    assert made.status_code == 201, made.text
    outcome = [(row["status"], row["reason"]) for row in made.json()["results"]]
    assert outcome == [
        ("applied", None),
        ("skipped", "has_movements"),
        ("applied", None),
        ("skipped", "unknown_sku"),
        ("skipped", "negative_quantity"),
    ]
    assert made.json()["results"][0]["variant_id"] == str(mug)
    assert (await http.get(f"{V1}/levels/{mug}")).json()["on_hand"] == 12
    assert (await http.get(f"{V1}/levels/{bowl}")).json()["on_hand"] == 2

    replayed = await http.post(f"{V1}/openings", json=body, headers=headers)
    assert replayed.json() == made.json()
    again = await http.post(f"{V1}/openings", json=body, headers=key())
    assert {row["status"] for row in again.json()["results"]} == {"skipped"}
    assert (await http.get(f"{V1}/levels/{mug}")).json()["on_hand"] == 12


async def test_opening_quantities_of_one_variant_at_two_locations_both_count(
    http: httpx.AsyncClient, mug: UUID
) -> None:
    south = (await http.post(f"{V1}/locations", json={"name": "South"}, headers=key())).json()
    rows = [
        {"variant_id": str(mug), "quantity": 2},
        {"variant_id": str(mug), "quantity": 3, "location_id": south["id"]},
    ]
    made = await http.post(f"{V1}/openings", json={"items": rows}, headers=key())
    assert [row["status"] for row in made.json()["results"]] == ["applied", "applied"]
    assert (await http.get(f"{V1}/levels/{mug}")).json()["on_hand"] == 5


# --- reading ----------------------------------------------------------------------


async def test_levels_are_paged_by_sku_and_filtered(
    http: httpx.AsyncClient, transactions: Transactions, hear: Hear
) -> None:
    ids = {sku: VariantId(uuid4()) for sku in ("A", "B", "C", "D", "E")}
    products = {sku: a_product(a_variant(ids[sku], sku=sku)) for sku in ids}
    await hear(*products.values())
    await hear(removed(products["E"]))

    async def skus(**params: Any) -> list[str]:
        answer = await http.get(f"{V1}/levels", params=params)
        assert answer.status_code == 200, answer.text
        return [item["sku"] for item in answer.json()["items"]]

    first = (await http.get(f"{V1}/levels", params={"limit": 2})).json()
    assert [item["sku"] for item in first["items"]] == ["A", "B"]
    assert await skus(limit=2, after=first["next"]) == ["C", "D"]
    assert await skus(variant_id=[str(ids["D"]), str(ids["A"]), str(uuid4())]) == ["A", "D"]
    assert await skus(sku=["C", "B", "none"]) == ["B", "C"]
    assert await skus(removed=True) == ["E"]
    south = (await http.post(f"{V1}/locations", json={"name": "South"}, headers=key())).json()
    at = LocationId(UUID(south["id"]))
    await on_the_shelf(transactions, ids["B"], 1, location_id=at)
    assert await skus(location_id=south["id"]) == ["B"]


async def test_a_hundred_variants_are_read_at_once_and_no_more(http: httpx.AsyncClient) -> None:
    many = [str(uuid4()) for _ in range(101)]
    for ids, status in ((many[:100], 200), (many, 422)):
        answer = await http.get(f"{V1}/levels", params={"variant_id": ids})
        assert answer.status_code == status


async def test_an_untracked_variant_has_no_figure_of_what_is_available(
    http: httpx.AsyncClient, hear: Hear, mug: VariantId
) -> None:
    await hear(a_product(a_variant(mug, tracked=False)))
    level = (await http.get(f"{V1}/levels/{mug}")).json()
    assert (level["tracked"], level["available"], level["levels"]) == (False, None, [])


async def test_a_level_that_did_not_change_costs_no_body(
    http: httpx.AsyncClient, transactions: Transactions, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    first = await http.get(f"{V1}/levels/{mug}")
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await http.get(f"{V1}/levels/{mug}", headers=known)).status_code == 304
    await on_the_shelf(transactions, mug, 1)
    assert (await http.get(f"{V1}/levels/{mug}", headers=known)).status_code == 200


async def test_a_variant_nobody_heard_of_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{V1}/levels/{uuid4()}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-variant")


async def test_movements_are_paged_from_the_newest(
    http: httpx.AsyncClient, transactions: Transactions, mug: VariantId
) -> None:
    for quantity in (1, 2, 3):
        await on_the_shelf(transactions, mug, quantity)
    params = {"variant_id": str(mug), "limit": 2}
    first = (await http.get(f"{V1}/movements", params=params)).json()
    rest = (await http.get(f"{V1}/movements", params={**params, "after": first["next"]})).json()
    assert [line["on_hand_after"] for line in first["items"] + rest["items"]] == [6, 3, 1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("path", "cursor"),
    [("levels", ("a\x00", str(uuid4()))), ("levels", (1,)), ("movements", (10**18 * 10,))],
)
async def test_a_cursor_that_was_made_up_is_refused(
    http: httpx.AsyncClient, path: str, cursor: tuple[str | int, ...]
) -> None:
    params = {"after": encode_cursor(*cursor), "variant_id": str(uuid4())}
    answer = await http.get(f"{V1}/{path}", params=params)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-cursor")


# --- who may ----------------------------------------------------------------------

SOMETHING = UUID(int=1)
DOORS = [
    ("GET", "/levels", "inventory:read"),
    ("GET", f"/levels/{SOMETHING}", "inventory:read"),
    ("GET", f"/movements?variant_id={SOMETHING}", "inventory:read"),
    ("GET", f"/reservations/{SOMETHING}", "inventory:read"),
    ("GET", "/locations", "inventory:read"),
    ("GET", f"/locations/{SOMETHING}", "inventory:read"),
    ("POST", "/locations", "inventory:write"),
    ("PATCH", f"/locations/{SOMETHING}", "inventory:write"),
    ("POST", "/receipts", "inventory:write"),
    ("POST", "/adjustments", "inventory:write"),
    ("POST", "/openings", "inventory:write"),
    ("GET", "/audit", "inventory:audit"),
]
SCOPES = {scope for _, _, scope in DOORS}


@pytest.mark.parametrize(("method", "path", "scope"), DOORS, ids=lambda part: str(part)[:20])
async def test_only_staff_with_the_scope_gets_in(
    service: Service, method: str, path: str, scope: str
) -> None:
    tokens = {None: 401, customer_token(): 403, staff_token(*SCOPES - {scope}): 403}
    async with client(service) as http:
        for token, status in tokens.items():
            headers = {**key(), **({"Authorization": f"Bearer {token}"} if token else {})}
            answer = await http.request(method, V1 + path, headers=headers, json={})
            assert answer.status_code == status, answer.text


async def test_the_document_describes_every_door(service: Service) -> None:
    async with client(service) as http:
        document = (await http.get("/inventory/openapi.json")).json()
    described = [
        (method, path)
        for path, doors in document["paths"].items()
        if path.startswith(V1)
        for method in doors
    ]
    assert len(described) == len(DOORS)
