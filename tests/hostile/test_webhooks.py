"""The gateway's door against strangers: forged, odd, enormous, slow, and very many."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import httpx
import pytest
from tests.hostile.noise import a_text, anything, deep
from tests.hostile.service_process import Served, running_service

from payments.main import PaymentsService, build
from payments.settings import Settings
from payments.testing import A_DAY, FakeGateway
from wareflow_events.contract import eventually
from wareflow_kit.testing import FixedClock, Unplugged, client, fresh_database, settings_for

DOOR = "/payments/v1/webhooks/stripe"
SECRET = "whsec_of_today"
KEYS = {
    "gateway_url": "https://gateway.test",
    "gateway_key": "sk_test_sandbox",
    "gateway_publishable_key": "pk_test_sandbox",
    "webhook_secrets": [SECRET],
}
NOW = int(A_DAY.timestamp())
FORGED = "0" * 64
MEGABYTE = 1024 * 1024


def signed(body: bytes, *, at: int = NOW) -> str:
    return hmac.new(SECRET.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()


def header(body: bytes, *, at: int = NOW) -> dict[str, str]:
    return {"Stripe-Signature": f"t={at},v1={signed(body, at=at)}"}


def an_event(**more: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "type": "payment_intent.succeeded",
        "created": NOW,
        "livemode": False,
        "data": {"object": {"id": "pi_1", "amount": 1899}},
        **more,
    }


@pytest.fixture(scope="module")
async def built() -> AsyncGenerator[PaymentsService]:
    async with fresh_database("payments") as url:
        clock = FixedClock(A_DAY)
        settings = settings_for(Settings, url, **KEYS)
        made = build(settings, broker=Unplugged(), gateway=FakeGateway(clock=clock), clock=clock)
        yield made
        await made.close()


@pytest.fixture
async def service(built: PaymentsService) -> PaymentsService:
    """A service that has received nothing yet."""
    async with built.engine.begin() as connection:
        _ = await connection.exec_driver_sql("DELETE FROM webhook_event")
    return built


async def stored(service: PaymentsService) -> list[tuple[Any, ...]]:
    async with service.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT id, type, subject FROM webhook_event")
        return [tuple(row) for row in rows]


BODY = json.dumps(an_event()).encode()
GOOD = signed(BODY)


@pytest.mark.parametrize(
    ("signature", "status"),
    [
        (f"t={NOW},v1={GOOD}", 200),
        (f"v1={GOOD},t={NOW}", 200),
        (f"t={NOW},v1={FORGED},v1={GOOD},v0=x", 200),
        (f"t={NOW}," + ",".join([f"v1={FORGED}"] * 500) + f",v1={GOOD}", 200),
        (f"t={NOW},v1={GOOD[:-1]}", 400),
        (f"t={NOW},v1={GOOD.upper()}", 400),
        (f"t={NOW},v1={FORGED}", 400),
        (f"t={NOW},v0={GOOD}", 400),
        (f"t={NOW + 1},v1={GOOD}", 400),
        (f"t={NOW - 301},v1={signed(BODY, at=NOW - 301)}", 400),
        (f"t={NOW + 301},v1={signed(BODY, at=NOW + 301)}", 400),
        (f"t={NOW},t={NOW},v1={GOOD}", 400),
        (f"t=-{NOW},v1={GOOD}", 400),
        (f"t={'9' * 5000},v1={GOOD}", 400),
        (f"t=,v1={GOOD}", 400),
        (f"v1={GOOD}", 400),
        (GOOD, 400),
        ("", 400),
        ("\xff\xfe=\xfd", 400),
        (None, 400),
    ],
)
async def test_only_a_signature_of_ours_and_of_now_opens_the_door(
    service: PaymentsService, signature: str | None, status: int
) -> None:
    headers = [] if signature is None else [(b"Stripe-Signature", signature.encode("latin-1"))]
    async with client(service) as http:
        answer = await http.post(DOOR, content=BODY, headers=headers)

    assert answer.status_code == status
    assert len(await stored(service)) == (status == 200)


async def test_a_webhook_that_is_sent_again_is_acknowledged_and_changes_nothing(
    service: PaymentsService,
) -> None:
    async with client(service) as http:
        answers = [
            await http.post(DOOR, content=BODY, headers=header(BODY, at=NOW + n)) for n in range(3)
        ]

    assert [answer.json()["repeated"] for answer in answers] == [False, True, True]
    assert len(await stored(service)) == 1


@pytest.mark.parametrize(
    ("event", "status", "subject"),
    [
        (an_event(type="invoice.created"), 200, "nothing"),
        (an_event(type="a.type.of.tomorrow"), 200, "nothing"),
        (an_event(data={"object": {"id": 7}}), 200, "nothing"),
        (an_event(data={"object": {"id": "pi_\x00"}}), 200, "nothing"),
        (an_event(data={"object": {"id": "x" * 100_000}}), 200, "nothing"),
        (an_event(data={"object": []}), 200, "nothing"),
        (an_event(data={"object": {"id": "pi_1", "status": "a\x00b"}}), 200, "intent"),
        (an_event(data={"object": {"id": "pi_1", "metadata": {"order_id": "\0"}}}), 200, "intent"),
        (an_event(livemode=True), 400, None),
        (an_event(livemode="false"), 400, None),
        (an_event(id="evt_\x00"), 400, None),
        (an_event(id="e" * 3_000), 400, None),
        (an_event(type="x" * 300), 400, None),
        (an_event(created=10**15), 400, None),
        (an_event(created=-1), 400, None),
        (an_event(created=1.5), 400, None),
        (an_event(data=[]), 400, None),
        (an_event(data={}), 400, None),
        ([an_event()], 400, None),
    ],
)  # fmt: skip
async def test_what_is_signed_and_odd_is_kept_or_refused(
    service: PaymentsService, event: object, status: int, subject: str | None
) -> None:
    body = json.dumps(event).encode()
    async with client(service) as http:
        answer = await http.post(DOOR, content=body, headers=header(body))

    assert answer.status_code == status
    assert [row[2] for row in await stored(service)] == ([subject] if subject else [])


async def test_whatever_is_signed_no_fault_comes_of_it(service: PaymentsService) -> None:
    rng = Random(1)
    fields = [*an_event(), "object"]
    async with client(service) as http:
        for _ in range(300):
            event: Any = an_event()
            for field in rng.sample(fields, rng.randrange(1, 4)):
                if field == "object":
                    event["data"] = {"object": {"id": "pi_1", a_text(rng): anything(rng)}}
                else:
                    event[field] = anything(rng)
            body = json.dumps(event).encode()
            answer = await http.post(DOOR, content=body, headers=header(body))
            assert answer.status_code in {200, 400}, (answer.text, body)
        for body in (b"", b"\x00", b"\xff\xfe", b"{", b"NaN", deep(100_000).encode()):
            answer = await http.post(DOOR, content=body, headers=header(body))
            assert answer.status_code == 400, body


# --- as it is served: over a socket, in a process whose memory is watched ---------------------


@pytest.fixture(scope="module")
async def door() -> AsyncGenerator[Served]:
    async with fresh_database("payments") as url:
        settings = {
            "WAREFLOW_PAYMENTS_DATABASE_URL": url,
            "WAREFLOW_LOG_URL": url,
            "WAREFLOW_PAYMENTS_GATEWAY_URL": "http://127.0.0.1:9",
            "WAREFLOW_PAYMENTS_GATEWAY_KEY": "sk_test_sandbox",
            "WAREFLOW_PAYMENTS_GATEWAY_PUBLISHABLE_KEY": "pk_test_sandbox",
            "WAREFLOW_PAYMENTS_WEBHOOK_SECRETS": json.dumps([SECRET]),
            "WAREFLOW_PAYMENTS_WEBHOOK_BODY_TIMEOUT": "4",
        }
        async with running_service("payments", settings) as found:
            yield found


class Stranger:
    """A connection that says what it wants, in its own time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def at(cls, door: Served, *lines: str, signature: str | None = None) -> "Stranger":
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        stranger = cls(reader, writer)
        mark = signature or f"t={int(time.time())},v1={FORGED}"
        head = [f"POST {DOOR} HTTP/1.1", "Host: shop", f"Stripe-Signature: {mark}", *lines, "", ""]
        writer.write("\r\n".join(head).encode())
        return stranger

    async def send(self, size: int) -> None:
        """A chunk of nothing."""
        self._writer.write(b"%x\r\n%s\r\n" % (size, bytes(size)))
        async with asyncio.timeout(5):
            await self._writer.drain()

    async def status(self, *, within: float = 10) -> int:
        """What is answered."""
        async with asyncio.timeout(within):
            return int((await self._reader.readline()).split()[1])

    def leave(self) -> None:
        self._writer.close()


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize("signature", ["nonsense", f"t={NOW},v1={FORGED}", f"t={NOW}"])
async def test_a_signature_that_fits_no_body_is_refused_before_the_body(
    door: Served, signature: str
) -> None:
    stranger = await Stranger.at(door, "Content-Length: 1000000", signature=signature)

    assert await stranger.status() == 400
    stranger.leave()


