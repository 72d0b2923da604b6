"""Every object this simulator has, and what the API offers for each. Source: QuickBooks reference 2.2, 3.1, 4, 8.5."""

from __future__ import annotations

from connectors.sandbox.quickbooks.fields import (
    ACCOUNT,
    CREDIT_MEMO,
    CUSTOMER,
    EMPLOYEE,
    ENVELOPE,
    INVOICE,
    ITEM,
    NAME,
    PAYMENT,
    REFUND,
    SALES,
    TERM,
    VENDOR,
    Entity,
    Field,
    fields_of,
)

_NAME_FILTERS = (
    "Id DisplayName GivenName MiddleName FamilyName PrimaryEmailAddr Active Balance "
    "MetaData.CreateTime MetaData.LastUpdatedTime"
)
_TXN_FILTERS = "Id TxnDate CustomerRef TotalAmt MetaData.CreateTime MetaData.LastUpdatedTime"
_LIST_FILTERS = "Id Name Active MetaData.CreateTime MetaData.LastUpdatedTime"


def _entity(name: str, *groups: dict[str, Field], operations: str, filters: str, **options: object) -> Entity:
    fields = dict(ENVELOPE)
    for group in groups:
        fields.update(group)
    settings: dict[str, object] = {"sequence": name, **options}
    return Entity(
        name=name,
        fields=fields,
        operations=frozenset(operations.split()),
        filterable=frozenset(filters.split()),
        **settings,  # type: ignore[arg-type]
    )


_LISTS = "create read query update"

ENTITIES: dict[str, Entity] = {
    entity.path: entity
    for entity in (
        _entity(
            "Customer",
            NAME,
            CUSTOMER,
            operations=_LISTS,
            sequence="Name",
            is_name=True,
            filters=f"{_NAME_FILTERS} CompanyName FullyQualifiedName Job ParentRef",
            default_order="FullyQualifiedName",
        ),
        _entity(
            "Vendor",
            NAME,
            VENDOR,
            operations=_LISTS,
            sequence="Name",
            is_name=True,
            filters=f"{_NAME_FILTERS} CompanyName",
            default_order="DisplayName",
        ),
        _entity(
            "Employee",
            NAME,
            EMPLOYEE,
            operations=_LISTS,
            sequence="Name",
            is_name=True,
            filters=_NAME_FILTERS,
            default_order="DisplayName",
        ),
        _entity(
            "Item",
            ITEM,
            operations=_LISTS,
            required=("Name",),
            filters=f"{_LIST_FILTERS} Sku Type FullyQualifiedName",
            default_order="Name",
        ),
        _entity(
            "Account",
            ACCOUNT,
            operations=_LISTS,
            required=("Name",),
            filters=f"{_LIST_FILTERS} AccountType AccountSubType Classification FullyQualifiedName",
            default_order="Name",
        ),
        _entity("Term", TERM, operations=_LISTS, required=("Name",), filters=f"{_LIST_FILTERS} Type DueDays"),
        _entity(
            "PaymentMethod",
            fields_of(Name="text:31", Active="bool", Type="enum:CREDIT_CARD|NON_CREDIT_CARD"),
            operations=_LISTS,
            required=("Name",),
            filters=f"{_LIST_FILTERS} Type",
        ),
        _entity(
            "Invoice",
            SALES,
            INVOICE,
            operations="create read query update delete void send pdf",
            required=("CustomerRef", "Line"),
            sequence="Transaction",
            is_transaction=True,
            filters=f"{_TXN_FILTERS} DocNumber DueDate Balance",
        ),
        _entity(
            "CreditMemo",
            SALES,
            CREDIT_MEMO,
            operations="create read query update delete send pdf",
            required=("CustomerRef", "Line"),
            sequence="Transaction",
            is_transaction=True,
            filters=f"{_TXN_FILTERS} DocNumber Balance RemainingCredit",
        ),
        _entity(
            "RefundReceipt",
            SALES,
            REFUND,
            operations="create read query update delete send pdf",
            required=("DepositToAccountRef", "Line"),
            sequence="Transaction",
            is_transaction=True,
            filters=f"{_TXN_FILTERS} DocNumber PaymentRefNum",
        ),
        _entity(
            "Payment",
            PAYMENT,
            operations="create read query update delete void send pdf",
            required=("CustomerRef", "TotalAmt"),
            sequence="Transaction",
            is_transaction=True,
            filters=f"{_TXN_FILTERS} PaymentRefNum UnappliedAmt",
        ),
        _entity(
            "TaxCode",
            fields_of(
                Name="text:100!",
                Description="text!",
                Active="bool!",
                Taxable="bool!",
                TaxGroup="bool!",
                Hidden="bool!",
                TaxCodeConfigType="text!",
                SalesTaxRateList="object!",
                PurchaseTaxRateList="object!",
            ),
            operations="read query",
            filters=_LIST_FILTERS,
            in_cdc=False,
            has_webhook=False,
        ),
        _entity(
            "TaxRate",
            fields_of(
                Name="text:100!",
                Description="text!",
                Active="bool!",
                RateValue="number!",
                AgencyRef="ref!",
                SpecialTaxType="text!",
                DisplayType="text!",
                EffectiveTaxRate="object!",
            ),
            operations="read query",
            filters=_LIST_FILTERS,
            in_cdc=False,
            has_webhook=False,
        ),
        _entity(
            "TaxAgency",
            fields_of(
                DisplayName="text:100",
                TaxTrackedOnSales="bool",
                TaxTrackedOnPurchases="bool",
                TaxRegistrationNumber="text:100",
                LastFileDate="date!",
                TaxAgencyConfig="text!",
            ),
            operations="create read query",
            required=("DisplayName",),
            filters="Id DisplayName",
            in_cdc=False,
        ),
        _entity(
            "CompanyCurrency",
            fields_of(Code="text:3", Name="text:100", Active="bool", CustomField="customfields"),
            operations=_LISTS,
            required=("Code",),
            filters=f"{_LIST_FILTERS} Code",
            has_webhook=False,
        ),
        _entity(
            "CompanyInfo",
            fields_of(
                CompanyName="text:1024",
                LegalName="text:1024",
                CompanyAddr="address",
                LegalAddr="address",
                CustomerCommunicationAddr="address",
                Country="text!",
                Email="email:100",
                WebAddr="uri:1000",
                PrimaryPhone="phone:30",
                FiscalYearStartMonth="text:20",
                CompanyStartDate="date!",
                SupportedLanguages="text:100",
                EmployerId="text:100",
                DefaultTimeZone="text!",
                NameValue="object!",
            ),
            operations="read query update",
            filters="Id CompanyName",
            has_webhook=False,
        ),
        _entity(
            "Preferences",
            fields_of(
                AccountingInfoPrefs="object",
                SalesFormsPrefs="object",
                TaxPrefs="object",
                CurrencyPrefs="object",
                OtherPrefs="object",
                EmailMessagesPrefs="object",
                ProductAndServicesPrefs="object",
                ReportPrefs="object",
                VendorAndPurchasesPrefs="object",
                TimeTrackingPrefs="object",
            ),
            operations="read query update",
            filters="Id",
        ),
    )
}

BY_NAME: dict[str, Entity] = {entity.name: entity for entity in ENTITIES.values()}
