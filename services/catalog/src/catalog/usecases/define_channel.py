"""Open a sales channel, or change the terms it sells by."""

from collections.abc import Callable

from catalog.model.channel import Channel, ChannelTerms
from catalog.model.values import DEFAULT_CHANNEL
from catalog.store.channels import channel_to_change, lock_channels
from catalog.store.listings import list_in_new_channel, soil_listings_in
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def define_channel(
    tx: Transaction,
    *,
    channel_id: str,
    terms: ChannelTerms,
    who: Principal | None,
    seen: Callable[[str, int], None] | None = None,
) -> Channel:
    """The channel with these terms from now on. `who` is None when the service itself asks.

    `seen` refuses when the writer has seen another version.
    """
    await lock_channels(tx.session)
    channel = await channel_to_change(tx.session, channel_id)
    if seen is not None:
        seen(channel_id, channel.version if channel else 0)
    before = channel.terms if channel else None
    if channel is None:
        channel = Channel(id=channel_id, version=0)
        tx.session.add(channel)
    event = channel.agree(terms, now=tx.now)
    if event is None:
        return channel
    tx.publish(event)
    await tx.session.flush()
    if before is None:
        await list_in_new_channel(tx.session, channel_id, like=DEFAULT_CHANNEL)
    elif before.currency != terms.currency:
        await soil_listings_in(tx.session, channel_id, now=tx.now)
    if who is not None:
        await record(
            tx,
            who=who,
            action="channel.define",
            subject=f"channel/{channel_id}",
            before=before.model_dump() if before else {},
            after=terms.model_dump(),
        )
    return channel


async def open_default_channel(tx: Transaction, *, channel_id: str, terms: ChannelTerms) -> None:
    """Make the channel that a shop starts with; one that is there keeps its terms."""
    await lock_channels(tx.session)
    if await channel_to_change(tx.session, channel_id) is None:
        _ = await define_channel(tx, channel_id=channel_id, terms=terms, who=None)
