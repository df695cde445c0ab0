"""A repeated request is the same request, also when both come at once and when one fails."""

import asyncio
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from wareflow_kit.idempotency import RequestKey, forget_old_keys, make_once
from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, client, staff_token

LAMP = {"name": "lamp", "price": 1899}


async def add(http: httpx.AsyncClient, key: str | None, body: object = LAMP) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return await http.post("/shop/v1/items", json=body, headers=headers)


async def rows(shop: Service, table: str) -> int:
    async with shop.engine.connect() as connection:
        return (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()


@pytest.mark.parametrize("key", [None, "", "x" * 256])
async def test_a_request_without_a_usable_key_is_refused(
    staff: httpx.AsyncClient, key: str | None
) -> None:
    answer = await add(staff, key)
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-wanted"


async def test_a_repeat_gives_what_was_made(shop: Service, staff: httpx.AsyncClient) -> None:
    first, second = await add(staff, "1"), await add(staff, "1")
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await rows(shop, "item") == 1


async def test_the_same_key_with_another_body_is_refused(staff: httpx.AsyncClient) -> None:
    _ = await add(staff, "1")
    answer = await add(staff, "1", {"name": "lamp", "price": 1})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/idempotency-key-reused"


async def test_requests_that_race_make_one_thing(shop: Service, staff: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(add(staff, "1") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await rows(shop, "item") == 1


async def test_a_refused_request_may_be_repeated_with_its_key(
    shop: Service, staff: httpx.AsyncClient
) -> None:
    failed = await add(staff, "1", {"name": "lamp", "price": -1})
    assert failed.status_code == 500, "the check constraint of the shop"
    assert await rows(shop, "idempotency_key") == 0
    assert (await add(staff, "1")).status_code == 201


async def test_keys_of_different_callers_do_not_meet(shop: Service) -> None:
    async with client(shop, token=staff_token("shop:write", subject="ada")) as ada:
        assert (await add(ada, "1")).status_code == 201
    async with client(shop, token=staff_token("shop:write", subject="bob")) as bob:
        assert (await add(bob, "1", {"name": "chair", "price": 1})).status_code == 201


async def test_a_guests_keys_belong_to_what_they_hold(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "1"}
    made: list[str] = []
    for cart, name in (("a", "lamp"), ("b", "chair")):
        answer = await http.post(
            f"/shop/v1/guest-items?cart={cart}", json={"name": name, "price": 1}, headers=headers
        )
        made.append(answer.json()["name"])
    assert made == ["lamp", "chair"]


async def test_the_query_is_part_of_the_request(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "1"}
    body = {"name": "lamp", "price": 1}
    assert (await http.post("/shop/v1/guest-items", json=body, headers=headers)).status_code == 201
    again = await http.post("/shop/v1/guest-items?cart=", json=body, headers=headers)
    assert again.status_code == 422


async def test_a_rival_waits_for_the_first_and_goes_ahead_when_it_fails(shop: Service) -> None:
    key = RequestKey("ada", "POST /x", "1", b"hash")
    claimed, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with shop.transactions.begin() as tx:

            async def fail() -> UUID:
                claimed.set()
                _ = await go_on.wait()
                raise ConnectionError

            _ = await make_once(tx, key, fail)

    async def second() -> tuple[UUID, bool]:
        async with shop.transactions.begin() as tx:

            async def make() -> UUID:
                return tx.new_id()

            return await make_once(tx, key, make)

    failing = asyncio.create_task(first())
    _ = await claimed.wait()
    rival = asyncio.create_task(second())
    await waits_for_a_lock(shop)
    go_on.set()
    with pytest.raises(ConnectionError):
        await failing
    assert (await rival)[1] is False


async def waits_for_a_lock(shop: Service) -> None:
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(5), shop.engine.connect() as connection:
        while not (await connection.execute(query)).scalar_one():
            await connection.rollback()


async def test_old_keys_are_forgotten_and_young_ones_kept(
    shop: Service, staff: httpx.AsyncClient, clock: FixedClock
) -> None:
    for n in range(5):
        _ = await add(staff, f"old {n}", {"name": f"lamp {n}", "price": 1})
    _ = clock.advance(hours=71)
    async with shop.transactions.begin() as tx:
        young = RequestKey("ada", "POST /x", "young", b"hash")

        async def make() -> UUID:
            return tx.new_id()

        _ = await make_once(tx, young, make)
    assert not await forget_old_keys(shop.transactions)
    assert await rows(shop, "idempotency_key") == 6
    _ = clock.advance(hours=2)
    assert await forget_old_keys(shop.transactions, most=3), "there is more"
    assert not await forget_old_keys(shop.transactions, most=3)
    assert await rows(shop, "idempotency_key") == 1
