"""Only the grant that was refused needs a new sign-in."""

from __future__ import annotations

import pytest

from connectors.protocol import SignInNeeded
from contracts.connections import ConnectionStatus
from service.clock import utc_now
from service.lanes import connection_lane
from service.store.tables import Connection, TokenGrant
from tests.service.lanes.conftest import World, a_customer


@pytest.mark.parametrize(
    ("stored_meanwhile", "status", "told"),
    [(False, ConnectionStatus.SIGN_IN_NEEDED, 1), (True, ConnectionStatus.CONNECTED, 0)],
)
async def test_a_grant_stored_while_the_old_one_is_refused_is_believed(
    world: World, stored_meanwhile: bool, status: ConnectionStatus, told: int
) -> None:
    """A person connects again just as the lane learns that the old access is gone."""
    await world.accept(a_customer())
    async with world.database.write() as session:
        generation = 4 if stored_meanwhile else 3
        session.add(
            TokenGrant(
                connection_id=world.connection.id, generation=generation, sealed=b"x", access_expires_at=utc_now()
            )
        )
    error = SignInNeeded("invalid_grant")
    stopped = await connection_lane._sign_in_needed(await world.take(), world.connection.id, error, refused=3)

    async with world.database.read() as session:
        connection = await session.get_one(Connection, world.connection.id)
    assert (stopped, connection.status) == (not stored_meanwhile, status)
    assert len(await world.events("sign_in_needed")) == told
