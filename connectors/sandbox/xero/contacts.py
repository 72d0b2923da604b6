"""Contacts: what is accepted, how they are found, how they are shown. Source: Xero reference 6."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.sandbox.common.exact_json import JsonObject
from connectors.sandbox.xero import errors
from connectors.sandbox.xero.body import Fields
from connectors.sandbox.xero.books import LIVE, ZERO, Books, Contact, Document
from connectors.sandbox.xero.errors import Refused
from connectors.sandbox.xero.wire import cents

_TEXT_LIMITS = {
    "Name": 255, "ContactNumber": 50, "AccountNumber": 50, "FirstName": 255, "LastName": 255, "CompanyNumber": 50,
    "EmailAddress": 255, "TaxNumber": 50, "BankAccountDetails": 255, "AccountsReceivableTaxType": 50,
    "AccountsPayableTaxType": 50, "SalesDefaultAccountCode": 10, "PurchasesDefaultAccountCode": 10,
}  # fmt: skip
_CHOICES = {
    "TaxNumberType": frozenset({"SSN", "EIN", "ITIN", "ATIN"}),
    "SalesDefaultLineAmountType": frozenset({"INCLUSIVE", "EXCLUSIVE", "NONE"}),
    "PurchasesDefaultLineAmountType": frozenset({"INCLUSIVE", "EXCLUSIVE", "NONE"}),
}
_SHOWN_TEXTS = (
    "ContactNumber", "AccountNumber", "Name", "FirstName", "LastName", "CompanyNumber", "EmailAddress",
    "BankAccountDetails", "TaxNumber", "TaxNumberType", "AccountsReceivableTaxType", "AccountsPayableTaxType",
)  # fmt: skip
_ADDRESS_LIMITS = {
    "AddressLine1": 500, "AddressLine2": 500, "AddressLine3": 500, "AddressLine4": 500, "City": 255, "Region": 255,
    "PostalCode": 50, "Country": 50, "AttentionTo": 255,
}  # fmt: skip
_PHONE_LIMITS = {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20}
_ADDRESS_SLOTS, _PHONE_SLOTS = ("STREET", "POBOX"), ("DEFAULT", "DDI", "FAX", "MOBILE")
_TERMS = frozenset({"DAYSAFTERBILLDATE", "DAYSAFTERBILLMONTH", "OFCURRENTMONTH", "OFFOLLOWINGMONTH"})
_MOST_PERSONS = 5
_EMAIL = re.compile(r"^[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+$")
_LETTERS = re.compile(r"^[A-Za-z]*$")
# What a nested contact may carry without being an edit of the contact. Source: Xero reference 4.2 (Contact).
_IDENTIFYING = frozenset({"ContactID", "ContactNumber", "Name"})
_WRITABLE = frozenset(
    {*_TEXT_LIMITS, *_CHOICES, "Addresses", "Phones", "ContactPersons", "PaymentTerms", "DefaultCurrency"}
)


def find_target(books: Books, fields: Fields) -> Contact | None:
    """Whom a POST means: id, then ContactNumber, then active Name. Raises NotFound for an unknown id.

    Source: Xero reference 2.3 (an id the organisation never issued is a 404 for the whole request).
    """
    contact_id = fields.guid("ContactID")
    if contact_id is not None and contact_id != errors.ZERO_GUID:
        contact = books.contacts.get(contact_id)
        if contact is None:
            raise errors.NotFound
        return contact
    number = fields.text("ContactNumber")
    if number:
        found = by_number(books, number)
        if found is not None:
            return found
    return by_active_name(books, fields.text("Name") or "")


def by_number(books: Books, number: str) -> Contact | None:
    wanted = number.casefold()
    return next((c for c in books.contacts.values() if str(c.data.get("ContactNumber", "")).casefold() == wanted), None)


def by_active_name(books: Books, name: str) -> Contact | None:
    return next((c for c in books.contacts_named(name) if c.status == "ACTIVE"), None) if name else None


def save(books: Books, fields: Fields, target: Contact | None) -> Contact:
    """Create (target None) or merge into `target`. Raises Refused with the merged echo; nothing is kept then."""
    if target is not None and target.status == "ARCHIVED" and not books.acting_person:
        raise Refused(errors.CONTACT_ARCHIVED_EDIT, echo=show(books, target))
    contact = target or Contact(id=errors.ZERO_GUID, data={"Name": "", "EmailAddress": ""})
    draft = Contact(**{**contact.__dict__})
    problems = _merge(books, draft, fields)
    problems += _conflicts(books, draft)
    if problems:
        raise Refused(*problems, echo=show(books, draft))
    if target is None:
        draft.id, draft.order = books.new_id(), books.next_order()
        draft.updated = books.now()
        books.add(books.contacts, draft.id, draft)
        books.append(books.by_name[draft.name.casefold()], draft.id)
        books.note(draft.id, "Created")
        books.emit("CONTACT", "Contacts", draft.id, "CREATE")
        return draft
    books.edit(target)
    if draft.name.casefold() != target.name.casefold():
        books.drop(books.by_name[target.name.casefold()], target.id)
        books.append(books.by_name[draft.name.casefold()], target.id)
    target.__dict__.update(draft.__dict__)
    target.updated = books.now()
    books.note(target.id, "Edited")
    books.emit("CONTACT", "Contacts", target.id, "UPDATE")
    return target


def of_document(books: Books, fields: Fields) -> Contact:
    """The contact a document names; created by Name when unknown. Source: Xero reference 6.3, 4.2."""
    contact_id, number, name = fields.guid("ContactID"), fields.text("ContactNumber"), fields.text("Name")
    if not contact_id and not number and not name:
        raise Refused(errors.CONTACT_UNIDENTIFIED)
    contact: Contact | None = None
    if contact_id:
        contact = books.contacts.get(contact_id)
        if contact is None:
            # Wording of the reference's general text for unknown ids (8.3).
            raise Refused(errors.DOCUMENT_NOT_FOUND)
    elif number:
        contact = by_number(books, number)
    if contact is None and name and not contact_id:
        contact = by_active_name(books, name)
        contact = contact or next((c for c in books.contacts_named(name) if c.status == "ARCHIVED"), None)
    if contact is None:
        return save(books, fields, None)
    if contact.status != "ACTIVE":
        raise Refused(errors.CONTACT_ARCHIVED_DOCUMENT)
    extra = (set(fields.data) & _WRITABLE) - _IDENTIFYING
    renamed = name is not None and contact_id is not None and name != contact.name
    if books.switches.nested_contact_updates and (extra or renamed):
        data = fields.data if "ContactPersons" in fields.data else {**fields.data, "ContactPersons": []}
        save(books, Fields(data, fields.path), contact)
    return contact


def mark_used(books: Books, contact_id: str, *, is_sales: bool) -> None:
    """IsCustomer and IsSupplier follow the first document and do not move UpdatedDateUTC. Source: 2.7, 6.1."""
    contact = books.contacts[contact_id]
    books.edit(contact)
    if is_sales:
        contact.is_customer = True
    else:
        contact.is_supplier = True


def archive(books: Books, contact: Contact, status: str) -> None:
    """What the ARCHIVED button and its undoing do; the API only knows the first. Source: Xero reference 6.3."""
    books.edit(contact)
    contact.status, contact.updated = status, books.now()
    books.note(contact.id, "Archived" if status == "ARCHIVED" else "Restored")
    books.emit("CONTACT", "Contacts", contact.id, "UPDATE")


def _merge(books: Books, draft: Contact, fields: Fields) -> list[str]:
    problems: list[str] = []
    data = dict(draft.data)
    for name, limit in _TEXT_LIMITS.items():
        value = fields.text(name)
        if value is not None:
            if len(value) > limit:
                problems.append(errors.too_long(name, limit))
            data[name] = value
    for name, allowed in _CHOICES.items():
        choice = fields.choice(name, allowed, name)
        if choice is not None:
            data[name] = choice
    currency = fields.text("DefaultCurrency")
    if currency:
        data["DefaultCurrency"] = currency
    draft.data = data
    draft.status = (
        fields.choice("ContactStatus", frozenset({"ACTIVE", "ARCHIVED", "GDPRREQUEST"}), "ContactStatus")
        or draft.status
    )
    draft.addresses = _slots(
        draft.addresses, fields, "Addresses", "AddressType", _ADDRESS_SLOTS, _ADDRESS_LIMITS, problems
    )
    draft.phones = _slots(draft.phones, fields, "Phones", "PhoneType", _PHONE_SLOTS, _PHONE_LIMITS, problems)
    if books.switches.contact_country_letters_only:
        countries = [address.get("Country", "") for address in draft.addresses.values()]
        problems += [f"Country {each} must be letters only." for each in countries if not _LETTERS.match(each)]
    _merge_persons(draft, fields, problems)
    _merge_terms(draft, fields)
    _check_name(books, draft, fields, problems)
    email = str(draft.data.get("EmailAddress", ""))
    if "EmailAddress" in fields and email and not _EMAIL.match(email):
        problems.append(errors.EMAIL_INVALID)
    return problems


def _check_name(books: Books, draft: Contact, fields: Fields, problems: list[str]) -> None:
    """Source: Xero reference 6.1 (rules); the three texts are this simulator's."""
    name = draft.name
    if not name.strip():
        problems.append("The Contact Name must be specified.")
    if "Name" not in fields:
        return
    if "<" in name or ">" in name:
        problems.append("The Contact Name must not contain the characters < and >.")
    tidy = " ".join(name.split())
    rule = books.switches.contact_name_whitespace
    if rule == "normalised":
        draft.data = {**draft.data, "Name": tidy}
    elif rule == "refused" and tidy != name and name.strip():
        problems.append("The Contact Name must not begin or end with spaces or contain repeated spaces.")


