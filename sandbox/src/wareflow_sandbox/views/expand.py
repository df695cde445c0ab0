"""`expand[]`: ids replaced by the objects they name, a query per field and level."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_sandbox.model.balance_transaction import BalanceTransaction
from wareflow_sandbox.model.base import Rendered, Resource
from wareflow_sandbox.model.charge import Charge
from wareflow_sandbox.model.errors import BadParameter
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.model.payment_method import PaymentMethod
from wareflow_sandbox.model.refund import Refund

MAX_DEPTH = 4

_FIELDS: dict[type[Resource], dict[str, type[Resource]]] = {
    PaymentIntent: {"latest_charge": Charge, "payment_method": PaymentMethod},
    Charge: {"balance_transaction": BalanceTransaction, "payment_intent": PaymentIntent},
    Refund: {
        "balance_transaction": BalanceTransaction,
        "charge": Charge,
        "failure_balance_transaction": BalanceTransaction,
        "payment_intent": PaymentIntent,
    },
}

Tree = dict[str, "Tree"]


def expansions(kind: type[Resource], paths: Iterable[str], *, in_list: bool) -> Tree:
    """The paths as a tree, checked; `BadParameter` for what cannot be expanded."""
    tree: Tree = {}
    for path in paths:
        names = path.split(".")
        if in_list and names[0] == "data":
            names = names[1:]
        if len(names) > MAX_DEPTH:
            raise BadParameter(
                f"You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}",
                param="expand",
            )
        at, branch = kind, tree
        for name in names:
            below = _FIELDS.get(at, {}).get(name)
            if below is None:
                raise BadParameter(f"This property cannot be expanded ({name}).", param="expand")
            at, branch = below, branch.setdefault(name, {})
    return tree


async def expand(
    session: AsyncSession, kind: type[Resource], objects: list[Rendered], tree: Tree
) -> None:
    """Replace, in place, the ids in `objects` (all of one kind) that the tree names."""
    for name, below in tree.items():
        at = _FIELDS[kind][name]
        ids = {each[name] for each in objects if each.get(name) is not None}
        rows = await session.scalars(select(at).where(at.id.in_(ids)))
        found = {row.id: row.rendered() for row in rows}
        for each in objects:
            each[name] = found.get(str(each.get(name)))
        await expand(session, at, list(found.values()), below)
