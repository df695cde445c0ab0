"""The ledger's rules in the database itself: what is posted balances, and stays as it is."""

from typing import Any

from sqlalchemy import Connection, MetaData, event, text

from payments.model.base import Base

STATEMENTS = (
    """
CREATE FUNCTION ledger_entry_is_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM ledger_entry e WHERE e.group_id = NEW.group_id
        GROUP BY e.currency HAVING sum(e.amount) <> 0
    ) THEN
        RAISE EXCEPTION 'ledger group % does not sum to zero', NEW.group_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_group_sums_to_zero';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION ledger_group_is_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entry e WHERE e.group_id = NEW.id) THEN
        RAISE EXCEPTION 'ledger group % has no entries', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_group_has_entries';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: a mistake is corrected by another group'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_is_append_only';
END $$
""",
    """
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_balanced()
""",
    """
CREATE CONSTRAINT TRIGGER ledger_group_posted AFTER INSERT ON ledger_group
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_group_is_posted()
""",
    """
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
""",
    """
CREATE TRIGGER ledger_group_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_group
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
""",
)
"""Balance is looked at when the transaction commits, since a group is whole only then."""


@event.listens_for(Base.metadata, "after_create")
def add_rules(_metadata: MetaData, connection: Connection, **_options: Any) -> None:
    """Give a schema that is made from the models the same rules as a migrated one."""
    for statement in STATEMENTS:
        _ = connection.execute(text(statement))
