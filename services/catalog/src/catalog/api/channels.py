"""Sales channels: where, in which currency and language things are sold."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from catalog.api.answers import PUBLIC, answer
from catalog.api.editing import Editor
from catalog.model.channel import ChannelTerms, NoSuchChannel
from catalog.model.values import ChannelId, Text
from catalog.usecases.define_channel import define_channel
from catalog.views.channels import channel, channels, view_of
from catalog.views.shapes import ChannelView, View
from wareflow_kit.refusals import PreconditionFailed
from wareflow_kit.web.caching import NOT_MODIFIED, Seen, etag_of
from wareflow_kit.web.deps import Read, Tx
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/catalog/v1/channels", tags=["channels"])


class Channels(View):
    """All channels."""

    items: list[ChannelView]


@router.get("", response_model=Channels, dependencies=PUBLIC, responses=NOT_MODIFIED)
async def list_channels(request: Request, session: Read) -> Response:
    """All channels, by id."""
    return answer(request, Channels(items=await channels(session)))


@router.get(
    "/{channel_id}",
    response_model=ChannelView,
    dependencies=PUBLIC,
    responses=refusals(NoSuchChannel) | NOT_MODIFIED,
)
async def read_channel(
    request: Request, session: Read, channel_id: Annotated[Text, Path(max_length=63)]
) -> Response:
    """A channel and its terms."""
    found = await channel(session, channel_id)
    return answer(request, found, found.id, found.version)


@router.put("/{channel_id}", responses=refusals(PreconditionFailed))
async def put_channel(
    channel_id: ChannelId,
    terms: ChannelTerms,
    response: Response,
    tx: Tx,
    who: Editor,
    seen: Seen,
) -> ChannelView:
    """Open a channel, or change its terms; one that is not to sell any more is made inactive."""
    changed = await define_channel(tx, channel_id=channel_id, terms=terms, who=who, seen=seen.check)
    response.headers["ETag"] = etag_of(changed.id, changed.version)
    return view_of(changed)
