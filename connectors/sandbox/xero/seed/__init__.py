"""The organisations a simulator starts with, written for this project."""

from __future__ import annotations

import random
from datetime import timedelta

from connectors.sandbox.xero.books import Books, World
from connectors.sandbox.xero.seed.foundation import found_organisation
from connectors.sandbox.xero.seed.generated import fill_generated
from connectors.sandbox.xero.seed.uk_sample import fill_uk_sample
from connectors.sandbox.xero.seed.us_sample import fill_us_sample
from connectors.sandbox.xero.settings import OrganisationOptions

_SEEDED_DAYS_AGO = 40


def build_organisation(options: OrganisationOptions, world: World, rng: random.Random) -> Books:
    """Foundation (accounts, taxes, currencies, themes), then the template, then generated volume."""
    books = found_organisation(options, world, rng)
    if options.template == "uk_sample":
        fill_uk_sample(books)
    elif options.template == "us_sample":
        fill_us_sample(books)
    fill_generated(books, contacts=options.contacts, invoices=options.invoices)
    _backdate(books)
    books.period_lock, books.year_lock = options.period_lock_date, options.end_of_year_lock_date
    return books


def _backdate(books: Books) -> None:
    """What is seeded was changed weeks ago, one second after the other, so that deltas start empty."""
    base = books.now().replace(microsecond=0) - timedelta(days=_SEEDED_DAYS_AGO)
    tables = (books.accounts, books.tax_rates, books.items, books.branding_themes, books.contacts, books.documents,
              books.payments, books.bank_transactions)  # fmt: skip
    for table in tables:
        for record in table.values():
            record.updated = base + timedelta(seconds=record.order)
