"""Sample companies, written for this project: a US studio, a UK joinery and generated ones of any size."""

from __future__ import annotations

from collections.abc import Callable

from connectors.sandbox.quickbooks.company import Company, World
from connectors.sandbox.quickbooks.seed.foundation import lay_foundation
from connectors.sandbox.quickbooks.seed.generated import fill_generated
from connectors.sandbox.quickbooks.seed.uk_sample import fill_uk_sample
from connectors.sandbox.quickbooks.seed.us_sample import fill_us_sample
from connectors.sandbox.quickbooks.settings import CompanyOptions

_FILLERS: dict[str, Callable[[Company], None]] = {
    "us_sample": fill_us_sample,
    "uk_sample": fill_uk_sample,
    "generated": fill_generated,
}


def build_company(options: CompanyOptions, world: World) -> Company:
    """A company with its chart of accounts, lists and the records of its template."""
    company = lay_foundation(options, world)
    _FILLERS[options.template](company)
    company.emails.clear()
    return company
