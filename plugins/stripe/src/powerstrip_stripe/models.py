"""What goes to Stripe and what comes back. Amounts are in the currency's smallest unit: 1099 is 10.99 USD."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, EmailStr, Field, model_validator

from powerstrip.adapter import Model, NoPick, Pick

Currency = Annotated[str, Field(pattern=r"^[a-z]{3}$", description="Three lower-case letters (ISO 4217).", examples=["usd"])]
Amount = Annotated[int, Field(ge=0, le=99_999_999, description="In the smallest unit: 1099 is 10.99 USD.", examples=[1099])]
Metadata = Annotated[dict[str, str], Field(max_length=50, description="Up to 50 texts of your own, kept by Stripe.")]
CustomerId = Annotated[str, Pick("customer"), Field(description="The customer's id, cus_….", examples=["cus_sample"])]
PriceId = Annotated[str, Pick("price"), Field(description="The price's id, price_….", examples=["price_sample"])]
CouponId = Annotated[str, Pick("coupon"), Field(description="A coupon to take off.")]


class NewCustomer(Model):
    email: EmailStr | None = None
    """Where receipts and invoices go."""
    name: str | None = Field(None, max_length=256)
    """The person's or company's name."""
    phone: str | None = Field(None, max_length=20)
    """A phone number."""
    description: str | None = Field(None, max_length=1000)
    """A note of your own; the customer does not see it."""
    metadata: Metadata = Field(default_factory=dict)


class Customer(Model):
    id: str = Field(examples=["cus_sample"])
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    description: str | None = None
    created: datetime
    livemode: bool = False


class Search(Model):
    query: str = Field(min_length=1, max_length=2000, examples=["email:'ada@example.com'"])
    """In Stripe's search language: fields, `:` or `~`, and quoted values."""
    limit: int = Field(10, ge=1, le=100)
    """How many at most."""
    cursor: str | None = None
    """`next` of the page before."""


class Customers(Model):
    customers: list[Customer]
    next: str | None = None


class NewPaymentIntent(Model):
    amount: Amount
    currency: Currency
    customer: CustomerId | None = None
    description: str | None = Field(None, max_length=1000)
    """What it is for; the buyer may see it."""
    receipt_email: EmailStr | None = None
    """Where the receipt goes."""
    payment_method_types: list[str] | None = Field(None, description="Such as card. Left out, Stripe offers what fits.")
    metadata: Metadata = Field(default_factory=dict)


class PaymentIntentRef(Model):
    payment_intent: Annotated[str, Pick("payment_intent")] = Field(description="pi_…", examples=["pi_sample"])


class PaymentIntent(Model):
    id: str = Field(examples=["pi_sample"])
    amount: int
    currency: str
    status: str = Field(examples=["requires_payment_method"])
    customer: str | None = None
    description: str | None = None
    created: datetime


class LineItem(Model):
    price: PriceId
    quantity: int = Field(1, ge=1, le=999_999)
    """How many of it."""


class NewCheckout(Model):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"line_items": [{"price": "price_sample"}], "success_url": "https://shop.example.com/thanks"}],
        }
    )

    line_items: list[LineItem] = Field(min_length=1, max_length=100)
    """What is bought."""
    success_url: str = Field(min_length=8, max_length=2000, description="Where the buyer goes after paying.")
    cancel_url: str | None = Field(None, max_length=2000)
    """Where the buyer goes who changes their mind."""
    mode: Literal["payment", "subscription"] = "payment"
    """One payment, or a subscription."""
    customer: CustomerId | None = None
    customer_email: EmailStr | None = None
    """Filled in for a buyer who is no customer yet."""
    client_reference_id: Annotated[str, NoPick("It is your own.")] | None = Field(
        None, max_length=200, description="Your own id for the order."
    )
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_buyer(self) -> "NewCheckout":
        if self.customer and self.customer_email:
            raise ValueError("give the customer or the customer_email, not both")
        return self


class Checkout(Model):
    id: str = Field(examples=["cs_test_sample"])
    url: str | None = Field(None, examples=["https://checkout.stripe.com/c/pay/cs_test_sample"])
    status: str | None = None
    payment_status: str = Field(examples=["unpaid"])
    expires_at: datetime


class NewSubscription(Model):
    customer: CustomerId
    items: list[LineItem] = Field(min_length=1, max_length=20)
    """What is subscribed to."""
    coupon: CouponId | None = None
    trial_period_days: int | None = Field(None, ge=1, le=730)
    """Days before the first payment."""
    collection_method: Literal["charge_automatically", "send_invoice"] | None = None
    """Charge the kept card, or send invoices."""
    days_until_due: int | None = Field(None, ge=0, le=365)
    """Only for invoices that are sent."""
    metadata: Metadata = Field(default_factory=dict)


class Subscription(Model):
    id: str = Field(examples=["sub_sample"])
    customer: str
    status: str = Field(examples=["active"])
    created: datetime
    cancel_at_period_end: bool = False


class NewInvoice(Model):
    customer: CustomerId
    description: str | None = Field(None, max_length=1500)
    """A line the customer reads on the invoice."""
    collection_method: Literal["charge_automatically", "send_invoice"] = "send_invoice"
    """Charge the kept card, or send it."""
    days_until_due: int | None = Field(30, ge=0, le=365, description="Only for invoices that are sent.")
    auto_advance: bool = Field(False, description="Let Stripe finish and collect it by itself.")
    pending_invoice_items_behavior: Literal["include", "exclude"] = "include"
    """Whether what is pending for the customer goes onto it. Stripe leaves it off unless told."""
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _due(self) -> "NewInvoice":
        if self.collection_method == "charge_automatically":
            self.days_until_due = None
        return self


class InvoiceRef(Model):
    invoice: Annotated[str, Pick("invoice")] = Field(description="in_…", examples=["in_sample"])


class Invoice(Model):
    id: str = Field(examples=["in_sample"])
    customer: str | None = None
    status: str | None = Field(None, examples=["open"])
    amount_due: int
    currency: str
    hosted_invoice_url: str | None = None


class NewRefund(Model):
    model_config = ConfigDict(json_schema_extra={"examples": [{"payment_intent": "pi_sample", "amount": 500}]})

    payment_intent: Annotated[str, Pick("payment_intent")] | None = Field(None, description="pi_…")
    charge: Annotated[str, Pick("charge")] | None = Field(None, description="ch_…, where there is no payment intent.")
    amount: Amount | None = Field(None, description="Left out, all of it.")
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    """Why, as Stripe counts it."""
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_payment(self) -> "NewRefund":
        if bool(self.payment_intent) == bool(self.charge):
            raise ValueError("give the payment_intent or the charge")
        return self


class Refund(Model):
    id: str = Field(examples=["re_sample"])
    amount: int
    currency: str
    status: str | None = Field(None, examples=["succeeded"])
    payment_intent: str | None = None
    charge: str | None = None


class PriceQuery(Model):
    product: Annotated[str, Pick("product")] | None = Field(None, description="Only prices of this product.")
    active: bool | None = True
    """Only prices that can be used, or only those that cannot."""
    limit: int = Field(100, ge=1, le=100)
    """How many at most."""
    cursor: str | None = None
    """`next` of the page before."""


class Price(Model):
    id: str = Field(examples=["price_sample"])
    product: str
    currency: str
    unit_amount: int | None = None
    nickname: str | None = None
    type: str = Field(examples=["one_time"])
    active: bool = True


class Prices(Model):
    prices: list[Price]
    next: str | None = None
