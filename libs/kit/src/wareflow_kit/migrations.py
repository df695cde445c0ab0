"""Migrations of a service: `run` is all that its `migrations/env.py` says.

`python -m wareflow_kit.migrations revision <package> -m "<what changes>"` writes a new one.
"""

from alembic import context
from sqlalchemy import MetaData
from sqlalchemy.schema import SchemaItem


def run(metadata: MetaData) -> None:
    """What a service's `migrations/env.py` calls; each migration is a transaction of its own."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        include_object=_never_drop_unknown_tables,
    )
    with context.begin_transaction():
        context.run_migrations()


def _never_drop_unknown_tables(
    _item: SchemaItem,
    _name: str | None,
    kind: str,
    reflected: bool,  # noqa: FBT001  Alembic's signature
    counterpart: SchemaItem | None,
) -> bool:
    # Partitions are made at run time; and a table that is no longer used is dropped by hand.
    return not (kind == "table" and reflected and counterpart is None)


if __name__ == "__main__":
    from wareflow_kit.revisions import main

    main()
