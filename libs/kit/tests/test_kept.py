"""Public answers are kept for a moment, by HTTP's own rules."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from wareflow_kit.web import kept
from wareflow_kit.web.kept import KeptAnswers

PUBLIC = {"Cache-Control": "public, max-age=5", "ETag": '"one"', "Vary": "Authorization"}


@dataclass
class Shelf:
    """An app that counts how often it was asked."""

    headers: Mapping[str, str] = field(default_factory=lambda: PUBLIC)
    body: str = "a mug"
    asked: int = 0
    wait_for: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "GET":
            self.asked += 1
            body = self.body
            if self.wait_for:
                await self.wait_for.wait()
            answer = Response(body, status_code=404 if "gone" in scope["path"] else 200)
        else:
            self.body = "a jug"
            answer = Response(status_code=409 if "refused" in scope["path"] else 204)
        answer.headers.update(self.headers)
        await answer(scope, receive, send)


def asking(shelf: Shelf, *, seconds: float = 60) -> httpx.AsyncClient:
    app = KeptAnswers(shelf, service="shelf", seconds=seconds)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shelf")


async def test_a_public_answer_is_made_once() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        first, second = await http.get("/mug"), await http.get("/mug")
    assert shelf.asked == 1
    assert (second.text, second.headers["etag"]) == (first.text, '"one"')
    assert second.headers["age"] == "0"
    assert "age" not in first.headers


async def test_another_query_is_another_answer() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        for path in ("/mug", "/mug?locale=de", "/jug"):
            _ = await http.get(path)
    assert shelf.asked == 3


async def test_who_has_it_already_is_told_so() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        _ = await http.get("/mug")
        known = await http.get("/mug", headers={"If-None-Match": 'W/"zero", "one"'})
        other = await http.get("/mug", headers={"If-None-Match": '"two"'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", '"one"')
    assert (other.status_code, other.text) == (200, "a mug")


async def test_an_answer_to_one_who_has_it_is_kept_whole_for_the_others() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        known = await http.get("/mug", headers={"If-None-Match": '"one"'})
        again = await http.get("/mug", headers={"If-None-Match": "*"})
        other = await http.get("/mug")
    assert shelf.asked == 1
    assert [(a.status_code, a.content) for a in (known, again)] == [(304, b"")] * 2
    assert known.headers["etag"] == '"one"'
    assert not {"content-length", "content-type"} & known.headers.keys()
    assert (other.status_code, other.text) == (200, "a mug")


async def test_an_answer_is_kept_for_a_moment_only() -> None:
    shelf = Shelf()
    async with asking(shelf, seconds=0.02) as http:
        _ = await http.get("/mug")
        await asyncio.sleep(0.03)
        _ = await http.get("/mug")
    assert shelf.asked == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cache-Control": "private, max-age=5"},
        {"Cache-Control": "no-store"},
        {"Cache-Control": "public, max-age=0"},
        {"Cache-Control": "public, max-age=5", "Vary": "Accept-Language"},
        {"Cache-Control": "public, max-age=5", "Set-Cookie": "a=b"},
    ],
    ids=str,
)
async def test_what_is_not_for_everybody_is_not_kept(headers: Mapping[str, str]) -> None:
    shelf = Shelf(headers)
    async with asking(shelf) as http:
        for _ in range(2):
            _ = await http.get("/mug")
    assert shelf.asked == 2


async def test_a_refusal_is_not_kept() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        for _ in range(2):
            _ = await http.get("/gone")
    assert shelf.asked == 2


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer x"}, {"Cache-Control": "no-cache"}], ids=str
)
async def test_a_token_and_no_cache_ask_past_it(headers: Mapping[str, str]) -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        _ = await http.get("/mug")
        shelf.body = "a jug"
        assert (await http.get("/mug", headers=headers)).text == "a jug"


async def test_a_token_leaves_nothing_behind_for_others() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        _ = await http.get("/mug", headers={"Authorization": "Bearer x"})
        _ = await http.get("/mug")
    assert shelf.asked == 2


async def test_who_changed_something_sees_it() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        _ = await http.get("/mug")
        _ = await http.put("/mug")
        assert (await http.get("/mug")).text == "a jug"


async def test_a_change_that_is_refused_changes_nothing() -> None:
    shelf = Shelf()
    async with asking(shelf) as http:
        _ = await http.get("/mug")
        _ = await http.put("/refused")
        _ = await http.get("/mug")
    assert shelf.asked == 1


async def test_an_answer_that_a_change_overtook_is_not_kept() -> None:
    shelf = Shelf(wait_for=asyncio.Event())
    async with asking(shelf) as http:
        slow = asyncio.create_task(http.get("/mug"))
        while not shelf.asked:  # noqa: ASYNC110  the app has no event for it
            await asyncio.sleep(0)
        _ = await http.put("/mug")
        assert shelf.wait_for is not None
        shelf.wait_for.set()
        assert (await slow).text == "a mug"
        assert (await http.get("/mug")).text == "a jug"


async def test_the_oldest_go_when_there_is_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST_BYTES", 3 * 1200)
    shelf = Shelf()
    async with asking(shelf) as http:
        for number in range(4):
            _ = await http.get(f"/mug/{number}")
        _ = await http.get("/mug/3")
        assert shelf.asked == 4
        _ = await http.get("/mug/0")
    assert shelf.asked == 5


async def test_what_is_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_LARGEST", 3)
    shelf = Shelf()
    async with asking(shelf) as http:
        for _ in range(2):
            _ = await http.get("/mug")
    assert shelf.asked == 2
