"""What the catalog says of an adapter, and how its parts are found."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import jsonschema
import pytest
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from powerstrip.adapter import (
    Account,
    Adapter,
    ApiKey,
    Basic,
    Choice,
    Content,
    Delivery,
    Hmac,
    Http,
    Incoming,
    Model,
    OAuth2,
    Page,
    Pick,
    Query,
    SigV4,
    Unverified,
)
from powerstrip.adapter.mock import mock
from powerstrip.adapter.model import by_name
from powerstrip.catalog import Catalog, ProviderManifest
from powerstrip.problems import NotFound

OAUTH = OAuth2(authorize_url="https://acme.example/authorize", token_url="https://acme.example/token")


class Settings(Model):
    region: str = "eu"


class Wire(Model):
    model_config = ConfigDict(alias_generator=to_pascal)


class Line(Wire):
    item_name: str
    price: Decimal


class Order(Wire):
    shop_id: Annotated[str, Pick("shop")]
    order_lines: list[Line]
    scan: Content | None = None
    raw: bytes = b""
    note: str | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"shop_id": "1", "order_lines": []}, {"shop_id": 7}]})


class Ordered(Wire):
    order_id: str
    ordered_at: datetime
    rebate: Decimal | None


acme = Adapter(
    "acme",
    "Acme",
    "https://{region}.acme.example",
    (OAUTH, ApiKey(header="X-Key", help="Under Settings, Keys.")),
    description="Sells things.",
    config=Settings,
    hosts=("*.cdn.acme.example",),
    aka=("acme shop",),
)


@acme.action("order.place", idempotent=True, aliases=("place-order", "acme.buy"))
async def place(http: Http, order: Order) -> Ordered:
    """Place an order.

    It is shipped within a day.
    """
    return await http.post("/orders", json=order, returns=Ordered)


@acme.action("order.cancel", destructive=True, deprecated="Use order.refund.", title="Cancel it")
async def cancel(http: Http, order: Ordered) -> Ordered:
    """Cancel an order."""
    return order


@acme.event("order.shipped", entity="order", key="order_id")
class Shipped(Wire):
    """An order left the house."""

    kind: Literal["shipped"]
    order_id: str


@acme.picker("shop", searches=True, depends=("region",))
async def shops(http: Http, query: Query) -> Page:
    """The shops of a region."""
    return Page([Choice("1", "One")])


@acme.webhook(verify=Hmac(header="x-acme-signature"))
def receive(delivery: Delivery) -> Incoming:
    return Incoming(delivery.json())


@acme.account
async def account(http: Http) -> Account:
    return Account("1", "One")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.of(acme, Adapter("beta", "Beta", "https://beta.example"))


@pytest.fixture(scope="module")
def manifest(catalog: Catalog) -> ProviderManifest:
    return catalog.provider("acme")


def test_facts_are_told(manifest: ProviderManifest) -> None:
    assert (manifest.id, manifest.title, manifest.description, manifest.aka) == ("acme", "Acme", "Sells things.", ("acme shop",))
    assert (manifest.base_url, manifest.hosts) == ("https://{region}.acme.example", ("*.cdn.acme.example",))
    assert list(manifest.config_schema["properties"]) == ["region"]
    assert manifest.account_check
    assert manifest.webhook is not None
    assert manifest.webhook.scheme == "hmac"


def test_ways_to_sign_in_have_forms_with_masked_fields(manifest: ProviderManifest) -> None:
    oauth, key = manifest.auths
    assert (oauth.kind, oauth.connect, oauth.needs_token, oauth.secret_fields) == ("oauth2", "redirect", True, ())
    assert (key.kind, key.connect, key.needs_token, key.secret_fields) == ("api_key", "inline", False, ("api_key",))
    field = key.form["properties"]["api_key"]
    assert (field["writeOnly"], field["format"], field["description"]) == (True, "password", "Under Settings, Keys.")


@pytest.mark.parametrize(
    ("auth", "fields"),
    [
        (Basic(), ("password",)),
        (SigV4(service="s3"), ("secret_access_key", "session_token")),
    ],
)
def test_every_secret_of_a_form_is_known(auth: Basic | SigV4, fields: tuple[str, ...]) -> None:
    catalog = Catalog.of(Adapter("gamma", "Gamma", "https://gamma.example", auth))
    assert catalog.provider("gamma").auths[0].secret_fields == fields


def test_an_action_is_told_by_our_field_names(manifest: ProviderManifest) -> None:
    place = manifest.actions[0]
    assert (place.name, place.title, place.summary.splitlines()[0]) == ("acme.order.place", "Place order", "Place an order.")
    assert list(place.input_schema["properties"]) == ["shop_id", "order_lines", "scan", "raw", "note"]
    assert place.input_schema["properties"]["shop_id"]["x-picker"] == "shop"
    assert list(place.input_schema["$defs"]["Line"]["properties"]) == ["item_name", "price"]
    assert list(place.output_schema["properties"]) == ["order_id", "ordered_at", "rebate"]
    assert place.aliases == ("acme.place-order", "acme.buy")
    assert place.annotations.model_dump() == {"read_only": False, "idempotent": True, "destructive": False}


def test_only_examples_that_validate_are_told(manifest: ProviderManifest) -> None:
    assert manifest.actions[0].examples == ({"shop_id": "1", "order_lines": []},)


def test_an_example_is_made_up_where_none_is_given(manifest: ProviderManifest) -> None:
    cancel = manifest.actions[1]
    [example] = cancel.examples
    jsonschema.validate(example, cancel.input_schema)
    assert cancel.deprecated == "Use order.refund."


def test_what_is_not_declared_does_not_fit_the_input(manifest: ProviderManifest) -> None:
    place = manifest.actions[0]
    judge = jsonschema.Draft202012Validator(place.input_schema)
    assert judge.is_valid({"shop_id": "1", "order_lines": [{"item_name": "x", "price": 1}]})
    assert not judge.is_valid({"shop_id": "1", "order_lines": [], "is_admin": True})
    assert not judge.is_valid({"shop_id": "1", "order_lines": [{"item_name": "x", "price": 1, "is_admin": True}]})
    assert not judge.is_valid({"ShopId": "1", "OrderLines": []})


def test_what_is_given_fits_the_output(manifest: ProviderManifest) -> None:
    judge = jsonschema.Draft202012Validator(manifest.actions[0].output_schema)
    assert judge.is_valid(by_name(mock(Ordered)))
    none = Ordered.model_validate({"order_id": "1", "ordered_at": "2026-01-01T00:00:00Z", "rebate": None}, by_name=True)
    assert judge.is_valid(by_name(none)), "a field that may be null is left out where it is"


def test_an_event_is_told_with_an_example(manifest: ProviderManifest) -> None:
    [event] = manifest.events
    assert (event.name, event.summary, event.entity, event.key) == (
        "acme.order.shipped",
        "An order left the house.",
        "order",
        "order_id",
    )
    assert event.example is not None
    jsonschema.validate(event.example, event.data_schema)


def test_a_picker_is_told(manifest: ProviderManifest) -> None:
    [picker] = manifest.pickers
    assert (picker.id, picker.searches, picker.depends) == ("shop", True, ("region",))


def test_a_manifest_survives_json(manifest: ProviderManifest) -> None:
    assert ProviderManifest.model_validate_json(manifest.model_dump_json()) == manifest
    json.loads(manifest.model_dump_json())


def test_an_unverified_webhook_has_its_reason() -> None:
    adapter = Adapter("gamma", "Gamma", "https://gamma.example")
    adapter.webhook(verify=Unverified(reason="Gamma signs nothing."))(receive)
    webhook = Catalog.of(adapter).provider("gamma").webhook
    assert webhook is not None
    assert (webhook.scheme, webhook.reason) == ("none", "Gamma signs nothing.")


def test_an_adapter_at_hand_that_breaks_the_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="`id` must be"):
        Catalog.of(Adapter("No Good", "X", "https://x.example"))
    with pytest.raises(ValueError, match="newer hub"):
        Catalog.of(Adapter("x", "X", "https://x.example", contract=99))


# --- finding things by name -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["acme.order.place", "acme.place-order", "acme.buy"])
def test_an_action_is_found_by_name_and_alias(catalog: Catalog, name: str) -> None:
    assert catalog.find_action(name) == ("acme", "order.place")
    assert catalog.action(name).name == "acme.order.place"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("acme.order.plaec", "acme.order.place"),
        ("acme.order_place", "acme.order.place"),
        ("acne.order.place", "acme.order.place"),
        ("acme.order.cancle", "acme.order.cancel"),
    ],
)
def test_a_typo_is_answered_with_what_was_meant(catalog: Catalog, name: str, meant: str) -> None:
    with pytest.raises(NotFound) as caught:
        catalog.find_action(name)
    assert meant in caught.value.message
    assert name not in caught.value.message


@pytest.mark.parametrize("name", ["", ".", "acme", "acme.", "beta.order.place", "x" * 100_000, "acme." + "y" * 100_000, "\0"])
def test_an_unknown_action_is_not_found(catalog: Catalog, name: str) -> None:
    with pytest.raises(NotFound) as caught:
        catalog.find_action(name)
    assert len(caught.value.message) < 200


def test_all_actions_are_listed(catalog: Catalog) -> None:
    assert [action.name for action in catalog.actions()] == ["acme.order.place", "acme.order.cancel"]


def test_the_adapter_at_hand_is_given(catalog: Catalog) -> None:
    assert catalog.adapter("acme") is acme
    assert catalog.has("acme")
    assert not catalog.has("acne")


class Looped(Model):
    inner: list["Looped"] = Field(default=[])


def test_a_model_that_holds_itself_is_described() -> None:
    adapter = Adapter("gamma", "Gamma", "https://gamma.example")

    @adapter.action("tree.get")
    async def get(http: Http, tree: Looped) -> Looped:
        """Give it back."""
        return tree

    schema = Catalog.of(adapter).action("gamma.tree.get").input_schema
    judge = jsonschema.Draft202012Validator(schema)
    assert judge.is_valid({"inner": [{"inner": []}]})
    assert not judge.is_valid({"inner": [{"outer": 1}]})
