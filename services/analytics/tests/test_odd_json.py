"""JSON that is allowed and yet unreasonable: refused, kept as bad, never a fault."""

import httpx
import pytest

GOOD = (
    '{"event_id": "01920000-0000-7000-8000-00000000000%d", "name": "view_item", "visitor_id": "v",'
    ' "occurred_at": "2026-01-01T00:00:00Z", "items": [{"item_id": "a", "quantity": %s}]}'
)
ODD = {
    "nested a little": "[" * 100 + "]" * 100,
    "nested deep": "[" * 900 + "]" * 900,
    "nested without an end": "[" * 200_000,
    "objects in objects": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "not a number": GOOD % (1, "NaN"),
    "infinite": GOOD % (2, "1e999"),
    "over 64 bits": GOOD % (3, "9" * 40),
    "of thousands of digits": GOOD % (4, "9" * 20_000),
    "an unpaired surrogate": '{"name": "\\ud800"}',
    "half a character in a visitor": (GOOD % (5, "1")).replace('"v"', '"\\ud800"'),
    "a long name": '{"%s": 1}' % ("n" * 200_000),
}


@pytest.mark.parametrize("name", ODD)
async def test_it_is_refused_or_kept_as_bad(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.post(
        "/analytics/v1/collect",
        content=f'{{"events": [{ODD[name]}]}}',
        headers={"Content-Type": "application/json"},
    )
    if answer.status_code == 202:
        assert answer.json()["accepted"] == 0
    else:
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.content) < 10_000
