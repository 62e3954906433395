"""What can be done at Stripe, and the values to choose from.

Source of the paths and names: Stripe's API reference, docs.stripe.com/api. Every write carries the call's idempotency key.
"""

from typing import Any, Generic, TypeVar

from powerstrip.adapter import Choice, Http, Model, Page, Query, segment
from powerstrip_stripe.models import (
    Checkout,
    Customer,
    Customers,
    Invoice,
    InvoiceRef,
    NewCheckout,
    NewCustomer,
    NewInvoice,
    NewPaymentIntent,
    NewRefund,
    NewSubscription,
    PaymentIntent,
    PaymentIntentRef,
    Price,
    PriceQuery,
    Prices,
    Refund,
    Search,
    Subscription,
)
from powerstrip_stripe.provider import pairs, stripe

T = TypeVar("T")


class _List(Model, Generic[T]):
    data: list[T]
    has_more: bool = False
    next_page: str | None = None


@stripe.action("customer.create", idempotent=True)
async def create_customer(http: Http, customer: NewCustomer) -> Customer:
    """Create a customer."""
    return await http.post("/v1/customers", form=pairs(customer), returns=Customer)


@stripe.action("customer.search", read_only=True)
async def search_customers(http: Http, search: Search) -> Customers:
    """Find customers by Stripe's search language. New customers appear after about a minute."""
    params = {"query": search.query, "limit": search.limit, "page": search.cursor}
    found = await http.get("/v1/customers/search", params=params, returns=_List[Customer])
    return Customers(customers=found.data, next=found.next_page if found.has_more else None)


@stripe.action("payment_intent.create", idempotent=True)
async def create_payment_intent(http: Http, intent: NewPaymentIntent) -> PaymentIntent:
    """Prepare to collect a payment."""
    return await http.post("/v1/payment_intents", form=pairs(intent), returns=PaymentIntent)


@stripe.action("payment_intent.get", read_only=True)
async def get_payment_intent(http: Http, intent: PaymentIntentRef) -> PaymentIntent:
    """Read a payment's state."""
    return await http.get(f"/v1/payment_intents/{segment(intent.payment_intent)}", returns=PaymentIntent)


@stripe.action("checkout_session.create", idempotent=True)
async def create_checkout(http: Http, checkout: NewCheckout) -> Checkout:
    """Make a payment page hosted by Stripe, and the link to it."""
    return await http.post("/v1/checkout/sessions", form=pairs(checkout), returns=Checkout)


@stripe.action("subscription.create", idempotent=True)
async def create_subscription(http: Http, subscription: NewSubscription) -> Subscription:
    """Begin to bill a customer regularly."""
    return await http.post("/v1/subscriptions", form=pairs(subscription), returns=Subscription)


@stripe.action("invoice.create", idempotent=True)
async def create_invoice(http: Http, invoice: NewInvoice) -> Invoice:
    """Draft an invoice of what is pending for a customer."""
    return await http.post("/v1/invoices", form=pairs(invoice), returns=Invoice)


@stripe.action("invoice.send", idempotent=True)
async def send_invoice(http: Http, invoice: InvoiceRef) -> Invoice:
    """Send an invoice to its customer by email; a draft is finished first."""
    return await http.post(f"/v1/invoices/{segment(invoice.invoice)}/send", form={}, returns=Invoice)


@stripe.action("refund.create", idempotent=True, destructive=True)
async def create_refund(http: Http, refund: NewRefund) -> Refund:
    """Give a payment back, all of it or a part."""
    return await http.post("/v1/refunds", form=pairs(refund), returns=Refund)


@stripe.action("price.list", read_only=True)
async def list_prices(http: Http, query: PriceQuery) -> Prices:
    """List prices, the latest first."""
    params = {"product": query.product, "active": query.active, "limit": query.limit, "starting_after": query.cursor}
    found = await http.get("/v1/prices", params=params, returns=_List[Price])
    return Prices(prices=found.data, next=found.data[-1].id if found.has_more and found.data else None)


# Values to choose from. Stripe pages by the last id; only customers can be searched, and by a whole word.


class _Row(Model):
    id: str
    name: str | None = None
    email: str | None = None
    description: str | None = None
    nickname: str | None = None
    number: str | None = None
    amount: int | None = None
    unit_amount: int | None = None
    currency: str | None = None

    def choice(self) -> Choice:
        label = self.name or self.email or self.nickname or self.number or self.description or self.id
        money = self.amount if self.amount is not None else self.unit_amount
        amount = f"{money} {self.currency} (smallest unit)" if money is not None and self.currency else ""
        return Choice(self.id, label, amount or (self.email or "" if label != self.email else ""))


async def _page(http: Http, path: str, query: Query, **params: Any) -> Page:
    found = await http.get(path, params={"limit": 100, "starting_after": query.cursor, **params}, returns=_List[_Row])
    return Page([row.choice() for row in found.data], found.data[-1].id if found.has_more and found.data else None)


@stripe.picker("customer")
async def customers(http: Http, query: Query) -> Page:
    """Customers, the latest first."""
    return await _page(http, "/v1/customers", query)


@stripe.picker("product")
async def products(http: Http, query: Query) -> Page:
    """Products that can be sold."""
    return await _page(http, "/v1/products", query, active=True)


@stripe.picker("price")
async def prices(http: Http, query: Query) -> Page:
    """Prices that can be charged."""
    return await _page(http, "/v1/prices", query, active=True)


@stripe.picker("coupon")
async def coupons(http: Http, query: Query) -> Page:
    """Coupons."""
    return await _page(http, "/v1/coupons", query)


@stripe.picker("payment_intent")
async def payment_intents(http: Http, query: Query) -> Page:
    """Payments, the latest first."""
    return await _page(http, "/v1/payment_intents", query)


@stripe.picker("charge")
async def charges(http: Http, query: Query) -> Page:
    """Charges, the latest first."""
    return await _page(http, "/v1/charges", query)


@stripe.picker("invoice")
async def invoices(http: Http, query: Query) -> Page:
    """Invoices, the latest first."""
    return await _page(http, "/v1/invoices", query)