def _conflicts(books: Books, draft: Contact) -> list[str]:
    problems = []
    namesakes = [c for c in books.contacts_named(draft.name) if c.id != draft.id and c.status == "ACTIVE"]
    if draft.status == "ACTIVE" and namesakes:
        problems.append(errors.name_taken(draft.name))
    for key, text in (("ContactNumber", errors.CONTACT_NUMBER_TAKEN), ("AccountNumber", errors.ACCOUNT_NUMBER_TAKEN)):
        value = str(draft.data.get(key, "")).casefold()
        if value and any(
            c.id != draft.id and str(c.data.get(key, "")).casefold() == value for c in books.contacts.values()
        ):
            problems.append(text)
    currency = draft.data.get("DefaultCurrency")
    if currency and currency not in books.currencies:
        problems.append(errors.currency_missing(str(currency)))
    for key in ("AccountsReceivableTaxType", "AccountsPayableTaxType"):
        code = draft.data.get(key)
        if code and (str(code) not in books.tax_rates or books.tax_rates[str(code)].data["Status"] != "ACTIVE"):
            problems.append(f"The TaxType code {code} does not exist or cannot be used for this type of transaction.")
    return problems


def _slots(
    stored: JsonObject,
    fields: Fields,
    name: str,
    type_name: str,
    slots: tuple[str, ...],
    limits: dict[str, int],
    problems: list[str],
) -> JsonObject:
    """Sending one slot merges into that slot only. Source: Xero reference 6.2."""
    merged = {slot: dict(values) for slot, values in stored.items()}
    for row in fields.objects(name) or []:
        slot = row.choice(type_name, frozenset(slots), type_name) or slots[0]
        target = merged.setdefault(slot, {})
        for key, limit in limits.items():
            value = row.text(key)
            if value is not None:
                if len(value) > limit:
                    problems.append(errors.too_long(key, limit))
                target[key] = value
    return merged


