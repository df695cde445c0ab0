"""A promise as SQL: the query returns the rows that break it, so an empty answer means it holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `wareflow verify`; the name reads as the promise."""

    name: str
    sql: str
