"""Xero: what each field becomes, and what stands in the way. Pure functions only.

check(record, books, held)                 every problem of a record
next_step(record, books, held, marker=)    the one change to make next; steps.py says how each is sent
observe(entity_name, raw)                  an object of an answer in core words
allocations_in(entity_name, raw)           the allocations of a credit note, overpayment or prepayment
build_catalog(organisation, read_at=, ...)
readiness(catalog, settings)               what the set-up lacks
deep_link(ref, short_code=, base=)         where a person opens an object
lost_in_translation(customer, books)       what Xero has no field for
"""

from mappings.xero.allocations import allocations_in
from mappings.xero.catalog import build_catalog
from mappings.xero.contacts import lost_in_translation
from mappings.xero.deep_links import PRODUCTION, deep_link
from mappings.xero.plan import check, next_step, observe
from mappings.xero.readiness import readiness
from mappings.xero.wire import UnreadableRecord, decode, encode, from_xero_moment, marker_in

__all__ = [
    "PRODUCTION",
    "UnreadableRecord",
    "allocations_in",
    "build_catalog",
    "check",
    "decode",
    "deep_link",
    "encode",
    "from_xero_moment",
    "lost_in_translation",
    "marker_in",
    "next_step",
    "observe",
    "readiness",
]
