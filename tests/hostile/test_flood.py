"""Others are still served while hundreds of slow clients and large bodies are at the door."""

from tests.hostile.flood import report, shop_under_flood

GROWTH = 200
"""Megabytes."""


async def test_a_flood_is_not_noticed_by_those_who_ask_for_a_page() -> None:
    outcome = await shop_under_flood(seconds=6, connections=200)
    told = report(outcome)
    assert set(outcome.during.statuses) == {"200"}, told
    assert outcome.during.at(0.5) < outcome.before.at(0.5) * 10 + 500, told
    assert outcome.memory_during < outcome.memory_before + GROWTH, told
