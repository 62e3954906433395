"""A provider's page."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from powerstrip.adapter import Adapter, ApiKey, Delivery, Http, Incoming, Model, Page, Pick, Query, Unverified
from powerstrip.catalog import Catalog, provider_page


class Post(Model):
    channel: Annotated[str, Pick("channel")]
    text: str = Field(description="Up to 40,000 letters | no <script>alert(1)</script>.")
    kind: Literal["plain", "rich"] = "plain"
    tags: list[str] = Field(default=[])
    reply_to: int | None = None


class Posted(Model):
    id: str


acme = Adapter(
    "acme",
    "Acme | Chat",
    "https://api.acme.example",
    ApiKey(header="X-Key", help="Under *Keys*."),
    description="Talk.",
    aka=("acme chat",),
    docs_url="https://docs.acme.example",
)


@acme.action("message.post", aliases=("post-message",), idempotent=True)
async def post(http: Http, message: Post) -> Posted:
    """Post a message."""
    return await http.post("/messages", json=message, returns=Posted)


@acme.event("message.posted", entity="message", key="id")
class MessagePosted(Model):
    """Somebody wrote."""

    type: Literal["message"]
    id: str


@acme.picker("channel")
async def channels(http: Http, query: Query) -> Page:
    """All channels."""
    return Page([])


@acme.webhook(verify=Unverified(reason="Acme signs nothing."))
def receive(delivery: Delivery) -> Incoming:
    return Incoming(delivery.json())


@pytest.fixture(scope="module")
def page() -> str:
    return provider_page(Catalog.of(acme).provider("acme"))


@pytest.mark.parametrize(
    "line",
    [
        "# Acme | Chat",
        "- Provider id: `acme`",
        "- Also known as: acme chat",
        "- Requests go to: `https://api.acme.example`",
        "Connected by a form. Under *Keys*.",
        "| `api_key` | secret | yes | Under *Keys*. |",
        "| `acme.message.post` | Post a message. | idempotent |",
        "Also answers to `acme.post-message`.",
        "| `channel` | text | yes | Picker: `channel`. |",
        "| `text` | text | yes | Up to 40,000 letters &#124; no &lt;script>alert(1)&lt;/script>. |",
        '| `kind` | one of `plain`, `rich` | no (`"plain"`) |  |',
        "| `tags` | list of text | no |  |",
        "| `reply_to` | whole number | no |  |",
        "**Nothing proves where a delivery comes from:** Acme signs nothing.",
        "| `acme.message.posted` | Somebody wrote. |",
        "A change of the entity `message`, keyed by `id`.",
        '| `type` | `"message"` | yes |  |',
        "| `channel` | All channels. | by the hub |  |",
    ],
)
def test_the_page_says(page: str, line: str) -> None:
    assert line in page.splitlines()


def test_the_page_claims_no_tier(page: str) -> None:
    assert "tier" not in page.lower()
    assert not [word for word in ("platinum", "gold", "silver", "certified", "officially") if word in page.lower()]


def test_the_same_manifest_gives_the_same_page(page: str) -> None:
    assert provider_page(Catalog.of(acme).provider("acme")) == page
    assert page.endswith("\n")
    assert not page.endswith("\n\n")


def test_every_table_row_has_as_many_cells_as_its_head(page: str) -> None:
    width = 0
    for line in page.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        width = width or line.count("|")
        assert line.count("|") == width, line


def test_a_bare_provider_has_a_short_page() -> None:
    page = provider_page(Catalog.of(Adapter("beta", "Beta", "https://beta.example", planned=True)).provider("beta"))
    assert "documented only" in page
    assert "## Actions" not in page
    assert "## Events" not in page
