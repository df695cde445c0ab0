"""Resetting a forgotten password by a mailed link."""

from datetime import timedelta
from uuid import UUID

from crm import store
from crm.model.account import MailedToken, StaleLink
from crm.usecases.verify_email import take_token
from crm.usecases.write_mail import write_mail
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction


async def ask_for_reset(tx: Transaction, *, email: str, token: str, lasts: timedelta) -> None:
    """Mail a link, if there is such an account; the caller learns nothing either way."""
    account = await store.account_by_email(tx.session, email)
    if account is None or await lock_subject(tx, account.customer_id):
        return
    tx.session.add(
        MailedToken.of(
            token, customer_id=account.customer_id, purpose="reset", now=tx.now, lasts=lasts
        )
    )
    await write_mail(
        tx,
        customer_id=account.customer_id,
        to=account.email,
        subject="Set a new password",
        body=f"Follow this link to set a new password: {{storefront}}/reset?token={token}\n",
    )


async def reset_password(tx: Transaction, *, token: str, password_hash: str) -> UUID:
    """Set the new password; the link also proves the address."""
    customer_id = await take_token(tx, token=token, purpose="reset")
    account = await store.account_of(tx.session, customer_id)
    if account is None:
        raise StaleLink
    account.password_hash = password_hash
    account.verified_at = account.verified_at or tx.now
    return customer_id