async def test_ten_megabytes_are_refused_as_soon_as_they_are_announced(door: Served) -> None:
    stranger = await Stranger.at(door, f"Content-Length: {10 * MEGABYTE}")

    assert await stranger.status() == 413
    stranger.leave()


async def test_ten_megabytes_that_are_not_announced_are_refused_when_they_are_one(
    door: Served,
) -> None:
    stranger = await Stranger.at(door, CHUNKED)
    for _ in range(9):
        await stranger.send(MEGABYTE // 8)

    assert await stranger.status() == 413
    stranger.leave()


async def test_a_body_that_does_not_come_is_not_waited_for(door: Served) -> None:
    stranger = await Stranger.at(door, CHUNKED)
    await stranger.send(10)

    assert await stranger.status() == 408
    stranger.leave()


async def test_a_stranger_who_leaves_amid_a_body_is_no_fault_of_ours(door: Served) -> None:
    stranger = await Stranger.at(door, CHUNKED)
    await stranger.send(10)
    stranger.leave()

    async with httpx.AsyncClient(base_url=door.url) as http:

        async def is_counted() -> bool:
            metrics = (await http.get("/metrics")).text
            assert 'status="500"' not in metrics
            return any(f'route="{DOOR}",service="payments",status="499"' in line
                       for line in metrics.splitlines())  # fmt: skip

        await eventually(is_counted, within=20)


async def test_a_flood_of_large_bodies_takes_bounded_memory_and_shuts_nobody_out(
    door: Served,
) -> None:
    async with httpx.AsyncClient(base_url=door.url) as http:
        body = json.dumps(an_event(created=int(time.time()))).encode()
        _ = await http.post(DOOR, content=body, headers=header(body, at=int(time.time())))
        before = door.most_memory()
        flood = [await Stranger.at(door, CHUNKED) for _ in range(120)]
        for _ in range(7):
            _ = await asyncio.gather(
                *(one.send(MEGABYTE // 8) for one in flood), return_exceptions=True
            )
        began = time.monotonic()
        real = await http.post(DOOR, content=body, headers=header(body, at=int(time.time())))
        alive = await http.get("/health/live")
        took = time.monotonic() - began
        answers = await asyncio.gather(*(one.status() for one in flood))
        for one in flood:
            one.leave()

    assert (real.status_code, alive.status_code) == (200, 200)
    assert took < 3, f"the others waited {took:.1f} s"
    assert set(answers) <= {408, 503}
    assert 503 in answers
    grown = (door.most_memory() - before) / MEGABYTE
    assert grown < 64, f"120 bodies of 0.9 MB took {grown:.0f} MB"
