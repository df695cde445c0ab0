"""The sales channels."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.channel import Channel, NoSuchChannel
from catalog.views.shapes import ChannelView


async def channels(session: AsyncSession) -> list[ChannelView]:
    """All of them, by id; there are a handful."""
    return [view_of(channel) for channel in await session.scalars(select(Channel).order_by("id"))]


async def channel(session: AsyncSession, channel_id: str) -> ChannelView:
    """One of them; `NoSuchChannel` if there is none of this id."""
    found = await session.get(Channel, channel_id)
    if found is None:
        raise NoSuchChannel
    return view_of(found)


def view_of(channel: Channel) -> ChannelView:
    """A channel as readers get it."""
    return ChannelView.model_validate(channel, from_attributes=True)
