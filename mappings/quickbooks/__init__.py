"""QuickBooks Online: what each field becomes, and what stands in the way. Pure functions only.

check(record, books, held)                 every problem of a record
next_step(record, books, held, marker=)    the one change to make next
observe(entity_name, raw)                  an object of an answer in core words
build_catalog(company_info, preferences, realm_id=, read_at=, ...)
readiness(catalog, settings)               what the set-up lacks
deep_link(ref, company_id=, base=)         where a person opens an object
lost_in_translation(customer, books)       what QuickBooks has no field for
"""

from mappings.quickbooks.catalog import TaxModel, build_catalog
from mappings.quickbooks.customers import lost_in_translation
from mappings.quickbooks.deep_links import PRODUCTION, SANDBOX, deep_link
from mappings.quickbooks.plan import check, next_step, observe
from mappings.quickbooks.readiness import readiness
from mappings.quickbooks.wire import UnreadableRecord, decode, encode, marker_in

__all__ = [
    "PRODUCTION",
    "SANDBOX",
    "TaxModel",
    "UnreadableRecord",
    "build_catalog",
    "check",
    "decode",
    "deep_link",
    "encode",
    "lost_in_translation",
    "marker_in",
    "next_step",
    "observe",
    "readiness",
]
