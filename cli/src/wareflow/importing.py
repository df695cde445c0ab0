"""Importing a product CSV: catalog takes the products, then inventory the opening quantities."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from wareflow.shop import Shop, Staff
from wareflow.state import Running

_PAGE = 200
_PIECE = 1 << 20


@dataclass
class Imported:
    """What became of a file."""

    products: dict[str, int]
    rows: int
    errors: list[dict[str, Any]]
    stock: Counter[str] = field(default_factory=Counter[str])
    """Opening quantities: applied, or the reason they were skipped."""
    failure: str | None = None

    def summary(self) -> str:
        """In one line."""
        told = ", ".join(f"{number} {name}" for name, number in self.products.items() if number)
        stock = ", ".join(f"{number} {name}" for name, number in self.stock.items())
        return f"{self.rows} rows: {told or 'nothing'}; opening stock: {stock or 'none'}"


async def import_file(
    running: Running,
    path: Path,
    *,
    currency: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Imported:
    """Import a file into the shop that runs; raises `Refused` when it cannot be read at all."""
    async with httpx.AsyncClient(timeout=120) as http:
        staff = Staff(Shop.of(running, http), running.staff_token)
        report = await _products(staff, path, currency, dry_run=dry_run, progress=progress)
        imported = Imported(
            products=report["products"],
            rows=report["rows"]["total"],
            errors=[
                error
                async for page in _pages(staff, f"/catalog/v1/imports/{report['id']}/errors")
                for error in page
            ],
            failure=report["failure"],
        )
        if not dry_run:
            imported.stock = await _stock(staff, report["id"], path.name)
        return imported


async def _products(
    staff: Staff,
    path: Path,
    currency: str | None,
    *,
    dry_run: bool,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    params = {"dry_run": str(dry_run).lower()} | ({"currency": currency} if currency else {})
    report = await staff.call(
        "POST",
        "/catalog/v1/imports",
        params=params,
        content=_pieces(path),
        headers={
            "Content-Type": "text/csv",
            "Content-Length": str(path.stat().st_size),  # noqa: ASYNC240  quick
            "Prefer": "wait=0",
        },
    )
    address, pause = f"/catalog/v1/imports/{report['id']}", 0.05
    try:
        while report["status"] == "running":
            await asyncio.sleep(pause)
            pause = min(1.0, pause * 1.1)
            report = await staff.call("GET", address)
            progress(report["rows"]["done"], report["rows"]["total"])
    except asyncio.CancelledError:
        _ = await staff.call("POST", f"{address}/cancel")
        raise
    return report


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def _stock(staff: Staff, import_id: str, name: str) -> Counter[str]:
    """Post the file's opening quantities; those of variants with movements do not count."""
    counts: Counter[str] = Counter()
    start = 0
    async for page in _pages(staff, f"/catalog/v1/imports/{import_id}/stock"):
        part = [{"variant_id": row["variant_id"], "quantity": row["quantity"]} for row in page]
        key = f"import {import_id} {start}"
        for result in await staff.open_stock(part, key=key, reference=name) if part else ():
            counts[result["reason"] or result["status"]] += 1
        start += len(part)
    return counts


async def _pages(staff: Staff, path: str) -> AsyncIterator[list[dict[str, Any]]]:
    params: dict[str, Any] = {"limit": _PAGE}
    while True:
        page = await staff.call("GET", path, params=params)
        yield page["items"]
        if page["next"] is None:
            return
        params["after"] = page["next"]
