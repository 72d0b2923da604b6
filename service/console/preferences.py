"""The settings of a connection as a form: choices come from the ledger's lists, mappings grow by empty rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath
from litestar.response import Redirect, Response
from pydantic import ValidationError

from contracts.books import Catalog
from contracts.connections import ConnectionSettings, PaidVoidPolicy, TotalsPolicy
from contracts.problems import Reason
from service.connections import catalog_of, update_settings
from service.console.causes import causes_of
from service.console.connections import address, frame
from service.console.rendering import Ask, field, fields, go, page
from service.console.sessions import connection_of, service_of
from service.store.tables import Connection
from service.views.connections import settings_view

Option = tuple[str, str]
EMPTY_ROWS = 2

POLICIES: dict[str, list[Option]] = {
    "on_totals_differ": [
        (TotalsPolicy.BLOCK, "Block the document and show both totals"),
        (TotalsPolicy.ACCEPT_LEDGER_TAX, "Accept the tax the ledger computes, and report the difference"),
    ],
    "on_void_with_payments": [
        (PaidVoidPolicy.BLOCK, "Block the void and say so"),
        (PaidVoidPolicy.VOID, "Void it all the same; its payments become open credit"),
    ],
}
MAPPINGS = ("items", "tax_codes", "payment_methods")
_PRODUCTS = (Reason.LINE_UNMAPPED,)
_TAXES = (Reason.TAX_CODE_UNMAPPED, Reason.TAX_CODE_AMBIGUOUS)


@get("/connections/{connection_id:str}/settings")
async def settings_page(request: Ask, connection_id: FromPath[str]) -> Response[str]:
    """The form as it is in force, with an empty row for everything that waits for a mapping."""
    async with service_of(request).database.read() as session:
        row = await connection_of(request, session, connection_id)
        catalog = await catalog_of(session, row.id)
        causes = await causes_of(session, row)
    wanted = settings_view(row).model_dump(mode="json")
    missing = {
        "items": [cause.value for cause in causes if cause.reason in _PRODUCTS],
        "tax_codes": [cause.value for cause in causes if cause.reason in _TAXES],
    }
    for name, values in missing.items():
        wanted[name] |= {value: "" for value in values if value and value not in wanted[name]}
    return _form(request, row, catalog, wanted, {})


@post("/connections/{connection_id:str}/settings")
async def save_settings(request: Ask, connection_id: FromPath[str]) -> Response[str] | Redirect:
    """Store the form, or show it again with what is wrong beside each field."""
    form = await request.form()
    async with service_of(request).database.write() as session:
        row = await connection_of(request, session, connection_id)
        wanted = settings_view(row).model_dump(mode="json") | read_form(form)
        errors = _doubled(form)
        try:
            settings = ConnectionSettings.model_validate(wanted)
        except ValidationError as error:
            errors |= {str(one["loc"][0]): _plain(one["msg"]) for one in error.errors()}
        if not errors:
            await update_settings(session, row, settings)
    if errors:
        async with service_of(request).database.read() as session:
            catalog = await catalog_of(session, row.id)
        return _form(request, row, catalog, wanted, errors)
    return go(
        f"{address(row.id)}/settings", "The settings are saved. Everything that was blocked is being looked at again."
    )


def read_form(form: FormMultiDict) -> dict[str, Any]:
    """The fields of the form in the shape of ConnectionSettings; a mapping without a target is left out."""
    found: dict[str, Any] = {
        name: field(form, name)
        for name in ("default_item", "deposit_account", "merchant_email", "on_totals_differ", "on_void_with_payments")
    }
    found["mark_sent"] = field(form, "mark_sent") == "yes"
    found["pull_every_seconds"] = field(form, "pull_every_seconds")
    for name in MAPPINGS:
        found[name] = {key: target for key, target in _pairs(form, name) if key and target}
    return found


def _pairs(form: FormMultiDict, name: str) -> list[Option]:
    return list(zip(fields(form, f"{name}_from"), fields(form, f"{name}_to"), strict=False))


def _doubled(form: FormMultiDict) -> dict[str, str]:
    errors = {}
    for name in MAPPINGS:
        pairs = _pairs(form, name)
        keys = [key for key, target in pairs if key and target]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            errors[name] = f"{', '.join(twice)} is mapped more than once; keep one row."
        elif any(target and not key for key, target in pairs):
            errors[name] = "A row has a choice but no billing id; fill it in or clear the choice."
    return errors


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Input ").capitalize()


def _form(
    request: Ask, row: Connection, catalog: Catalog | None, wanted: Mapping[str, Any], errors: dict[str, str]
) -> Response[str]:
    return page(
        request,
        "settings.html",
        status=422 if errors else 200,
        **frame(row),
        wanted=wanted,
        errors=errors,
        options=_options(catalog),
        policies=POLICIES,
        empty_rows=EMPTY_ROWS,
        read=catalog is not None,
    )


def _options(catalog: Catalog | None) -> dict[str, list[Option]]:
    """What each select offers: only what the ledger lets a sale use."""
    if catalog is None:
        return {"items": [], "tax_codes": [], "accounts": [], "payment_methods": []}
    deposits = ("bank", "other current asset", "undeposited funds")
    return {
        "items": [(item.id, item.name) for item in catalog.items if item.active and item.usable],
        "tax_codes": [(code.id, code.name) for code in catalog.tax_codes if code.active and code.for_sales],
        "accounts": [
            (account.id, f"{account.name} ({account.type}{', ' + account.currency if account.currency else ''})")
            for account in catalog.accounts
            if account.active and account.type.lower() in deposits
        ],
        "payment_methods": [(method.id, method.name) for method in catalog.payment_methods if method.active],
    }


HANDLERS = [settings_page, save_settings]