def _merge_persons(draft: Contact, fields: Fields, problems: list[str]) -> None:
    """Replaced as a set when sent. Source: Xero reference 6.1."""
    rows = fields.objects("ContactPersons")
    if rows is None:
        return
    persons = []
    for row in rows:
        person: JsonObject = {key: row.text(key) or "" for key in ("FirstName", "LastName", "EmailAddress")}
        person["IncludeInEmails"] = bool(row.flag("IncludeInEmails"))
        if person["EmailAddress"] and not _EMAIL.match(person["EmailAddress"]):
            problems.append(errors.EMAIL_INVALID)
        persons.append(person)
    if len(persons) > _MOST_PERSONS:
        problems.append(f"A contact can have up to {_MOST_PERSONS} ContactPersons.")
    draft.persons = tuple(persons)


def _merge_terms(draft: Contact, fields: Fields) -> None:
    sent = fields.object("PaymentTerms")
    if sent is None:
        return
    terms = dict(draft.payment_terms or {})
    for side in ("Bills", "Sales"):
        row = sent.object(side)
        if row is not None:
            terms[side] = {
                "Day": int(row.number("Day") or 0),
                "Type": row.choice("Type", _TERMS, "PaymentTermType") or "DAYSAFTERBILLDATE",
            }
    draft.payment_terms = terms


