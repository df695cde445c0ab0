"""Pages hold on to the last row's key, and a foreign cursor is refused."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wareflow_kit.paging import InvalidCursor, decode_cursor, encode_cursor, page

NUL = "\x00"


@given(
    st.text(st.characters(codec="utf-8", exclude_characters=NUL)),
    st.integers(-(2**63), 2**63 - 1),
    st.uuids(),
    st.datetimes(timezones=st.just(UTC)),
)
def test_a_cursor_gives_back_its_values(text: str, number: int, some: UUID, at: datetime) -> None:
    cursor = encode_cursor(text, number, some)
    assert decode_cursor(cursor, str, int, UUID) == (text, number, some)
    assert decode_cursor(encode_cursor(at, None), datetime, UUID | None) == (at, None)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "é",
        "not base64!",
        encode_cursor("a"),
        encode_cursor("a", 1, 2),
        encode_cursor(1, "a"),
        encode_cursor("a", "b"),
        "e30",
        "\x00",
    ],
)
def test_any_other_text_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidCursor):
        _ = decode_cursor(wrong, str, int)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2**63, int),
        (-(2**63) - 1, int),
        (f"a{NUL}b", str),
        ("2026-01-01T00:00:00", datetime),
        ("0001-01-01T00:00:00+14:00", datetime),
        ("9999-12-31T23:59:59-12:00", datetime),
    ],
)
def test_what_no_row_can_hold_is_refused(value: str | int, kind: type[object]) -> None:
    made_up = urlsafe_b64encode(json.dumps([value]).encode()).decode()
    with pytest.raises(InvalidCursor):
        _ = decode_cursor(made_up, kind)


@given(st.text())
def test_no_text_breaks_the_decoder(text: str) -> None:
    try:
        _ = decode_cursor(text, UUID)
    except InvalidCursor:
        return
    raise AssertionError("only an encoded id is one")


def test_the_last_page_has_no_next() -> None:
    rows = [3, 4, 5]
    first = page(rows, limit=2, render=str, key=lambda n: (n,))
    assert first.items == ["3", "4"]
    assert first.next is not None
    assert decode_cursor(first.next, int) == (4,)
    assert page(rows, limit=3, render=str, key=lambda n: (n,)).next is None
    assert page(rows[:0], limit=3, render=str, key=lambda n: (n,)).items == []


async def test_reading_on_shows_each_item_once(
    staff: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    for n in range(5):
        headers = {"Idempotency-Key": str(uuid4())}
        _ = await staff.post("/shop/v1/items", json={"name": f"n{n}", "price": n}, headers=headers)
    seen: list[str] = []
    query: dict[str, str] = {}
    while True:
        answer = (await http.get("/shop/v1/items", params=query)).json()
        seen += [item["name"] for item in answer["items"]]
        if answer["next"] is None:
            break
        query = {"after": answer["next"]}
    assert seen == ["n0", "n1", "n2", "n3", "n4"]
