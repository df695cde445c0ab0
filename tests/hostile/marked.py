"""A shop in a process of its own, a person whose every word is marked, and where marks stand."""

import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from tests.hostile.shop_process import running_shop
from tests.integration.story import Story

from wareflow import state
from wareflow.house import open_house
from wareflow.shop import Placed
from wareflow_events.event import Kind, topics
from wareflow_postgres.cluster import PASSWORD

Row = Any

PERSON: dict[str, str] = {
    "email": "zqmail@example.com",
    "name": "Zqname Marked",
    "company": "Zqcompany",
    "street": "Zqstreet 1",
    "flat": "Zqflat 2",
    "phone": "+49 zqphone",
    "billed": "Zqbilled Marked",
    "account": "zqaccount@example.com",
    "holder": "Zqholder Marked",
    "password": "zqpassword battery",
    "guess": "zqguess battery",
    "stray": "zqstray@example.com",
}
_TABLES = """
SELECT table_schema || '.' || table_name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema = 'public' ORDER BY 1
"""
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = $1"
_SEEN = """
SELECT count(*) FROM {table} AS t WHERE lower({column}::text) ~ $1
"""


def address(name: str) -> dict[str, str]:
    """A marked address; its city and country may be told."""
    return {
        "name": name,
        "company": PERSON["company"],
        "line1": PERSON["street"],
        "line2": PERSON["flat"],
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DE",
        "phone": PERSON["phone"],
    }


@dataclass
class Marked:
    """A running shop, and everything that was ever shown to be secret."""

    story: Story
    data: Path
    secrets: set[str] = field(default_factory=set[str])
    problems: list[str] = field(default_factory=list[str])
    customers: set[str] = field(default_factory=set[str])
    """Every id that the person ever had."""
    orders: list[Placed] = field(default_factory=list[Placed])
    bearer: str = ""
    """The token of their account."""

    @property
    def pattern(self) -> str:
        """What nobody may find: the person's words, and the secrets; also as bytea shows them."""
        words = [word.lower() for word in (*PERSON.values(), *self.secrets)]
        return "|".join(re.escape(form) for word in words for form in (word, word.encode().hex()))

    @property
    def person(self) -> str:
        """Only the person's words, those that nothing ties to them left out."""
        words = [word.lower() for name, word in PERSON.items() if name != "stray"]
        return "|".join(re.escape(form) for word in words for form in (word, word.encode().hex()))

    def within(self, text: str) -> set[str]:
        """Which marks stand in a text."""
        return set(re.findall(self.pattern, text.lower()))

    async def tables(self, databases: Iterable[str], pattern: str | None = None) -> set[str]:
        """`database.table.column` of every column in which a mark stands."""
        found: set[str] = set()
        for database in databases:
            connection = await asyncpg.connect(self.story.running.database(database))
            try:
                found |= {f"{database}.{place}" async for place in self._in(connection, pattern)}
            finally:
                await connection.close()
        return found

    async def _in(
        self, connection: "asyncpg.Connection[Any]", pattern: str | None
    ) -> AsyncGenerator[str]:
        for row in await connection.fetch(_TABLES):
            table = str(row[0]).partition(".")[2]
            for (column,) in await connection.fetch(_COLUMNS, table):
                look = _SEEN.format(table=f'"{table}"', column=f't."{column}"')
                if await connection.fetchval(look, pattern or self.pattern):
                    yield f"{table}.{column}"

    async def topics(self) -> set[str]:
        """Topics on which a mark stands."""
        found: set[str] = set()
        async with open_house(self.story.running) as house:
            for place, end in (await house.broker.ends(topics())).items():
                start = 0
                while start < end:
                    records = await house.broker.read(place, start=start, limit=500)
                    if not records:
                        break
                    start = records[-1].offset + 1
                    text = "".join(
                        f"{one.record.key!r}{one.record.headers!r}{one.record.value.decode()}"
                        for one in records
                    )
                    if self.within(text):
                        found.add(place.topic)
        return found

    async def metrics(self) -> str:
        """All that is told to whoever watches the shop."""
        return (await self.story.shop.http.get(f"{self.story.running.url}/metrics")).text

    def logs(self) -> dict[str, str]:
        """What the process and its PostgreSQL server wrote."""
        files = [self.data / "shop.log", *self.data.rglob("server.log*")]
        return {file.name: file.read_text(errors="replace") for file in files}

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request that may fail; what it is refused with is kept."""
        answer = await self.story.shop.http.request(method, self.story.running.url + path, **more)
        if answer.status_code >= 400:
            self.problems.append(f"{method} {path} {answer.status_code} {answer.text}")
        return answer

    async def fetch(self, database: str, query: str) -> list[Row]:
        """Rows of a database."""
        connection = await asyncpg.connect(self.story.running.database(database))
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    async def execute(self, database: str, statement: str) -> None:
        """Change a database behind the shop's back."""
        connection = await asyncpg.connect(self.story.running.database(database))
        try:
            _ = await connection.execute(statement)
        finally:
            await connection.close()


CONTACT_TOPICS = {topic.name for topic in topics() if topic.kind is Kind.CONTACT}


@asynccontextmanager
async def marked_shop(data: Path) -> AsyncGenerator[Marked]:
    """A shop that says all it can into its log."""
    async with (
        running_shop(data, "--no-sample", "--log-level", "debug") as running,
        httpx.AsyncClient(timeout=60) as http,
    ):
        shop = Marked(await Story.of(running, http), data)
        shop.secrets |= set(_secrets_of(data, running))
        yield shop


def _secrets_of(data: Path, running: state.Running) -> Iterable[str]:
    yield running.staff_token
    for key in (data / "keys").iterdir():
        lines = key.read_text().splitlines()
        yield next(line for line in lines if line and not line.startswith("-----"))
    yield (data / "postgres" / PASSWORD).read_text().strip()
