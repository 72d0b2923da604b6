"""Connectors with one fault each. The rules have to notice every one of them, or they prove nothing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from connectors.protocol import Call, Changes, Ledger, Member, Outcome
from contracts.books import Observed
from tests.conformance.world import Wrapped


class ForgetsKeys(Wrapped):
    """Sends every call under a key of its own, so that a repeated call is a new one."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._count = itertools.count()

    async def send(self, call: Call) -> list[Outcome]:
        fresh = call.model_copy(update={"request_id": f"{call.request_id[:30]}-{next(self._count)}"})
        return await self._ledger.send(fresh)


class DropsAMember(Wrapped):
    """Leaves the last of several members behind and does not mention it."""

    async def send(self, call: Call) -> list[Outcome]:
        members = call.members[:-1] or call.members
        return await self._ledger.send(call.model_copy(update={"members": members}))


class LooksAway(Wrapped):
    """Finds nothing of ours, whatever is there."""

    async def look(self, members: Sequence[Member]) -> dict[str, Observed | None]:
        return {member.key: None for member in members}


class Overwrites(Wrapped):
    """Does not care what version a change was planned on."""

    async def send(self, call: Call) -> list[Outcome]:
        targets = [one.target.id for one in call.members if one.target]
        now = {one.ref.id: one.ref for one in await self._ledger.read(call.members[0].kind, targets)} if targets else {}
        members = [_aimed_anew(one, now[one.target.id].version) if one.target else one for one in call.members]
        return await self._ledger.send(call.model_copy(update={"members": members}))


class SeesNoDeletions(Wrapped):
    """Its change feed has live objects only."""

    async def changes(self, since: datetime) -> Changes:
        return replace(await self._ledger.changes(since), gone=[])


def _aimed_anew(member: Member, version: str) -> Member:
    assert member.target is not None
    body = member.body.replace(f'"SyncToken":"{member.target.version}"', f'"SyncToken":"{version}"')
    target = member.target.model_copy(update={"version": version})
    return member.model_copy(update={"target": target, "body": body})
