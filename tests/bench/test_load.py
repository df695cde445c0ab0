"""The load generator: a lean client, and figures of what it saw."""

import asyncio
import itertools
from collections.abc import AsyncGenerator

import pytest
from bench.children import floor
from bench.client import Connection, Lost, request
from bench.load import Pace, Reads, Round, Unexpected, compared, figure, medians, percentile

BODY = b'{"title": "Mug"}'
PAGE = request("GET", "/catalog/v1/products/1")


@pytest.fixture(scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """A bare program that answers the same bytes."""
    folder = tmp_path_factory.mktemp("floor")
    body = folder / "body.json"
    _ = body.write_bytes(BODY)
    async with floor("same_bytes", str(body), output=folder / "log") as address:
        yield address


async def test_an_answer_has_status_body_and_etag(address: str) -> None:
    line = Connection(address)
    answer = await line.ask(PAGE)
    assert (answer.status, answer.body, answer.json()) == (200, BODY, {"title": "Mug"})
    assert answer.etag
    assert (await line.ask(request("GET", "/nothing"))).status == 404
    line.close()


async def test_a_connection_that_was_closed_is_opened_again(address: str) -> None:
    line = Connection(address)
    _ = await line.ask(PAGE)
    line.close()
    assert (await line.ask(PAGE)).status == 200
    line.close()


async def test_an_answer_that_is_cut_off_is_lost() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _ = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
        line = Connection(f"http://127.0.0.1:{port}")
        with pytest.raises(Lost):
            _ = await line.ask(PAGE)


def test_a_request_says_what_it_carries() -> None:
    sent = request("POST", "/x", headers={"A": "b"}, json={"n": 1})
    head, _, body = sent.partition(b"\r\n\r\n")
    assert body == b'{"n":1}'
    assert head.startswith(b"POST /x HTTP/1.1\r\n")
    assert b"A: b\r\n" in head
    assert b"Content-Length: 7" in head


async def test_contenders_are_measured_in_turns(address: str) -> None:
    pace = Pace(rounds=2, seconds=0.05, warm_up=0.01, at_once=2)
    both = await compared(pace, *(Reads(address, itertools.repeat(PAGE)) for _ in range(2)))
    assert len(both) == 2
    assert all(one.rate > 0 and 0 < one.p50 <= one.p99 for one in both)


async def test_an_answer_that_is_not_expected_ends_the_measure(address: str) -> None:
    wrong = Reads(address, itertools.repeat(request("GET", "/nothing")))
    with pytest.raises(Unexpected, match="404"):
        _ = await wrong.for_a_while(0.05, at_once=1)


def test_a_figure_is_the_median_of_the_rounds() -> None:
    rounds = [Round(1.0, [0.001] * n) for n in (100, 300, 200)]
    assert figure(rounds).rate == 200
    assert figure(rounds).p99 == pytest.approx(1.0)


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(list(range(100)), 0.99) == 99
    assert percentile([7], 0.99) == 7


async def test_medians_of_works_that_take_turns() -> None:
    turns: list[str] = []

    async def work(name: str, values: list[float]) -> float:
        turns.append(name)
        return values.pop(0)

    first, second = [1.0, 9.0, 2.0], [5.0, 4.0, 6.0]
    found = await medians(3, lambda: work("a", first), lambda: work("b", second))
    assert found == [2.0, 5.0]
    assert turns == ["a", "b"] * 3
