"""Ways to run the product without one of its guards, in this process only.

Each asserts that what it takes away is still there, so that a change of the product cannot leave
a switch without effect.
"""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import ModuleType
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Engine, event

from wareflow_kit import testing

Switch = Callable[[], AbstractContextManager[None]]
"""Inside its block the guard is off."""


class Ineffective(RuntimeError):
    """The switch had nothing to take away. (An `AssertionError` would count as a red proof.)"""


def rewritten(module: ModuleType, constant: str, old: str, new: str) -> Switch:
    """In a statement that a module holds as a constant, `old` becomes `new`."""

    @contextmanager
    def switch() -> Generator[None]:
        statement: str = getattr(module, constant)
        assert old in statement, f"{module.__name__}.{constant} does not say {old!r} any more"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, constant, statement.replace(old, new))
            yield

    return switch


def replaced(module: ModuleType, name: str, make: Callable[[Any], Any]) -> Switch:
    """What a module calls `name` becomes what `make` makes of it."""

    @contextmanager
    def switch() -> Generator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, name, make(getattr(module, name)))
            yield

    return switch


def entry(table: dict[Any, Any], key: object, *, was: object, becomes: object) -> Switch:
    """One entry of a table is another."""

    @contextmanager
    def switch() -> Generator[None]:
        assert table[key] == was, f"the entry {key} is not {was} any more"
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(table, key, becomes)
            yield

    return switch


def all_of(*switches: Switch) -> Switch:
    """Several that are one guard together."""

    @contextmanager
    def switch() -> Generator[None]:
        with ExitStack() as stack:
            for one in switches:
                stack.enter_context(one())
            yield

    return switch


def resaid(pattern: str, replacement: str) -> Switch:
    """Statements that match are sent to the database as something else."""

    @contextmanager
    def switch() -> Generator[None]:
        sent: list[str] = []

        def say(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> Any:
            said, hits = re.subn(pattern, replacement, statement, flags=re.DOTALL)
            sent.extend([said] * hits)
            return said, parameters

        event.listen(Engine, "before_cursor_execute", say, retval=True)
        try:
            yield
            if not sent:
                raise Ineffective(f"no statement matches {pattern!r} any more")
        finally:
            event.remove(Engine, "before_cursor_execute", say)

    return switch


_MADE = re.compile(r'CREATE DATABASE "(?P<name>(?P<service>[a-z]+)_[0-9a-f]{12})" TEMPLATE')


def altered(service: str, statement: str) -> Switch:
    """Every database that is made for a service's tests is altered before it is used."""

    @contextmanager
    def switch() -> Generator[None]:
        really = testing._administer

        async def administer(administration: str) -> None:
            await really(administration)
            made = _MADE.match(administration)
            if made and made["service"] == service:
                await _run(testing.shared_server().url(made["name"]), statement)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(testing, "_administer", administer)
            yield

    return switch


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        _ = await connection.execute(statement)
    finally:
        await connection.close()
