"""An organisation's lists: seven calls, none of them paged."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from connectors.http import unclear
from connectors.protocol import Refused
from connectors.xero.client import Raw, XeroClient

log = structlog.get_logger("ledgerlane.xero")

OPTIONAL = frozenset({"Currencies", "Items", "BrandingThemes", "Organisation/Actions"})
"""Lists that can be done without where a plan, or the right of the connected user, does not reach them."""


@dataclass(frozen=True)
class OrganisationBooks:
    """The raw objects a catalogue is built from."""

    organisation: Raw
    actions: list[Raw]
    branding_themes: list[Raw]
    accounts: list[Raw]
    tax_rates: list[Raw]
    currencies: list[Raw]
    items: list[Raw]


async def read_books(client: XeroClient) -> OrganisationBooks:
    """The organisation and its lists, archived entries included: Xero gives those unasked."""
    found = await client.rows("Organisation")
    if not found.rows:
        raise unclear("the answer holds no organisation", writes=False)
    return OrganisationBooks(
        organisation=found.rows[0],
        actions=await _list(client, "Organisation/Actions"),
        branding_themes=await _list(client, "BrandingThemes"),
        accounts=await _list(client, "Accounts"),
        tax_rates=await _list(client, "TaxRates"),
        currencies=await _list(client, "Currencies"),
        items=await _list(client, "Items"),
    )


async def _list(client: XeroClient, collection: str) -> list[Raw]:
    try:
        return (await client.rows(collection)).rows
    except Refused as error:
        if collection not in OPTIONAL:
            raise
        log.info("list_refused", connection=client.connection, entity=collection, code=error.code)
        return []
