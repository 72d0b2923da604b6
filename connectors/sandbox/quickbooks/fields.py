"""Which fields each object has and what fits in them. Source: QuickBooks reference 2.2, 2.10, 9.6, 11.1, 12, 13.

A field is written as a short word: a kind, an optional limit after ":", and "!" for read-only or "+" for
"only when created". `text:21` is a string of at most 21 characters; `money!` is an amount the server computes.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    kind: str
    limit: str = ""
    is_read_only: bool = False
    is_create_only: bool = False


@dataclass(frozen=True)
class Entity:
    """One object type: its spelling, its fields and what the API offers for it."""

    name: str
    fields: dict[str, Field]
    operations: frozenset[str]  # create, read, query, update, delete, void, send, pdf
    sequence: str
    filterable: frozenset[str]
    required: tuple[str, ...] = ()
    is_transaction: bool = False
    is_name: bool = False  # Customer, Vendor, Employee share one set of names
    in_cdc: bool = True
    has_webhook: bool = True
    default_order: str = "Id"
    has_active: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_active", "Active" in self.fields)

    @property
    def path(self) -> str:
        return self.name.lower()


def _fields(**words: str) -> dict[str, Field]:
    return {name: _field(word) for name, word in words.items()}


def _field(word: str) -> Field:
    kind, _, limit = word.rstrip("!+").partition(":")
    return Field(kind, limit, is_read_only=word.endswith("!"), is_create_only=word.endswith("+"))


_ENVELOPE = _fields(Id="id", SyncToken="token", sparse="bool!", domain="text!", MetaData="object!", status="text!")

_NAME = _fields(
    Title="name:16",
    GivenName="name:100",
    MiddleName="name:100",
    FamilyName="name:100",
    Suffix="name:16",
    DisplayName="name:500",
    PrintOnCheckName="name:110",
    Active="bool",
    PrimaryPhone="phone:30",
    Mobile="phone:30",
    PrimaryEmailAddr="email:100",
    V4IDPseudonym="text!",
    ClientEntityId="text!",
)

_CUSTOMER = _fields(
    CompanyName="text:100",
    FullyQualifiedName="text!",
    AlternatePhone="phone:30",
    Fax="phone:30",
    WebAddr="uri:1000",
    BillAddr="address",
    ShipAddr="address",
    Notes="text:2000",
    Job="bool",
    BillWithParent="bool",
    ParentRef="ref",
    Level="int!",
    Balance="money!",
    OpenBalanceDate="date+",
    BalanceWithJobs="money!",
    CurrencyRef="ref",
    PreferredDeliveryMethod="enum:Print|Email|None",
    IsProject="bool",
    Taxable="bool",
    TaxExemptionReasonId="text:16",
    DefaultTaxCodeRef="ref",
    ResaleNum="text:16",
    PrimaryTaxIdentifier="text:20",
    SecondaryTaxIdentifier="text:20",
    GSTIN="text:15",
    GSTRegistrationType="text:15",
    BusinessNumber="text:10",
    SalesTermRef="ref",
    PaymentMethodRef="ref",
    ARAccountRef="ref",
    CustomerTypeRef="ref",
)

_VENDOR = _fields(
    CompanyName="text:100",
    AlternatePhone="phone:30",
    Fax="phone:30",
    WebAddr="uri:1000",
    BillAddr="address",
    AcctNum="text:100",
    Balance="money!",
    BillRate="number",
    Vendor1099="bool",
    TaxIdentifier="text:20",
    TaxReportingBasis="text:20",
    TermRef="ref",
    APAccountRef="ref",
    CurrencyRef="ref",
)

_EMPLOYEE = _fields(
    PrimaryAddr="address",
    EmployeeNumber="text:100",
    BillableTime="bool",
    BillRate="number",
    CostRate="number",
    Organization="bool",
    HiredDate="date",
    ReleasedDate="date",
    BirthDate="date",
    SSN="text:100",
    Gender="text:20",
)

_SALES = _fields(
    DocNumber="text:21",
    TxnDate="date",
    CurrencyRef="ref",
    ExchangeRate="number",
    PrivateNote="text:4000",
    CustomerRef="ref",
    CustomerMemo="memo:1000",
    Line="lines",
    TxnTaxDetail="taxdetail",
    GlobalTaxCalculation="enum:TaxExcluded|TaxInclusive|NotApplicable",
    ApplyTaxAfterDiscount="bool",
    BillAddr="address",
    ShipAddr="address",
    ShipFromAddr="address",
    FreeFormAddress="bool",
    BillEmail="email:100",
    BillEmailCc="email:200",
    BillEmailBcc="email:200",
    PrintStatus="enum:NotSet|NeedToPrint|PrintComplete",
    EmailStatus="enum:NotSet|NeedToSend|EmailSent",
    DeliveryInfo="object!",
    CustomField="customfields",
    ClassRef="ref",
    DepartmentRef="ref",
    ProjectRef="ref",
    RecurDataRef="ref!",
    TaxExemptionRef="object",
    HomeTotalAmt="money!",
    HomeBalance="money!",
    TotalAmt="money!",
    Balance="money!",
    LinkedTxn="linked!",
    TxnSource="text!",
)

_INVOICE = _fields(
    DueDate="date",
    SalesTermRef="ref",
    ShipDate="date",
    ShipMethodRef="ref",
    TrackingNum="text:31",
    Deposit="money",
    DepositToAccountRef="ref",
    AllowIPNPayment="bool!",
    AllowOnlinePayment="bool!",
    AllowOnlineCreditCardPayment="bool",
    AllowOnlineACHPayment="bool",
    InvoiceLink="text!",
    EInvoiceStatus="text!",
)

_CREDIT_MEMO = _fields(
    RemainingCredit="money!", SalesTermRef="ref", PaymentMethodRef="ref", DepositToAccountRef="ref", InvoiceRef="ref"
)

_REFUND = _fields(
    DepositToAccountRef="ref",
    PaymentMethodRef="ref",
    PaymentRefNum="text:100",
    PaymentType="enum:Cash|Check|CreditCard|Other",
    CheckPayment="object",
    CreditCardPayment="object",
)

_PAYMENT = _fields(
    CustomerRef="ref",
    TotalAmt="money",
    UnappliedAmt="money!",
    TxnDate="date",
    CurrencyRef="ref",
    ExchangeRate="number",
    PaymentRefNum="text:21",
    PaymentMethodRef="ref",
    DepositToAccountRef="ref",
    ARAccountRef="ref",
    PrivateNote="text:4000",
    Line="paymentlines",
    LinkedTxn="linked!",
    ProcessPayment="bool",
    CreditCardPayment="object",
    TransactionLocationType="text:100",
    TaxExemptionRef="object",
    ProjectRef="ref",
    TxnSource="text!",
)

_ITEM = _fields(
    Name="name:100",
    Sku="text:100",
    Description="text:4000",
    Active="bool",
    SubItem="bool",
    ParentRef="ref",
    Level="int!",
    FullyQualifiedName="text!",
    Taxable="bool",
    SalesTaxIncluded="bool",
    PurchaseTaxIncluded="bool",
    SalesTaxCodeRef="ref",
    PurchaseTaxCodeRef="ref",
    UnitPrice="price",
    Type="enum:Service|NonInventory|Inventory|Group|Category",
    IncomeAccountRef="ref",
    ExpenseAccountRef="ref",
    AssetAccountRef="ref",
    PurchaseDesc="text:1000",
    PurchaseCost="price",
    TrackQtyOnHand="bool",
    QtyOnHand="number",
    InvStartDate="date",
    DeferredRevenue="bool!",
    ClassRef="ref",
)

_ACCOUNT = _fields(
    Name="account_name:100",
    SubAccount="bool",
    ParentRef="ref",
    Description="text:100",
    AcctNum="text:20",
    FullyQualifiedName="text!",
    Active="bool",
    Classification="enum:Asset|Equity|Expense|Liability|Revenue",
    AccountType="text:100",
    AccountSubType="text:100",
    CurrentBalance="money!",
    CurrentBalanceWithSubAccounts="money!",
    CurrencyRef="ref",
    TaxCodeRef="ref",
)

_TERM = _fields(
    Name="text:31",
    Active="bool",
    Type="enum:STANDARD|DATE_DRIVEN",
    DiscountPercent="number",
    DueDays="int:999",
    DiscountDays="int:999",
    DayOfMonthDue="int:31",
    DueNextMonthDays="int:999",
    DiscountDayOfMonth="int:31",
)

_NAME_FILTERS = "Id DisplayName GivenName MiddleName FamilyName PrimaryEmailAddr Active Balance MetaData.CreateTime MetaData.LastUpdatedTime"
_TXN_FILTERS = "Id TxnDate CustomerRef TotalAmt MetaData.CreateTime MetaData.LastUpdatedTime"
_LIST_FILTERS = "Id Name Active MetaData.CreateTime MetaData.LastUpdatedTime"


def _entity(name: str, *groups: dict[str, Field], operations: str, filters: str, **options: object) -> Entity:
    fields = dict(_ENVELOPE)
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
        _entity("Customer", _NAME, _CUSTOMER, operations=_LISTS, sequence="Name", is_name=True,
                filters=f"{_NAME_FILTERS} CompanyName FullyQualifiedName Job ParentRef", default_order="FullyQualifiedName"),
        _entity("Vendor", _NAME, _VENDOR, operations=_LISTS, sequence="Name", is_name=True,
                filters=f"{_NAME_FILTERS} CompanyName", default_order="DisplayName"),
        _entity("Employee", _NAME, _EMPLOYEE, operations=_LISTS, sequence="Name", is_name=True,
                filters=_NAME_FILTERS, default_order="DisplayName"),
        _entity("Item", _ITEM, operations=_LISTS, required=("Name",),
                filters=f"{_LIST_FILTERS} Sku Type FullyQualifiedName", default_order="Name"),
        _entity("Account", _ACCOUNT, operations=_LISTS, required=("Name",),
                filters=f"{_LIST_FILTERS} AccountType AccountSubType Classification FullyQualifiedName", default_order="Name"),
        _entity("Term", _TERM, operations=_LISTS, required=("Name",), filters=f"{_LIST_FILTERS} Type DueDays"),
        _entity("PaymentMethod", _fields(Name="text:31", Active="bool", Type="enum:CREDIT_CARD|NON_CREDIT_CARD"),
                operations=_LISTS, required=("Name",), filters=f"{_LIST_FILTERS} Type"),
        _entity("Invoice", _SALES, _INVOICE, operations="create read query update delete void send pdf",
                required=("CustomerRef", "Line"), sequence="Transaction", is_transaction=True,
                filters=f"{_TXN_FILTERS} DocNumber DueDate Balance"),
        _entity("CreditMemo", _SALES, _CREDIT_MEMO, operations="create read query update delete send pdf",
                required=("CustomerRef", "Line"), sequence="Transaction", is_transaction=True,
                filters=f"{_TXN_FILTERS} DocNumber Balance RemainingCredit"),
        _entity("RefundReceipt", _SALES, _REFUND, operations="create read query update delete send pdf",
                required=("DepositToAccountRef", "Line"), sequence="Transaction", is_transaction=True,
                filters=f"{_TXN_FILTERS} DocNumber PaymentRefNum"),
        _entity("Payment", _PAYMENT, operations="create read query update delete void send pdf",
                required=("CustomerRef", "TotalAmt"), sequence="Transaction", is_transaction=True,
                filters=f"{_TXN_FILTERS} PaymentRefNum UnappliedAmt"),
        _entity("TaxCode", _fields(Name="text:100!", Description="text!", Active="bool!", Taxable="bool!", TaxGroup="bool!",
                Hidden="bool!", TaxCodeConfigType="text!", SalesTaxRateList="object!", PurchaseTaxRateList="object!"),
                operations="read query", filters=_LIST_FILTERS, in_cdc=False, has_webhook=False),
        _entity("TaxRate", _fields(Name="text:100!", Description="text!", Active="bool!", RateValue="number!",
                AgencyRef="ref!", SpecialTaxType="text!", DisplayType="text!", EffectiveTaxRate="object!"),
                operations="read query", filters=_LIST_FILTERS, in_cdc=False, has_webhook=False),
        _entity("TaxAgency", _fields(DisplayName="text:100", TaxTrackedOnSales="bool", TaxTrackedOnPurchases="bool",
                TaxRegistrationNumber="text:100", LastFileDate="date!", TaxAgencyConfig="text!"),
                operations="create read query", required=("DisplayName",), filters="Id DisplayName", in_cdc=False),
        _entity("CompanyCurrency", _fields(Code="text:3", Name="text:100", Active="bool", CustomField="customfields"),
                operations=_LISTS, required=("Code",), filters=f"{_LIST_FILTERS} Code", has_webhook=False),
        _entity("CompanyInfo", _fields(CompanyName="text:1024", LegalName="text:1024", CompanyAddr="address", LegalAddr="address",
                CustomerCommunicationAddr="address", Country="text!", Email="email:100", WebAddr="uri:1000", PrimaryPhone="phone:30",
                FiscalYearStartMonth="text:20", CompanyStartDate="date!", SupportedLanguages="text:100", EmployerId="text:100",
                DefaultTimeZone="text!", NameValue="object!"),
                operations="read query update", filters="Id CompanyName", has_webhook=False),
        _entity("Preferences", _fields(AccountingInfoPrefs="object", SalesFormsPrefs="object", TaxPrefs="object",
                CurrencyPrefs="object", OtherPrefs="object", EmailMessagesPrefs="object", ProductAndServicesPrefs="object",
                ReportPrefs="object", VendorAndPurchasesPrefs="object", TimeTrackingPrefs="object"),
                operations="read query update", filters="Id"),
    )
}  # fmt: skip

BY_NAME: dict[str, Entity] = {entity.name: entity for entity in ENTITIES.values()}

# Keys a line may carry. Source: QuickBooks reference 9.6, 11.1, 12.1.
LINE_KEYS = frozenset(
    "Id LineNum Description Amount DetailType LinkedTxn CustomField CustomExtensions LineEx SalesItemLineDetail "
    "DiscountLineDetail SubTotalLineDetail DescriptionLineDetail DescriptionOnly GroupLineDetail TaxLineDetail "
    "ProjectRef".split()
)
DETAIL_KEYS = {
    "SalesItemLineDetail": frozenset(
        "ItemRef Qty UnitPrice TaxCodeRef ServiceDate ClassRef ItemAccountRef TaxInclusiveAmt DiscountRate DiscountAmt "
        "TaxClassificationRef MarkupInfo RatePercent PriceLevelRef DeferredRevenue".split()
    ),
    "DiscountLineDetail": frozenset(
        "PercentBased DiscountPercent DiscountAccountRef TaxCodeRef ClassRef Discount DiscountRef ServiceDate".split()
    ),
    "SubTotalLineDetail": frozenset(["ItemRef"]),
    "DescriptionLineDetail": frozenset(["ServiceDate", "TaxCodeRef"]),
}
DETAIL_TYPES = frozenset(
    ["SalesItemLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "DescriptionOnly", "GroupLineDetail"]
)
ADDRESS_LIMITS = {
    **{f"Line{number}": 500 for number in range(1, 6)},
    "City": 255,
    "Country": 255,
    "CountrySubDivisionCode": 255,
    "PostalCode": 30,
    "CountryCode": 20,
    "Lat": 100,
    "Long": 100,
    "Note": 500,
    "Tag": 500,
    "Id": 100,
}
