"""Channels to be changed, and those that prices name."""

from collections.abc import Collection

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.channel import Channel, NoSuchChannel
from wareflow_kit.refusals import Invalid


class UnknownChannel(Invalid):
    """A price names a channel that does not exist."""


async def lock_channels(session: AsyncSession) -> None:
    """One change of channels at a time, once those who are just listing products are done."""
    _ = await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('channels'))"))


async def hold_channels(session: AsyncSession) -> None:
    """No channel is opened until the commit; a product is listed in all there are, or later ones
    find it."""
    _ = await session.execute(text("SELECT pg_advisory_xact_lock_shared(hashtext('channels'))"))


async def channel_to_change(session: AsyncSession, channel_id: str) -> Channel | None:
    """The channel; None if there is none yet. Lock the channels before."""
    return await session.get(Channel, channel_id, populate_existing=True)


async def channel_of(session: AsyncSession, channel_id: str) -> Channel:
    """The channel; `NoSuchChannel` if there is none."""
    channel = await session.get(Channel, channel_id)
    if channel is None:
        raise NoSuchChannel(f"There is no channel {channel_id!r}")
    return channel


async def require_channels(session: AsyncSession, ids: Collection[str]) -> None:
    """`UnknownChannel` when one of them does not exist."""
    if not ids:
        return
    found = set(await session.scalars(select(Channel.id).where(Channel.id.in_(ids))))
    if missing := sorted(set(ids) - found):
        raise UnknownChannel(f"There is no channel {missing[0]!r}", channel=missing[0])
