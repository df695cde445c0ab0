"""API keys: whose request it is."""

import base64
import binascii
import hmac

from wareflow_sandbox.api.form import Pairs
from wareflow_sandbox.model.errors import NotPermitted, Unauthenticated
from wareflow_sandbox.settings import Settings


def in_browser(authorization: str | None, pairs: Pairs, settings: Settings) -> bool:
    """Whether the publishable key was used (False: the secret key); `Unauthenticated`.

    The key comes as a bearer token, as the user of basic authentication, or as `key=` in the form,
    which is how a browser sends it.
    """
    key = _key(authorization) or dict(pairs).get("key")
    if not key:
        raise Unauthenticated(
            "You did not provide an API key. You need to provide your API key in the Authorization"
            " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    if hmac.compare_digest(key.encode(), settings.secret_key.encode()):
        return False
    if hmac.compare_digest(key.encode(), settings.publishable_key.encode()):
        return True
    shown = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 16 else "*" * len(key)
    raise Unauthenticated(f"Invalid API Key provided: {shown}")


def _key(authorization: str | None) -> str | None:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def refuse_browser(*, browser: bool) -> None:
    """`NotPermitted` when the publishable key was used."""
    if browser:
        raise NotPermitted(
            "This API call cannot be made with a publishable API key. Please use a secret API key."
            " You can find a list of your API keys at"
            " https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
        )
