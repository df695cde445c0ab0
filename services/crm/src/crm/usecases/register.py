"""Opening an account; the address counts as proven once its mailed link was followed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from crm import store
from crm.model.account import Account, MailedToken
from crm.model.customer import CustomerIsErased, EmailTaken, a_guest
from crm.usecases.write_mail import write_mail
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction


async def register(
    tx: Transaction,
    *,
    customer_id: UUID,
    subject: str,
    email: str,
    password_hash: str,
    name: str | None,
    locale: str,
    token: str,
    lasts: timedelta,
) -> UUID:
    """Open an account and mail the link; `EmailTaken` when there is one with this address."""
    if await lock_subject(tx, customer_id):
        raise CustomerIsErased
    if await store.account_by_email(tx.session, email) is not None:
        raise EmailTaken
    customer = a_guest(customer_id=customer_id, locale=locale, now=tx.now, kind="registered")
    customer.contact(email=email, name=name)
    account = Account(
        customer_id=customer_id,
        subject=subject,
        email=email,
        email_key=email.lower(),
        password_hash=password_hash,
        verified_at=None,
        created_at=tx.now,
    )
    tx.session.add_all([customer, account])
    try:
        await tx.session.flush()
    except IntegrityError:
        raise EmailTaken from None
    await mail_verification(tx, account=account, token=token, lasts=lasts)
    tx.publish(customer.registered())
    return customer_id


async def mail_verification(
    tx: Transaction, *, account: Account, token: str, lasts: timedelta
) -> None:
    """Mail the link that proves the address."""
    row = MailedToken.of(
        token, customer_id=account.customer_id, purpose="verify", now=tx.now, lasts=lasts
    )
    tx.session.add(row)
    await write_mail(
        tx,
        customer_id=account.customer_id,
        to=account.email,
        subject="Confirm your e-mail address",
        body=f"Follow this link to confirm your address: {{storefront}}/verify?token={token}\n",
    )
