"""Is the schema the sum of its migrations? Both are built and their catalogues compared."""

from sqlalchemy import Connection, MetaData, NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from wareflow_kit.urls import async_url

_SCRATCH = "schema_as_declared"

# A line of text per column, constraint, index, sequence and storage option of the first schema in
# search_path. Names in there resolve without their schema, so both sides read alike. Partitions are
# left out: they are made at run time.
_CATALOGUE = """
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, c.reloptions FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition
      AND c.relname <> 'alembic_version'
)
SELECT r.relname || ' column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attcollation NOT IN (0, t.typcollation)
          THEN ' collate ' || a.attcollation::regcollation::text ELSE '' END
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
       || CASE WHEN a.attidentity <> '' THEN ' identity ' || a.attidentity::text ELSE '' END
       || CASE WHEN a.attgenerated <> '' THEN ' generated' ELSE '' END
       || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM relation r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p')
UNION ALL
SELECT r.relname || ' constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid, true)
FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
WHERE r.relkind IN ('r', 'p') AND k.contype <> 'n'
UNION ALL
SELECT r.relname || ' index ' || pg_get_indexdef(i.indexrelid, 0, true)
FROM relation r JOIN pg_index i ON i.indrelid = r.oid
WHERE r.relkind IN ('r', 'p', 'm')
UNION ALL
SELECT r.relname || ' partitioned by ' || pg_get_partkeydef(r.oid)
FROM relation r WHERE r.relkind = 'p'
UNION ALL
SELECT r.relname || ' sequence' FROM relation r WHERE r.relkind = 'S'
UNION ALL
SELECT r.relname || ' with ' || array_to_string(ARRAY(SELECT unnest(r.reloptions) ORDER BY 1), ', ')
FROM relation r WHERE r.relkind IN ('r', 'p') AND r.reloptions IS NOT NULL
"""


async def schema_drift(service_package: str, url: str, metadata: MetaData) -> list[str]:
    """What the migrated database at `url` has otherwise than `metadata` says; empty when alike.

    The declared schema is created beside the migrated one, in a transaction that is rolled back.
    """
    engine = create_async_engine(async_url(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            migrated, declared = await connection.run_sync(_both, metadata)
    finally:
        await engine.dispose()
    missing = [f"{service_package}: no migration makes: {line}" for line in declared - migrated]
    excess = [f"{service_package}: the model lacks: {line}" for line in migrated - declared]
    return sorted(missing) + sorted(excess)


def _both(connection: Connection, metadata: MetaData) -> tuple[set[str], set[str]]:
    migrated = set(connection.execute(text(_CATALOGUE)).scalars())
    _ = connection.execute(text(f"CREATE SCHEMA {_SCRATCH}"))
    _ = connection.execute(text(f"SET LOCAL search_path = {_SCRATCH}, public"))
    metadata.create_all(connection, checkfirst=False)
    declared = set(connection.execute(text(_CATALOGUE)).scalars())
    connection.rollback()
    return migrated, declared
