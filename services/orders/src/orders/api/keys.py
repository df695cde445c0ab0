"""The public key by which other services check order tokens."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from orders.api.desk import AtHand
from wareflow_kit.web.access import ANYBODY

router = APIRouter(prefix="/orders/v1", tags=["keys"], dependencies=[Depends(ANYBODY)])


@router.get("/.well-known/jwks.json")
async def list_keys(at_hand: AtHand, response: Response) -> dict[str, Any]:
    """A JSON Web Key Set (RFC 7517)."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return at_hand.tokens.jwks()
