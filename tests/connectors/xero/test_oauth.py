"""Consent with PKCE, rotating tokens, which organisation is meant, and how one is left."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.oauth.tokens import TokenSource
from connectors.oauth.xero import SCOPES, Tenant, choose
from connectors.protocol import Refused, SignInNeeded
from connectors.sandbox.xero.settings import UK_TENANT, US_TENANT
from tests.connectors.fakes import MemoryStore
from tests.connectors.xero.scene import PKCE, Scene, a_provider, connected, consent


def a_tenant(name: str, event: str) -> Tenant:
    return Tenant(connection_id=f"c-{name}", tenant_id=name, name=name.title(), auth_event_id=event)


async def test_the_consent_page_is_asked_for_granular_scopes_one_organisation_and_a_pkce_challenge(base: str) -> None:
    provider = a_provider(base)
    query = parse_qs(urlsplit(provider.oauth.authorize_url("state-1")).query)

    assert query["scope"] == [" ".join(SCOPES)]
    assert query["acr_values"] == ["bulk_connect:false"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43
    assert "state-1" not in query["code_challenge"][0]


async def test_a_browser_that_comes_back_to_another_process_is_let_in(base: str) -> None:
    """The verifier is derived from the state, so no process has to remember it."""
    query = consent(a_provider(base).oauth.authorize_url("state-7"))

    grant = await a_provider(base).connect(query)

    assert grant.company_id == UK_TENANT
    assert "access" not in repr(grant).replace("access_expires_at", "")


async def test_an_app_without_a_secret_exchanges_by_its_verifier_alone(base: str) -> None:
    provider = a_provider(base, client_id=PKCE, client_secret="")
    query = consent(provider.oauth.authorize_url("state-8"))

    assert (await provider.connect(query)).company_id == UK_TENANT


async def test_a_code_that_comes_with_another_state_is_refused(base: str) -> None:
    """Its verifier is another one: a code stolen from somebody's browser is worth nothing here."""
    provider = a_provider(base)
    query = consent(provider.oauth.authorize_url("state-9"))

    with pytest.raises(SignInNeeded):
        await provider.connect({**query, "state": "state-10"})


async def test_a_second_organisation_of_the_same_person_is_told_apart_by_its_consent(base: str) -> None:
    scene = await connected(base, tenant=US_TENANT)
    second = await scene.provider.connect(consent(scene.provider.oauth.authorize_url("state-2"), UK_TENANT))

    assert (scene.tenant, second.company_id) == (US_TENANT, UK_TENANT)
    assert len(await scene.provider.oauth.tenants(second.access_token)) == 2


@pytest.mark.parametrize(
    ("tenants", "event", "wanted", "chosen"),
    [
        ([a_tenant("red", "e1")], "e1", "", "red"),
        ([a_tenant("red", "e1"), a_tenant("blue", "e2")], "e2", "", "blue"),
        ([a_tenant("red", "e2"), a_tenant("blue", "e2")], "e2", "red", "red"),
        ([a_tenant("red", "e2"), a_tenant("blue", "e2")], "e2", "", None),
        ([a_tenant("red", "e1"), a_tenant("blue", "e0")], "e2", "blue", "blue"),
        ([a_tenant("red", "e1"), a_tenant("blue", "e0")], "e2", "", None),
        ([a_tenant("red", "e1"), a_tenant("blue", "e2")], "e2", "red", "blue"),
        ([], "e2", "", None),
    ],
    ids=["only one", "the new one", "both, ours named", "both", "none new, ours named", "none new", "other", "none"],
)
def test_which_organisation_a_consent_is_for(
    tenants: list[Tenant], event: str, wanted: str, chosen: str | None
) -> None:
    """What the consent connected first, then the connection's own; anything else is asked of the person again."""
    if chosen is not None:
        assert choose(tenants, event=event, wanted=wanted).tenant_id == chosen
        return
    with pytest.raises(Refused) as refused:
        choose(tenants, event=event, wanted=wanted)
    assert refused.value.problems


async def test_a_renewed_pair_works_and_the_one_before_it_for_half_an_hour(scene: Scene) -> None:
    """A lost answer to a renewal is repaired by asking again with the token that was used."""
    assert scene.store.stored is not None
    old = scene.store.stored.grant.refresh_token
    await scene.provider.oauth.refresh(old)
    again = await scene.provider.oauth.refresh(old)
    scene.control("POST", "clock/advance", {"minutes": 31})

    with pytest.raises(SignInNeeded):
        await scene.provider.oauth.refresh(old)
    assert again.refresh_token != old


async def test_an_expired_access_token_is_renewed_once_and_the_new_pair_is_kept(scene: Scene) -> None:
    scene.control("POST", "tokens/expire-access")

    assert (await scene.client.rows("Organisation")).rows
    assert scene.store.stored is not None
    assert scene.store.stored.generation == 2


async def test_leaving_one_organisation_leaves_the_persons_others_connected(base: str) -> None:
    """Revoking would end them all: it is done only when the last one goes."""
    scene = await connected(base, tenant=US_TENANT)
    provider = scene.provider
    second = await provider.connect(consent(provider.oauth.authorize_url("state-2"), UK_TENANT))
    first = scene.store.stored
    assert first is not None

    await provider.disconnect(second)

    assert [one.tenant_id for one in await provider.oauth.tenants(first.grant.access_token)] == [US_TENANT]
    assert (await scene.client.rows("Organisation")).rows
    await provider.disconnect(first.grant)
    with pytest.raises(SignInNeeded):
        await provider.oauth.refresh(first.grant.refresh_token)
    await provider.disconnect(first.grant)


async def test_an_organisation_disconnected_in_xero_needs_a_person(scene: Scene) -> None:
    """403 for its tenant, and the list of connections no longer has it."""
    scene.control("POST", "tokens/disconnect", {"tenant_id": scene.tenant})

    with pytest.raises(SignInNeeded):
        await scene.client.rows("Organisation")


async def test_a_consent_without_a_scope_needs_a_person_and_no_renewal(base: str) -> None:
    scopes = tuple(scope for scope in SCOPES if not scope.startswith("accounting.payments"))
    scene = await connected(base, scopes=scopes)

    with pytest.raises(SignInNeeded):
        await scene.client.rows("Payments")
    assert scene.store.stored is not None
    assert scene.store.stored.generation == 1


async def test_a_revoked_grant_needs_a_person(scene: Scene) -> None:
    assert scene.store.stored is not None
    grant = scene.store.stored.grant
    await scene.provider.oauth.revoke(grant.refresh_token)
    await scene.provider.oauth.revoke(grant.refresh_token)

    with pytest.raises(SignInNeeded):
        await TokenSource(MemoryStore(grant), scene.provider.oauth).access_token(not_this=grant.access_token)
