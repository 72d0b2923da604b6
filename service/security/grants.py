"""A connection's tokens as one sealed value, bound to the connection's row."""

from __future__ import annotations

import json
from datetime import datetime

from connectors.oauth.grants import Grant
from service.security.secrets import SecretBox


def seal_grant(secrets: SecretBox, connection_id: str, grant: Grant) -> bytes:
    """Encrypt a grant for its row."""
    document = {
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "access_expires_at": grant.access_expires_at.isoformat(),
        "refresh_expires_at": grant.refresh_expires_at.isoformat() if grant.refresh_expires_at else None,
        "company_id": grant.company_id,
    }
    return secrets.seal(json.dumps(document).encode(), place=_place(connection_id))


def open_grant(secrets: SecretBox, connection_id: str, sealed: bytes) -> Grant:
    """Decrypt a grant. Raises SecretUnreadable when the key was changed or the row was swapped."""
    document = json.loads(secrets.open(sealed, place=_place(connection_id)))
    refresh_expires_at = document["refresh_expires_at"]
    return Grant(
        access_token=document["access_token"],
        refresh_token=document["refresh_token"],
        access_expires_at=datetime.fromisoformat(document["access_expires_at"]),
        refresh_expires_at=datetime.fromisoformat(refresh_expires_at) if refresh_expires_at else None,
        company_id=document["company_id"],
    )


def _place(connection_id: str) -> str:
    return f"connection:{connection_id}:grant"
