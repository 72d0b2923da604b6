"""Platforms and their keys."""

from __future__ import annotations

from sqlmodel import col, select

from service.clock import new_id, utc_now
from service.security.keys import digest, hint, new_api_key
from service.store.database import Session
from service.store.tables import ApiKey, Platform


async def add_platform(session: Session, name: str) -> tuple[Platform, str]:
    """A new platform and its first key. The key is not stored: show it now or make another."""
    platform = Platform(id=new_id("plt"), name=name)
    session.add(platform)
    await session.flush()
    return platform, await add_key(session, platform, "first key")


async def add_key(session: Session, platform: Platform, name: str) -> str:
    """Another key for a platform. Shown once."""
    key = new_api_key()
    session.add(ApiKey(id=new_id("key"), platform_id=platform.id, name=name, digest=digest(key), hint=hint(key)))
    await session.flush()
    return key


async def revoke_key(session: Session, key_id: str) -> bool:
    """Stop accepting a key from now on. False when there is none of that id."""
    key = await session.get(ApiKey, key_id)
    if key is None:
        return False
    key.revoked_at = key.revoked_at or utc_now()
    session.add(key)
    return True


async def platform_of_key(session: Session, key: str) -> Platform | None:
    """Whose key this is; None for an unknown or revoked one. Looked up by digest, so timing tells nothing."""
    statement = (
        select(Platform)
        .join(ApiKey, col(ApiKey.platform_id) == col(Platform.id))
        .where(col(ApiKey.digest) == digest(key), col(ApiKey.revoked_at).is_(None))
    )
    return (await session.exec(statement)).first()
