"""Keys people and platforms hold: random, shown once, kept as a digest.

256 random bits need no slow hash: there is nothing to guess, so SHA-256 is enough.
"""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_api_key() -> str:
    """A new API key, "ll_" and 43 characters. Shown once."""
    return f"ll_{secrets.token_urlsafe(32)}"


def new_webhook_secret() -> str:
    """A signing secret in the Standard Webhooks form. Source: Standard Webhooks specification, "Signature scheme"."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_one_time_code() -> str:
    """An unguessable value for OAuth state and sign-in links."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hint(secret: str) -> str:
    """The part of a key that may be shown, to tell keys apart."""
    return f"{secret[:7]}…{secret[-4:]}"
