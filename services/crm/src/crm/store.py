"""Loading what verbs change, locked."""

from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.model.account import Account
from crm.model.customer import Alias, Customer

_CUSTOMER = (
    select(Customer)
    .where(Customer.customer_id == bindparam("id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_VERIFIED = select(Account).where(
    Account.email_key == bindparam("email"), Account.verified_at.is_not(None)
)


async def customer(session: AsyncSession, customer_id: UUID) -> Customer | None:
    """A customer, locked."""
    return await session.scalar(_CUSTOMER, {"id": customer_id})


async def account_of(session: AsyncSession, customer_id: UUID) -> Account | None:
    """The account of a customer, locked."""
    return await session.get(Account, customer_id, with_for_update=True)


async def account_by_email(session: AsyncSession, email: str) -> Account | None:
    """The account of an address, however it is written."""
    return await session.scalar(select(Account).where(Account.email_key == email.lower()))


async def verified_account(session: AsyncSession, email: str) -> Account | None:
    """The account that proved this address."""
    return await session.scalar(_VERIFIED, {"email": email.lower()})


async def guests_by_email(session: AsyncSession, email: str) -> list[UUID]:
    """Guests who left this address and belong to nobody yet."""
    found = await session.scalars(
        select(Customer.customer_id).where(
            Customer.email_key == email.lower(),
            Customer.kind == "guest",
            ~exists().where(Alias.guest_id == Customer.customer_id),
        )
    )
    return sorted(found)


async def aliases_of(session: AsyncSession, customer_id: UUID) -> list[UUID]:
    """The guests that were merged into a customer."""
    found = await session.scalars(select(Alias.guest_id).where(Alias.customer_id == customer_id))
    return sorted(found)


async def alias_target(session: AsyncSession, guest_id: UUID) -> UUID | None:
    """The customer that a guest was merged into."""
    return await session.scalar(select(Alias.customer_id).where(Alias.guest_id == guest_id))
