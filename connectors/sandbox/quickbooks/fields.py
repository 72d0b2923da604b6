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


def fields_of(**words: str) -> dict[str, Field]:
    return {name: _field(word) for name, word in words.items()}


def _field(word: str) -> Field:
    kind, _, limit = word.rstrip("!+").partition(":")
    return Field(kind, limit, is_read_only=word.endswith("!"), is_create_only=word.endswith("+"))


ENVELOPE = fields_of(Id="id", SyncToken="token", sparse="bool!", domain="text!", MetaData="object!", status="text!")

NAME = fields_of(
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

CUSTOMER = fields_of(
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

VENDOR = fields_of(
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

EMPLOYEE = fields_of(
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

SALES = fields_of(
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

INVOICE = fields_of(
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

CREDIT_MEMO = fields_of(
    RemainingCredit="money!", SalesTermRef="ref", PaymentMethodRef="ref", DepositToAccountRef="ref", InvoiceRef="ref"
)

REFUND = fields_of(
    DepositToAccountRef="ref",
    PaymentMethodRef="ref",
    PaymentRefNum="text:100",
    PaymentType="enum:Cash|Check|CreditCard|Other",
    CheckPayment="object",
    CreditCardPayment="object",
)

PAYMENT = fields_of(
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

ITEM = fields_of(
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

ACCOUNT = fields_of(
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

TERM = fields_of(
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

# Keys a line may carry. Source: QuickBooks reference 9.6, 11.1, 12.1.
LINE_KEYS = frozenset(
    [
        "Id",
        "LineNum",
        "Description",
        "Amount",
        "DetailType",
        "LinkedTxn",
        "CustomField",
        "CustomExtensions",
        "LineEx",
        "SalesItemLineDetail",
        "DiscountLineDetail",
        "SubTotalLineDetail",
        "DescriptionLineDetail",
        "DescriptionOnly",
        "GroupLineDetail",
        "TaxLineDetail",
        "ProjectRef",
    ]
)
DETAIL_KEYS = {
    "SalesItemLineDetail": frozenset(
        [
            "ItemRef",
            "Qty",
            "UnitPrice",
            "TaxCodeRef",
            "ServiceDate",
            "ClassRef",
            "ItemAccountRef",
            "TaxInclusiveAmt",
            "DiscountRate",
            "DiscountAmt",
            "TaxClassificationRef",
            "MarkupInfo",
            "RatePercent",
            "PriceLevelRef",
            "DeferredRevenue",
        ]
    ),
    "DiscountLineDetail": frozenset(
        [
            "PercentBased",
            "DiscountPercent",
            "DiscountAccountRef",
            "TaxCodeRef",
            "ClassRef",
            "Discount",
            "DiscountRef",
            "ServiceDate",
        ]
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
