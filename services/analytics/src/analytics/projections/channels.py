"""Channels: the time zone that days are counted in."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from analytics.model.base import Base
from wareflow_events.consumer import Heard
from wareflow_events.schemas.catalog import ChannelChanged
from wareflow_events.transaction import Transaction


class Channel(Base):
    """What is needed of a channel."""

    __tablename__ = "channel"

    channel: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    currency: Mapped[str]
    time_zone: Mapped[str]


async def fold_channel(tx: Transaction, heard: Heard[ChannelChanged]) -> None:
    """Keep the newest version."""
    event = heard.event
    statement = insert(Channel).values(
        channel=event.channel,
        version=event.version,
        currency=event.currency,
        time_zone=event.time_zone,
    )
    newer = statement.on_conflict_do_update(
        index_elements=[Channel.channel],
        set_=dict(statement.excluded),
        where=Channel.version < statement.excluded.version,
    )
    _ = await tx.session.execute(newer)


async def time_zone_of(session: AsyncSession, channel: str) -> str:
    """The channel's time zone; UTC until it is heard of."""
    statement = select(Channel.time_zone).where(Channel.channel == channel)
    return await session.scalar(statement) or "UTC"
