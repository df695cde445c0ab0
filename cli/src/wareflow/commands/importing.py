"""`wareflow import`: products from a CSV file in Shopify's layout."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from wareflow import state
from wareflow.importing import Imported, import_file
from wareflow.progress import OUT, bar
from wareflow.shop import Refused


def import_products(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV files")],
    currency: Annotated[str | None, typer.Option(help="Default: the channel's")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen")] = False,
    data: Annotated[Path, typer.Option(help="The shop's data folder")] = state.DEFAULT_DATA,
) -> None:
    """Import products and their opening stock; importing the same file again changes nothing.
    Rows that cannot be used are listed with line and reason, the others go in. Exits 1 when there
    were any. Ctrl-C cancels: what is in by then stays, and the same file again goes on."""
    running = state.read(data)
    clean = True
    with bar() as progress:
        for path in files:
            task = progress.add_task(path.name, total=None, note="")

            def show(done: int, total: int, task: TaskID = task) -> None:
                progress.update(task, completed=done, total=total)

            work = import_file(running, path, currency=currency, dry_run=dry_run, progress=show)
            try:
                imported = asyncio.run(work)
            except Refused as refused:
                OUT.print(f"{path}: {refused.problem.get('detail', refused)}", style="red")
                clean = False
                continue
            except KeyboardInterrupt:
                OUT.print(f"{path}: cancelled; what is in stays, again goes on", style="red")
                raise typer.Exit(130) from None
            progress.update(task, completed=imported.rows, total=imported.rows)
            clean = _report(path, imported) and clean
    if not clean:
        raise typer.Exit(1)


def _report(path: Path, imported: Imported) -> bool:
    OUT.print(f"{path.name}: {imported.summary()}", markup=False)
    for error in imported.errors:
        where = f"line {error['line']}" + (f", {error['column']}" if error["column"] else "")
        OUT.print(f"  {where}: {error['reason']}", style="yellow", markup=False)
    if imported.failure:
        OUT.print(f"  {imported.failure}", style="red", markup=False)
    return imported.failure is None and imported.products.get("rejected", 0) == 0
