"""Settle late payments: the bank answers what was in processing."""

from wareflow_sandbox.model.instruments import Settling
from wareflow_sandbox.store.locks import BATCH, charges_of, due_intents, methods_of
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.usecases.attempt import approve, decline


async def settle_payments(work: Work) -> bool:
    """Finish those whose time has come; True when there may be more."""
    intents = await due_intents(work, by=work.now)
    charges = await charges_of(work, [each.latest_charge for each in intents])
    methods = await methods_of(work, [each.payment_method for each in intents])
    for intent in intents:
        charge = charges[intent.latest_charge or ""]
        method = methods[charge.payment_method]
        script = method.instrument
        if script.settling is Settling.FAILS and script.decline is not None:
            decline(work, intent=intent, charge=charge, method=method, why=script.decline)
        else:
            approve(work, intent=intent, charge=charge)
    return len(intents) == BATCH
