"""Database addresses: one setting, in the forms that SQLAlchemy and asyncpg want."""

from sqlalchemy.engine import URL, make_url


def async_url(url: str) -> URL:
    """For SQLAlchemy's asyncpg dialect; `sslmode=` is called `ssl=` there."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    if "sslmode" in parsed.query:
        parsed = parsed.update_query_dict({"ssl": parsed.query["sslmode"]})
        parsed = parsed.difference_update_query(["sslmode"])
    return parsed


def dsn(url: str, *, database: str | None = None) -> str:
    """For asyncpg itself and for libpq; of another database on the same server if named."""
    parsed = make_url(url).set(drivername="postgresql")
    if "ssl" in parsed.query:
        parsed = parsed.update_query_dict({"sslmode": parsed.query["ssl"]})
        parsed = parsed.difference_update_query(["ssl"])
    if database is not None:
        parsed = parsed.set(database=database)
    return parsed.render_as_string(hide_password=False)


def database_of(url: str) -> str:
    """The name of the database an address points to; `ValueError` if it names none."""
    name = make_url(url).database
    if not name:
        raise ValueError("the database address names no database")
    return name
