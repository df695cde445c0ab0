"""`/v1/webhook_endpoints`: who hears what happens."""

from typing import Annotated

from pydantic import Field

from wareflow_sandbox.api.params import Listed, Metadata, Paging, Params
from wareflow_sandbox.api.retrieval import one_of
from wareflow_sandbox.api.routes import Asked, Called, Command, Many, Question, Result
from wareflow_sandbox.model.event import API_VERSION
from wareflow_sandbox.model.webhook import WebhookEndpoint
from wareflow_sandbox.usecases.webhook_endpoints import add_endpoint, remove_endpoint
from wareflow_sandbox.views.read import page


class Create(Params):
    """A receiver."""

    url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2000)]
    enabled_events: Listed[str]
    api_version: str = API_VERSION
    description: str | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


async def create(call: Called, params: Create) -> Result:
    """Add a receiver; this answer alone shows its secret."""
    endpoint = add_endpoint(
        call.work,
        url=params.url,
        events=params.enabled_events,
        description=params.description,
        metadata=params.metadata,
    )
    return {**endpoint.rendered(), "secret": endpoint.secret}


async def delete(call: Called, _params: Params) -> Result:
    """Remove a receiver, and what was still to be delivered to it."""
    name = call.path["id"]
    await remove_endpoint(call.work, endpoint_id=name)
    return {"id": name, "object": WebhookEndpoint.OBJECT, "deleted": True}


async def many(asked: Asked, params: Paging) -> Result:
    """Receivers, newest first."""
    rows, more = await page(asked.session, WebhookEndpoint, params.window())
    return Many([row.rendered() for row in rows], more)


_ALL = "/v1/webhook_endpoints"
_ONE = f"{_ALL}/{{id}}"

QUESTIONS = (
    Question(path=_ALL, params=Paging, run=many, of=WebhookEndpoint, lists=True),
    one_of(WebhookEndpoint, under=_ALL),
)
COMMANDS = (
    Command(path=_ALL, params=Create, run=create, of=WebhookEndpoint),
    Command(path=_ONE, params=Params, run=delete, of=WebhookEndpoint, method="DELETE"),
)
