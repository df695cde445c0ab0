"""Forgetting a person, under every id they had, here and everywhere."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete

from crm import store
from crm.model.account import Account, MailedToken
from crm.model.customer import Alias, Customer, erased
from crm.model.mail import Mail
from wareflow_events.erasure import lock_subject, mark_erased
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction

_NOT_COMMITTED = failpoint("erasure.forgotten_not_committed")


async def erase(tx: Transaction, *, customer_id: UUID) -> None:
    """Delete what leads to them and tell the others; an unknown person is remembered too."""
    owner = await store.alias_target(tx.session, customer_id) or customer_id
    _ = await lock_subject(tx, owner)  # before looking for its guests: none can join it meanwhile
    account = await store.account_of(tx.session, owner)
    ids = {customer_id, owner, *await store.aliases_of(tx.session, owner)}
    if account is not None and account.verified_at is not None:
        ids |= set(await store.guests_by_email(tx.session, account.email))
    everyone = sorted(ids)
    await forget(tx, everyone)
    tx.publish(erased(owner, everyone, now=tx.now))
    _NOT_COMMITTED.reach(owner)


async def forget(tx: Transaction, everyone: Sequence[UUID]) -> None:
    """Delete what leads to a person, under all these ids, and remember that they were erased."""
    await mark_erased(tx, everyone)
    for mapped in (Mail, MailedToken, Account, Customer):
        _ = await tx.session.execute(delete(mapped).where(mapped.customer_id.in_(everyone)))
    _ = await tx.session.execute(delete(Alias).where(Alias.customer_id.in_(everyone)))
