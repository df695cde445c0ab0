"""ETags: a read that was not changed costs no body, and a write says which version it saw."""

from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from wareflow_kit.refusals import PreconditionFailed, PreconditionRequired
from wareflow_kit.web.problems import NotModified, refuses

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {
        "description": "The client has it: its `If-None-Match` names the ETag. There is no body.",
        "headers": {"ETag": {"schema": {"type": "string"}}},
    }
}
"""The `responses=` of a read that has an ETag."""


def etag_of(*version: object) -> str:
    """A strong ETag of what a representation depends on: id, version, locale ..."""
    text = "\x1f".join(map(str, version))
    return f'"{blake2b(text.encode(), digest_size=12).hexdigest()}"'


def label(
    request: Request, response: Response, *version: object, cache: str = "private, no-cache"
) -> None:
    """Give the answer its ETag and Cache-Control; `NotModified` (304) if the client has it."""
    headers = {"ETag": etag_of(*version), "Cache-Control": cache}
    known = request.headers.get("if-none-match", "")
    if names(known, headers["ETag"]):
        raise NotModified(headers)
    response.headers.update(headers)


class IfMatch:
    """Which version the writer has seen."""

    def __init__(self, header: str | None) -> None:
        self._header = header

    def check(self, *version: object, required: bool = False) -> None:
        """`PreconditionFailed` when the writer saw another version than `version`.

        Without the header the write goes ahead, or is `PreconditionRequired` if that is wanted.
        """
        if self._header is None:
            if required:
                raise PreconditionRequired
        elif not names(self._header, etag_of(*version)):
            raise PreconditionFailed


def names(header: str, etag: str) -> bool:
    """Whether an `If-Match` or `If-None-Match` names the tag, weakly; `*` names any."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag in tags


@refuses(PreconditionFailed)
async def if_match(
    if_match: Annotated[
        str | None,
        Header(
            max_length=1000, description="The ETag of the version that this change was made from"
        ),
    ] = None,
) -> IfMatch:
    """The dependency behind `Seen`."""
    return IfMatch(if_match)


Seen = Annotated[IfMatch, Depends(if_match)]
"""`seen.check(product.id, product.version)` in a write that races."""
