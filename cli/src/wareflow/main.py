"""`wareflow`: the shop from the terminal."""

import sys

import typer

from wareflow.commands import database, deadletters, events
from wareflow.commands.demo import demo
from wareflow.commands.importing import import_products
from wareflow.commands.rebuild import rebuild
from wareflow.commands.recover import recover
from wareflow.commands.serve import serve
from wareflow.commands.simulate import simulate
from wareflow.commands.verify import verify
from wareflow.state import NotRunning

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
_ = cli.command()(serve)
_ = cli.command("import")(import_products)
_ = cli.command()(simulate)
_ = cli.command()(verify)
_ = cli.command()(demo)
_ = cli.command()(rebuild)
_ = cli.command()(recover)
cli.add_typer(events.app, name="events")
cli.add_typer(database.app, name="database")
cli.add_typer(deadletters.app, name="deadletters")


def app() -> None:
    """The command's entry point: what can be said in a line is not a stack trace."""
    try:
        cli()
    except NotRunning as error:
        sys.exit(str(error))
