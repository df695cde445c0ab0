"""Proving an e-mail address by the link that was mailed to it."""

from uuid import UUID

from sqlalchemy import delete, select

from crm import store
from crm.model.account import MailedToken, StaleLink, hash_of
from crm.usecases.merge import merge_guests
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction


async def take_token(tx: Transaction, *, token: str, purpose: str) -> UUID:
    """Use up a mailed token: whose it is, or `StaleLink`. Its owner is locked before it is."""
    this = (MailedToken.token_hash == hash_of(token), MailedToken.purpose == purpose)
    owner = await tx.session.scalar(select(MailedToken.customer_id).where(*this))
    if owner is None or await lock_subject(tx, owner):
        raise StaleLink
    taken = await tx.session.execute(
        delete(MailedToken).where(*this).returning(MailedToken.customer_id, MailedToken.expires_at)
    )
    row = taken.first()
    if row is None or row.expires_at < tx.now:
        raise StaleLink
    return row.customer_id


async def verify_email(tx: Transaction, *, token: str) -> UUID:
    """The address is proven: what its owner bought as a guest joins the account."""
    customer_id = await take_token(tx, token=token, purpose="verify")
    account = await store.account_of(tx.session, customer_id)
    if account is None:
        raise StaleLink
    account.verified_at = account.verified_at or tx.now
    await tx.session.flush()
    await merge_guests(tx, customer_id=customer_id, email=account.email)
    return customer_id
