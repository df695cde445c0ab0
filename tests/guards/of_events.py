"""The guards of outbox, relay, log, inbox and dead letters."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from tests.guards.guard import Guard, proofs
from tests.guards.off import replaced, rewritten

from wareflow_events import deadletter, erasure, inbox, outbox, relay
from wareflow_events.postgres import producer

_HERE = "libs/events/tests"
_ORDERS = "services/orders/tests/usecases"


def _in_a_transaction_of_its_own(write: Any) -> Any:
    async def write_at_once(
        connection: AsyncConnection, pending: Sequence[outbox.Pending], **named: Any
    ) -> None:
        async with connection.engine.begin() as another:
            await write(another, pending, **named)

    return write_at_once


_UNLOCKED = """raised AS (
    SELECT p.topic, p.key, max(coalesce(s.sequence, 0)) + count(*) AS sequence
    FROM pending p LEFT JOIN event_stream s USING (topic, key)
    WHERE p.sequenced GROUP BY p.topic, p.key
), kept AS (
    INSERT INTO event_stream (topic, key, sequence) SELECT topic, key, sequence FROM raised
    ON CONFLICT (topic, key) DO UPDATE SET sequence = excluded.sequence
)
INSERT INTO outbox"""


def _numbered_before_the_lock(statement: str) -> str:
    before, rest = statement.split("raised AS (")
    _, after = rest.split("INSERT INTO outbox")
    return before + _UNLOCKED + after


_ALL_ARE_NEW = """
SELECT e.event_id FROM unnest($3::uuid[]) AS e (event_id)
WHERE $1::smallint IS NOT NULL AND $2::smallint IS NOT NULL
"""

OF_EVENTS = (
    Guard(
        "outbox",
        "an event is told of what was never committed",
        replaced(outbox, "write", _in_a_transaction_of_its_own),
        proofs(_HERE, test_outbox="test_what_was_rolled_back_leaves_no_hole"),
    ),
    Guard(
        "stream-seq",
        "two events of a key have one number, or the later one goes first",
        replaced(outbox, "_WRITE", _numbered_before_the_lock),
        proofs(_HERE, test_outbox="test_rivals_leave_no_hole_and_no_inversion"),
    ),
    # What it keeps from happening is the second copy of each event only: both relays read the
    # lowest ids first, and the inbox drops what comes twice.
    Guard(
        "relay-leader",
        "two relays send the same events",
        replaced(relay, "_LOCK", lambda _: "SELECT true"),
        proofs(_HERE, test_relay="test_one_leads_and_another_takes_over"),
    ),
    Guard(
        "log-heads",
        "two writers take the same position of the log",
        rewritten(producer, "_APPEND", " FOR UPDATE", ""),
        proofs(
            _HERE,
            test_postgres_log="TestPostgresLog::"
            "test_writers_that_meet_lose_nothing_and_keep_their_order",
        ),
    ),
    # Payments stays green without it: there every effect has a natural key as well.
    Guard(
        "inbox",
        "an event that comes twice is applied twice",
        replaced(inbox, "_FIRST_TIME", lambda _: _ALL_ARE_NEW),
        proofs(_HERE, test_consumer="test_a_duplicate_never_reaches_a_handler")
        + proofs(_ORDERS, test_saga="test_an_order_in_stock_and_paid_ends_confirmed"),
    ),
    # The inbox alone would keep a zombie's batch from being applied again; but not, in a rebuild,
    # its place from being taken over and all before it from being lost.
    Guard(
        "offset",
        "a member that stood still moves its group's place",
        rewritten(inbox, "_ADVANCE", " AND o.next = b.before", ""),
        proofs(
            _HERE,
            test_inbox="test_who_stands_elsewhere_is_fenced",
            test_rebuild="test_a_batch_fetched_before_a_rebuild_does_not_take_its_place_with_it",
        ),
    ),
    Guard(
        "too-old",
        "an event that the inbox has forgotten is applied again",
        replaced(inbox, "RETENTION", lambda _: timedelta(days=3650)),
        proofs(
            _HERE,
            test_consumer="test_an_event_that_the_inbox_may_have_forgotten_is_never_applied",
        ),
    ),
    Guard(
        "parked-keys",
        "an event overtakes an earlier one of its key that is a dead letter",
        rewritten(deadletter, "_PARKED", "WHERE consumer", "WHERE false AND consumer"),
        proofs(_HERE, test_consumer="test_later_events_of_a_parked_key_follow_it_in_order"),
    ),
    Guard(
        "redrive-lock",
        "an event overtakes the letter that was kept while its key was redriven",
        rewritten(deadletter, "_LOCK_KEY", " FOR UPDATE", ""),
        proofs(
            _HERE,
            test_deadletter="test_a_park_stays_for_the_letter_put_behind_the_last_that_is_redriven",
        ),
    ),
    Guard(
        "dead-letter-order",
        "the letters of a key are redriven in another order",
        rewritten(deadletter, "_NEXT", "ORDER BY id LIMIT", "ORDER BY id DESC LIMIT"),
        proofs(_HERE, test_rebuild="test_letters_are_redriven_in_order_and_the_key_goes_on"),
    ),
    Guard(
        "erased-check",
        "somebody who was erased is written down again",
        rewritten(erasure, "_ERASED", "WHERE", "WHERE false AND"),
        proofs(_HERE, test_erasure="test_nothing_is_written_about_the_erased")
        + proofs(_ORDERS, test_customers="test_a_token_that_is_still_valid_brings_nobody_back"),
    ),
    Guard(
        "erased-lock",
        "somebody is written down while they are erased",
        replaced(erasure, "_LOCK", lambda _: "SELECT $1::uuid"),
        proofs(_HERE, test_erasure="test_an_erasure_waits_for_who_is_writing_just_now"),
    ),
)
