"""The connector against the simulator, over real HTTP, with the real mapping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.protocol import Result
from connectors.sandbox.quickbooks.settings import UK_REALM, US_REALM
from contracts.books import Gone, ObservedCustomer, ObservedDocument, ObservedPayment, RecordKind, RemoteRef
from contracts.invoices import DocumentStatus
from contracts.problems import Reason
from tests.builders import a_credit_memo, a_customer, a_payment, an_invoice
from tests.connectors.simulated import Company, connected, invoices


class TestReading:
    @pytest.mark.parametrize("realm", [UK_REALM, US_REALM])
    async def test_the_lists_of_a_company_come_in_three_calls(self, base: str, realm: str) -> None:
        """Company, preferences, and one batch of queries."""
        async with connected(base, realm) as company:
            company.control("DELETE", "calls")
            catalog = await company.ledger.catalog()
            calls = company.control("GET", "calls")["by_route"]

        assert catalog.company.id == realm
        assert catalog.items
        assert catalog.accounts
        assert catalog.tax_codes
        assert sum(calls.values()) <= 4, calls

    async def test_every_customer_comes_while_a_bookkeeper_works(self, base: str) -> None:
        """Renaming reorders the default list; here nobody is skipped."""
        async with connected(base, US_REALM, page=7) as company:
            expected = {row["Id"] for row in company.there("Customer")}
            found: dict[str, ObservedCustomer] = {}
            pages = 0
            async for page in company.ledger.customers():
                pages += 1
                found |= {customer.ref.id: customer for customer in page.customers}
                if pages == 2:
                    first = min(found, key=int)
                    company.bookkeeper("edit", entity="Customer", id=first, changes={"DisplayName": "AAA Renamed"})
                    company.bookkeeper("create", entity="Customer", object={"DisplayName": "AAB Added"})

        assert set(found) >= expected
        assert {"AAA Renamed", "AAB Added"} <= {customer.customer.name for customer in found.values()}

    async def test_inactive_customers_come_too(self, uk: Company) -> None:
        """The import report shows them as such."""
        person = uk.bookkeeper("create", entity="Customer", object={"DisplayName": "Gone Away"})["Customer"]
        uk.bookkeeper("inactivate", entity="Customer", id=person["Id"])

        found = [customer async for page in uk.ledger.customers() for customer in page.customers]

        assert [customer.active for customer in found if customer.ref.id == person["Id"]] == [False]

    async def test_what_does_not_exist_is_gone_and_the_rest_is_read(self, shop: Company) -> None:
        """A query does not show what was deleted; only a read says so."""
        await shop.push(an_invoice())
        held = shop.held["inv_1"].ref.id
        shop.bookkeeper("delete", entity="Invoice", id=held)

        answers = await shop.ledger.read(RecordKind.INVOICE, [held, "999999"])
        customer = shop.held["cus_1"].ref.id
        (person,) = await shop.ledger.read(RecordKind.CUSTOMER, [customer])

        assert all(isinstance(each, Gone) for each in answers)
        assert person.ref.id == customer

    async def test_changes_show_what_a_person_did(self, shop: Company) -> None:
        """A payment, a void and a deletion, since a moment."""
        await shop.push(an_invoice())
        await shop.push(an_invoice(id="inv_2", number="INV-2"))
        await shop.push(an_invoice(id="inv_3", number="INV-3"))
        ids = {name: shop.held[name].ref.id for name in ("inv_1", "inv_2", "inv_3")}
        shop.bookkeeper("payment", invoice_id=ids["inv_1"], amount=50)
        shop.bookkeeper("void-invoice", invoice_id=ids["inv_2"])
        shop.bookkeeper("delete", entity="Invoice", id=ids["inv_3"])

        found = await shop.ledger.changes(datetime.now(UTC) - timedelta(minutes=10))

        documents = {seen.ref.id: seen for seen in found.observed if isinstance(seen, ObservedDocument)}
        assert documents[ids["inv_1"]].balance == Decimal(70)
        assert documents[ids["inv_2"]].voided
        assert [gone.ref for gone in found.gone] == [RemoteRef(kind=RecordKind.INVOICE, id=ids["inv_3"])]
        assert any(isinstance(seen, ObservedPayment) and seen.amount == 50 for seen in found.observed)
        assert found.complete

    async def test_changes_older_than_the_feed_come_from_queries(self, shop: Company) -> None:
        """A connection that slept for two months."""
        await shop.push(an_invoice())

        found = await shop.ledger.changes(datetime.now(UTC) - timedelta(days=60))

        assert shop.held["inv_1"].ref.id in {seen.ref.id for seen in found.observed}
        assert not any("cdc" in route for route in shop.control("GET", "calls")["by_route"])


class TestWriting:
    async def test_a_whole_story_settles(self, shop: Company) -> None:
        """Customer, invoice, credit memo applied, payment of the rest: nothing is left to do, to the cent."""
        await shop.push(an_invoice())
        memo = a_credit_memo(allocations=[{"invoice_id": "inv_1", "amount": "120.00"}])
        await shop.push(an_invoice(id="inv_2", number="INV-2"))
        await shop.push(memo)
        await shop.push(a_payment(allocations=[{"invoice_id": "inv_2", "amount": "120.00"}]))

        balances = {
            row["DocNumber"]: Decimal(str(row["Balance"])) for row in shop.there("Invoice") if "DocNumber" in row
        }
        assert (balances["INV-1042"], balances["INV-2"]) == (Decimal(0), Decimal(0))
        assert await shop.plan(memo) is None
        assert set(shop.held["cm_1"].allocations) == {"inv_1"}
        assert shop.held["cm_1"].allocations["inv_1"].ref.kind is RecordKind.ALLOCATION

    async def test_thirty_documents_travel_in_one_call_and_answers_may_be_shuffled(self, shop: Company) -> None:
        """Matched by label."""
        shop.control("POST", "switches", {"batch_shuffles_answers": True})
        call = await shop.call_for(*invoices(30))

        outcomes = await shop.ledger.send(call)

        assert {outcome.result for outcome in outcomes} == {Result.DONE}
        assert {outcome.key: outcome.observed.marker for outcome in outcomes if outcome.observed} == {
            member.key: member.marker for member in call.members
        }
        assert shop.writes() == 1

    async def test_one_bad_document_does_not_stop_the_others(self, shop: Company) -> None:
        """Its number was taken by a bookkeeper a moment ago."""
        taken = shop.bookkeeper(
            "create",
            entity="Invoice",
            object={
                "CustomerRef": {"value": shop.held["cus_1"].ref.id},
                "DocNumber": "INV-2",
                "Line": [
                    {
                        "DetailType": "SalesItemLineDetail",
                        "Amount": 1,
                        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "3"}},
                    }
                ],
            },
        )["Invoice"]
        call = await shop.call_for(*invoices(3))

        by_number = {
            member.number: outcome for member, outcome in zip(call.members, await shop.ledger.send(call), strict=True)
        }

        assert [by_number[number].result for number in ("INV-1", "INV-2", "INV-3")] == [
            Result.DONE,
            Result.REFUSED,
            Result.DONE,
        ]
        assert by_number["INV-2"].existing_id == taken["Id"]
        assert [problem.reason for problem in by_number["INV-2"].problems] == [Reason.NUMBER_TAKEN]

    async def test_a_number_typed_by_somebody_else_is_not_ours(self, shop: Company) -> None:
        """Looking goes by our marker, never by number alone."""
        shop.control("POST", "companies/status", {"realm": UK_REALM})
        await shop.push(an_invoice())
        stranger = shop.held.pop("inv_1").ref.id
        shop.bookkeeper("edit", entity="Invoice", id=stranger, changes={"PrivateNote": "typed by hand"})
        call = await shop.call_for(an_invoice())

        assert await shop.ledger.look(call.members) == {call.members[0].key: None}

    async def test_a_name_taken_by_another_customer_names_its_holder(self, uk: Company) -> None:
        """So that a person can link it."""
        uk.control("POST", "switches", {"duplicate_name_text": "id"})
        other = uk.bookkeeper("create", entity="Customer", object={"DisplayName": "ACME LTD"})["Customer"]

        (outcome,) = await uk.ledger.send(await uk.call_for(a_customer()))

        assert (outcome.result, outcome.existing_id) == (Result.REFUSED, other["Id"])
        assert [problem.reason for problem in outcome.problems] == [Reason.NAME_TAKEN]

    async def test_a_change_made_meanwhile_makes_ours_stale(self, shop: Company) -> None:
        """Read again, plan again."""
        await shop.push(an_invoice())
        shop.bookkeeper(
            "edit", entity="Invoice", id=shop.held["inv_1"].ref.id, changes={"CustomerMemo": {"value": "x"}}
        )
        call = await shop.call_for(an_invoice(memo="new text"))

        (outcome,) = await shop.ledger.send(call)

        assert outcome.result is Result.STALE

    async def test_a_deleted_target_is_gone(self, shop: Company) -> None:
        """Not "something is inactive", which has the same code."""
        await shop.push(an_invoice())
        call = await shop.call_for(an_invoice(memo="new text"))
        shop.bookkeeper("delete", entity="Invoice", id=shop.held["inv_1"].ref.id)

        (outcome,) = await shop.ledger.send(call)

        assert outcome.result is Result.GONE

    async def test_an_inactive_customer_refuses_the_invoice(self, shop: Company) -> None:
        """The invoice is fine; what it names is not."""
        call = await shop.call_for(an_invoice())
        shop.bookkeeper("inactivate", entity="Customer", id=shop.held["cus_1"].ref.id)

        (outcome,) = await shop.ledger.send(call)

        assert (outcome.result, outcome.problems[0].reason) == (Result.REFUSED, Reason.REFERENCE_INACTIVE)

    async def test_closed_books_refuse_with_their_own_reason(self, shop: Company) -> None:
        """6210: a person has to decide."""
        call = await shop.call_for(an_invoice())
        shop.bookkeeper("close-books", until="2026-12-31")

        (outcome,) = await shop.ledger.send(call)

        assert (outcome.result, outcome.problems[0].reason) == (Result.REFUSED, Reason.PERIOD_CLOSED)

    async def test_an_invoice_is_marked_sent_without_writing_to_the_customer(self, shop: Company) -> None:
        """QuickBooks' e-mail goes to the merchant."""
        await shop.push(an_invoice(status=DocumentStatus.SENT, bill_to_emails=["billing@acme.example"]))

        emails = shop.control("GET", "emails")["emails"]
        assert len(emails) == 1
        assert "acme.example" not in str(emails)
        observed = shop.held["inv_1"].observed
        assert isinstance(observed, ObservedDocument)
        assert observed.sent

    @pytest.mark.parametrize("kind", ["invoice", "payment", "credit memo"])
    async def test_what_billing_voids_ends_in_the_ledger(self, shop: Company, kind: str) -> None:
        """Voided where QuickBooks can, deleted where it cannot."""
        record: Any = {
            "invoice": an_invoice(),
            "payment": a_payment(allocations=[]),
            "credit memo": a_credit_memo(),
        }[kind]
        await shop.push(record)
        call = await shop.call_for(record.model_copy(update={"status": type(record.status)("voided")}))

        (outcome,) = await shop.ledger.send(call)

        assert outcome.result is Result.DONE
        if outcome.observed is not None:
            assert getattr(outcome.observed, "voided", False)
        else:
            assert isinstance((await shop.ledger.read(RecordKind.CREDIT_MEMO, [shop.held["cm_1"].ref.id]))[0], Gone)
