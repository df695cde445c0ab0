"""`python -m tests.hostile.import_rows --rows 1000000`: time and memory of a large product file."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.hostile.service_process import Served, running_service

from wareflow_kit.testing import TEST_ISSUER, fresh_database, staff_token

_IMPORTS = "/catalog/v1/imports"
_MEGABYTE = 1024 * 1024
_EVERY = 15.0
_PIECE = 1 << 20
_ROWS_OF_A_PRODUCT = 10


@dataclass
class Run:
    """One import of the file, and what it took."""

    rows: int
    status: str = "running"
    done: int = 0
    seconds: float = 0.0
    upload_seconds: float = 0.0
    before: int = 0
    """Bytes of memory that the process held before."""
    most: int = 0
    products: dict[str, int] = field(default_factory=dict[str, int])
    failure: str | None = None

    @property
    def grown(self) -> float:
        """Megabytes that the import took at most."""
        return (self.most - self.before) / _MEGABYTE

    def line(self) -> str:
        """In one line."""
        told = ", ".join(f"{number:,} {name}" for name, number in self.products.items() if number)
        rate = self.done / max(0.001, self.seconds - self.upload_seconds)
        return (
            f"{self.status}: {self.done:,} of {self.rows:,} rows in {self.seconds:.0f} s"
            f" ({self.upload_seconds:.0f} s until it began, then {rate:,.0f} rows/s):"
            f" {told or 'nothing'}; memory {self.before / _MEGABYTE:.0f} MB before,"
            f" {self.most / _MEGABYTE:.0f} MB at most"
        )


def write_file(path: Path, rows: int) -> None:
    """Products of ten rows: eight forms, two pictures."""
    with path.open("w") as file:
        file.writelines(_lines(rows))


def _lines(rows: int) -> Iterator[str]:
    yield "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n"
    for number in range(rows):
        product, place = divmod(number, _ROWS_OF_A_PRODUCT)
        handle = f"product-{product:06d}"
        title = f"Product {product}" if place == 0 else ""
        if place < _ROWS_OF_A_PRODUCT - 2:
            yield f"{handle},{title},Acme,Size,{place},{handle}-{place},19.99,\n"
        else:
            yield f"{handle},,,,,,,https://example.com/{product}/{place}.jpg\n"


async def import_rows(
    catalog: Served, path: Path, *, rows: int, say: Callable[[Run], None], until: float = 1e18
) -> Run:
    """Import the file and watch it; cancelled when it is `until` by the monotonic clock."""
    run, began = Run(rows, before=catalog.memory()), time.monotonic()
    token = staff_token("catalog:read", "catalog:write")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=catalog.url, headers=headers, timeout=600) as staff:
        more = {"Content-Type": "text/csv", "Prefer": "wait=0"}
        content = _pieces(path)
        answer = await staff.post(_IMPORTS, content=content, headers=more)
        report: dict[str, Any] = answer.raise_for_status().json()
        run.upload_seconds = time.monotonic() - began
        address = f"{_IMPORTS}/{report['id']}"
        while True:
            run.done, run.status = report["rows"]["done"], report["status"]
            run.products, run.failure = report["products"], report["failure"]
            run.seconds, run.most = time.monotonic() - began, catalog.most_memory()
            if run.status != "running":
                return run
            say(run)
            await asyncio.sleep(0.5)
            if time.monotonic() > until:
                _ = await staff.post(f"{address}/cancel")
            report = (await staff.get(address)).json()


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


async def open_catalog(stack: AsyncExitStack) -> Served:
    """A catalog in a process of its own, on an empty database."""
    url = await stack.enter_async_context(fresh_database("catalog"))
    issuer = TEST_ISSUER.trusted("staff").model_dump(mode="json")
    settings = {
        "WAREFLOW_CATALOG_DATABASE_URL": url,
        "WAREFLOW_LOG_URL": url,
        "WAREFLOW_TRUSTED_ISSUERS": json.dumps([issuer]),
    }
    return await stack.enter_async_context(running_service("catalog", settings))


async def _main(rows: int, seconds: float) -> int:
    said = 0.0

    def say(run: Run) -> None:
        nonlocal said
        if time.monotonic() - said > _EVERY:
            said = time.monotonic()
            _print(run.line())

    until = time.monotonic() + seconds
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="wareflow-rows-"))
        path = Path(folder) / "products.csv"
        write_file(path, rows)
        _print(f"{rows:,} rows, {path.stat().st_size / _MEGABYTE:.0f} MB")
        catalog = await open_catalog(stack)
        first = await import_rows(catalog, path, rows=rows, say=say, until=until)
        _print(f"new: {first.line()}")
        again = await import_rows(catalog, path, rows=rows, say=say, until=until)
        _print(f"again: {again.line()}")
    return 0 if "failed" not in {first.status, again.status} else 1


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201  it is what this is run for


def main() -> int:
    """Import twice: all is new, then nothing is."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.import_rows")
    _ = parser.add_argument("--rows", type=int, default=100_000)
    _ = parser.add_argument("--seconds", type=float, default=7200, help="then it is cancelled")
    asked = parser.parse_args()
    return asyncio.run(_main(asked.rows, asked.seconds))


if __name__ == "__main__":
    sys.exit(main())
