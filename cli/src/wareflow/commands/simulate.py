"""`wareflow simulate`: shoppers over the public API."""

import asyncio
from pathlib import Path
from typing import Annotated

import httpx
import typer

from wareflow import state
from wareflow.progress import OUT, bar
from wareflow.shop import Shop, Staff
from wareflow.shoppers import Crowd, Tally, look_around, percentile, send_crowd, top_up
from wareflow.state import Running


def simulate(
    orders: Annotated[int, typer.Option(min=1, help="How many orders to place")] = 100,
    rate: Annotated[float | None, typer.Option(help="Visits a second; else at full speed")] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same shoppers")] = 1,
    shoppers: Annotated[int, typer.Option(min=1, max=200, help="How many at once")] = 16,
    data: Annotated[Path, typer.Option(help="The shop's data folder")] = state.DEFAULT_DATA,
) -> None:
    """Send shoppers through the shop: they browse, search, fill carts, check out, pay, are
    declined, try again, and walk away. Their orders are marked as test orders."""
    crowd = Crowd(orders=orders, rate=rate, seed=seed, at_once=shoppers)
    tally = asyncio.run(simulated(state.read(data), crowd))
    if tally.troubles:
        raise typer.Exit(1)


async def simulated(running: Running, crowd: Crowd) -> Tally:
    """Fill the shelves, send the crowd with a live display, and say what happened."""
    limits = httpx.Limits(max_connections=crowd.at_once * 4)
    async with httpx.AsyncClient(timeout=90, limits=limits) as http:
        shop = Shop.of(running, http)
        shelf = await look_around(shop)
        if not shelf.variants:
            raise typer.BadParameter("there is nothing to buy: import a catalogue first")
        await top_up(Staff(shop, running.staff_token), shelf)
        with bar() as progress:
            task = progress.add_task("orders placed", total=crowd.orders, note="")

            def show(tally: Tally) -> None:
                progress.update(task, completed=tally.counts["placed"], note=tally.note())

            tally = await send_crowd(shop, shelf, crowd, progress=show)
    _report(tally, crowd)
    return tally


def _report(tally: Tally, crowd: Crowd) -> None:
    OUT.print(f"seed {crowd.seed}: " + ", ".join(f"{n} {k}" for k, n in tally.counts.items()))
    for name, values in (
        ("checkout answered", tally.checkout),
        ("checkout to confirmed", tally.confirmed),
    ):
        if values:
            p50, p99 = (percentile(values, share) * 1000 for share in (0.5, 0.99))
            OUT.print(f"{name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms ({len(values)} orders)")
    for fault in tally.troubles[:10]:
        OUT.print(fault, style="red", markup=False)
