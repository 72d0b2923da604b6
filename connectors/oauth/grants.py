"""What a person granted us, who renews it, and where it is kept."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Grant:
    """Access to one company. The tokens are never shown by repr, so a log of a grant is harmless.

    refresh_expires_at: when the refresh token dies unless it is used before (rolling, about 100 days), or its hard end
    if the provider named an earlier one; None when unknown.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime | None
    company_id: str


@dataclass(frozen=True)
class StoredGrant:
    """A grant as kept. `generation` grows with every save, so that a late writer can notice that it is late."""

    grant: Grant
    generation: int


class GrantStore(Protocol):
    """Where one connection's grant is kept, shared by every process that works for it."""

    async def load(self) -> StoredGrant | None:
        """The stored grant, read afresh; None when there is none (never connected, or disconnected)."""
        ...

    async def save(self, grant: Grant, *, expected_generation: int) -> bool:
        """Keep it durably if nobody saved since that generation; False when somebody did, and nothing is changed."""
        ...

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Held by one task of one process at a time, for this connection."""
        ...


class OAuthProvider(Protocol):
    """One provider's OAuth 2.0. Its coroutines raise ConnectorError."""

    def authorize_url(self, state: str) -> str:
        """Where a person is sent to grant access. `state` comes from a cryptographic random source."""
        ...

    async def exchange(self, code: str, company_id: str) -> Grant:
        """The grant for a code from the callback, once."""
        ...

    async def refresh(self, refresh_token: str) -> Grant:
        """A new pair; its company_id is "". The old refresh token may be dead from here on.

        SignInNeeded: refused for good. TryLater: it did not get there. OutcomeUnknown: it may have been renewed.
        """
        ...

    async def revoke(self, token: str) -> None:
        """End the grant at the provider. A token that is already dead is no error."""
        ...