# shown ---------------------------------------------------------------------------------------------------------


def summary(contact: Contact) -> JsonObject:
    """Inside a list row: no e-mail there. Source: Xero reference 4.5."""
    return {
        "ContactID": contact.id,
        "Name": contact.name,
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def show(
    books: Books,
    contact: Contact,
    *,
    is_listed: bool = False,
    is_summary: bool = False,
    balances_from: Iterable[Document] | None = None,
) -> JsonObject:
    """One contact. is_listed: an unpaged list row; is_summary: summaryOnly.

    balances_from: documents to add Balances from (at least all of this contact). Source: Xero reference 2.7, 4.5, 6.1.
    """
    shown: JsonObject = {"ContactID": contact.id, "ContactStatus": contact.status}
    if contact.merged_to:
        shown["MergedToContactID"] = contact.merged_to
    for key in _SHOWN_TEXTS:
        if contact.data.get(key) or key in {"Name", "EmailAddress", "BankAccountDetails"}:
            shown[key] = contact.data.get(key, "")
    if not is_summary:
        shown["Addresses"] = [_slot(contact.addresses, "AddressType", slot) for slot in _ADDRESS_SLOTS]
    shown["Phones"] = [_slot(contact.phones, "PhoneType", slot) for slot in _PHONE_SLOTS]
    shown["UpdatedDateUTC"] = contact.updated
    if not is_summary:
        shown["ContactGroups"] = []
        shown["IsSupplier"], shown["IsCustomer"] = contact.is_supplier, contact.is_customer
    if contact.data.get("DefaultCurrency"):
        shown["DefaultCurrency"] = contact.data["DefaultCurrency"]
    if is_listed:
        shown["ContactPersons"] = []
    elif not is_summary:
        for key in (
            "SalesDefaultLineAmountType",
            "PurchasesDefaultLineAmountType",
            "SalesDefaultAccountCode",
            "PurchasesDefaultAccountCode",
        ):
            if contact.data.get(key):
                shown[key] = contact.data[key]
        shown["SalesTrackingCategories"], shown["PurchasesTrackingCategories"] = [], []
        shown["ContactPersons"] = [dict(person) for person in contact.persons]
        if contact.payment_terms:
            shown["PaymentTerms"] = contact.payment_terms
    if balances_from is not None and not is_summary and (contact.is_customer or contact.is_supplier):
        shown["Balances"] = _balances(books, contact, list(balances_from))
    shown["HasAttachments"], shown["HasValidationErrors"] = False, False
    return shown


def _slot(slots: JsonObject, type_name: str, slot: str) -> JsonObject:
    stored = slots.get(slot, {})
    if type_name == "PhoneType":
        return {type_name: slot, **{key: stored.get(key, "") for key in _PHONE_LIMITS}}
    always = ("City", "Region", "PostalCode", "Country")
    shown: JsonObject = {type_name: slot}
    for key in _ADDRESS_LIMITS:
        if key in always or stored.get(key):
            shown[key] = stored.get(key, "")
    return shown


def _balances(books: Books, contact: Contact, documents: list[Document]) -> JsonObject:
    """In base currency. Source: Xero reference 6.1."""
    today = books.today()
    rows: JsonObject = {}
    for side, is_sales in (("AccountsReceivable", True), ("AccountsPayable", False)):
        outstanding = overdue = ZERO
        for document in documents:
            if document.contact_id != contact.id or document.status not in LIVE or document.is_sales != is_sales:
                continue
            left = books.outstanding(document) / document.rate
            signed = left if document.kind == "Invoice" else -left
            outstanding += signed
            if document.kind == "Invoice" and document.due_day is not None and document.due_day < today:
                overdue += signed
        rows[side] = {"Outstanding": cents(outstanding), "Overdue": cents(overdue)}
    return rows
