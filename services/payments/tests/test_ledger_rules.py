"""The ledger's rules, tried against the database itself."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from payments.testing import Bench, a_refund_due

GROUP = """
INSERT INTO ledger_group (id, kind, reference, order_id, livemode, occurred_at, posted_at)
VALUES (:id, 'capture', :reference, :id, :livemode, now(), now())
"""
ENTRY = """
INSERT INTO ledger_entry (group_id, line, account, amount, currency, livemode)
VALUES (:id, :line, :account, :amount, :currency, false)
"""


async def post(
    bench: Bench, *entries: tuple[str, int, str], reference: str = "pi", livemode: bool = False
) -> None:
    group_id = uuid4()
    async with bench.engine.begin() as connection:
        _ = await connection.execute(
            text(GROUP), {"id": group_id, "reference": reference, "livemode": livemode}
        )
        for line, (account, amount, currency) in enumerate(entries):
            row = {"id": group_id, "line": line, "account": account}
            _ = await connection.execute(
                text(ENTRY), {**row, "amount": amount, "currency": currency}
            )


def rule(error: pytest.ExceptionInfo[DBAPIError]) -> str | None:
    cause = error.value.orig.__cause__ if error.value.orig else None
    return getattr(cause, "constraint_name", None)


@pytest.mark.parametrize(
    ("entries", "broken"),
    [
        ([("processor", 100, "EUR"), ("receivable", -99, "EUR")], "ledger_group_sums_to_zero"),
        ([("processor", 100, "EUR"), ("receivable", -100, "USD")], "ledger_group_sums_to_zero"),
        ([("processor", 100, "EUR")], "ledger_group_sums_to_zero"),
        ([], "ledger_group_has_entries"),
        ([("processor", 0, "EUR")], "ledger_entry_amount_not_zero"),
        ([("pocket", 1, "EUR"), ("processor", -1, "EUR")], "ledger_entry_account_fkey"),
    ],
)
async def test_what_does_not_balance_is_not_committed(
    unchecked: Bench, entries: Sequence[tuple[str, int, str]], broken: str
) -> None:
    with pytest.raises(DBAPIError) as error:
        await post(unchecked, *entries)
    assert rule(error) == broken
    assert await unchecked.rows("SELECT count(*) FROM ledger_group") == [(0,)]


async def test_a_group_in_two_currencies_balances_in_each(unchecked: Bench) -> None:
    await post(
        unchecked,
        ("processor", 100, "EUR"),
        ("receivable", -100, "EUR"),
        ("processor", 7, "JPY"),
        ("receivable", -7, "JPY"),
    )
    assert await unchecked.rows("SELECT count(*) FROM ledger_entry") == [(4,)]


async def test_the_same_movement_is_not_posted_twice(unchecked: Bench) -> None:
    await post(unchecked, ("processor", 1, "EUR"), ("receivable", -1, "EUR"))
    with pytest.raises(DBAPIError) as error:
        await post(unchecked, ("processor", 1, "EUR"), ("receivable", -1, "EUR"))
    assert rule(error) == "ledger_group_posted_once"


async def test_test_money_is_not_entered_in_a_group_of_real_money(unchecked: Bench) -> None:
    entries = [("processor", 1, "EUR"), ("receivable", -1, "EUR")]
    with pytest.raises(DBAPIError) as error:
        await post(unchecked, *entries, livemode=True)
    assert rule(error) == "ledger_entry_group_id_livemode_fkey"


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_group"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET livemode = true", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_what_is_posted_can_not_be_changed(bench: Bench, table: str, change: str) -> None:
    _ = await bench.captured()
    with pytest.raises(DBAPIError) as error:
        async with bench.engine.begin() as connection:
            _ = await connection.execute(text(change.format(table)))
    assert rule(error) == "ledger_is_append_only"


async def test_captures_and_refunds_stand_on_the_accounts(bench: Bench) -> None:
    payment = await bench.captured(amount=1000)
    await bench.hear(a_refund_due(payment.order_id, 300))
    await bench.run_operations()
    balances = await bench.rows(
        "SELECT account, sum(amount)::int FROM ledger_entry GROUP BY account ORDER BY account"
    )
    assert balances == [("processor", 700), ("receivable", -1000), ("refunds", 300)]
