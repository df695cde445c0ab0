"""Add, remove and configure the receivers of webhooks."""

import hashlib

from sqlalchemy import delete, select

from wareflow_sandbox.model.errors import NoSuchObject
from wareflow_sandbox.model.ids import secret
from wareflow_sandbox.model.webhook import WebhookEndpoint, wanted_events
from wareflow_sandbox.settings import ConfiguredEndpoint
from wareflow_sandbox.store.work import Work


def add_endpoint(
    work: Work,
    *,
    url: str,
    events: list[str],
    description: str | None,
    metadata: dict[str, str],
) -> WebhookEndpoint:
    """A new receiver, with a fresh signing secret; it hears what happens from now on."""
    endpoint = WebhookEndpoint(
        id=work.new_id(WebhookEndpoint.PREFIX),
        url=url,
        secret=f"whsec_{secret(32)}",
        enabled_events=wanted_events(events),
        description=description,
        configured=False,
        metadata_=metadata,
        created=work.now,
    )
    work.session.add(endpoint)
    return endpoint


async def remove_endpoint(work: Work, *, endpoint_id: str) -> None:
    """It hears nothing more, also nothing that was still to be delivered; `NoSuchObject`."""
    query = delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    if await work.session.scalar(query.returning(WebhookEndpoint.id)) is None:
        raise NoSuchObject("webhook endpoint", endpoint_id)


async def configure_endpoints(work: Work, *, wanted: tuple[ConfiguredEndpoint, ...]) -> None:
    """Make the configured receivers those of the settings; those made by hand stay."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.configured).with_for_update()
    known = {endpoint.id: endpoint for endpoint in await work.session.scalars(query)}
    for each in wanted:
        endpoint_id = f"we_{hashlib.sha256(each.url.encode()).hexdigest()[:24]}"
        endpoint = known.pop(endpoint_id, None)
        if endpoint is None:
            endpoint = WebhookEndpoint(
                id=endpoint_id, url=each.url, configured=True, metadata_={}, created=work.now
            )
            work.session.add(endpoint)
        endpoint.secret = each.secret
        endpoint.enabled_events = wanted_events(list(each.events))
    for dropped in known.values():
        await work.session.delete(dropped)
