"""The Postmark adapter's object, its settings and its spelling."""

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from powerstrip.adapter import Adapter, ApiKey, Model, Pick, PowerstripError, Rejected, Response

_MAIL = re.compile(r"[^@\s]@[^@\s]")


def _mail(text: str) -> str:
    if not _MAIL.search(text) or not text.isprintable():
        raise ValueError("Give a mail address, such as ada@example.com or Ada <ada@example.com>")
    return text


Address = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_mail)]
"""One mail address, with or without a name before it. Whether it exists is Postmark's to say."""
Addresses = Annotated[str, Field(min_length=3, max_length=16_000), AfterValidator(_mail)]
"""Mail addresses separated by commas."""


class Settings(Model):
    """What every message of this integration has, unless it says otherwise."""

    from_address: Annotated[Address, Pick("sender")] | None = Field(None, title="From address")
    """Sends when a message names no sender. Postmark must know it as a confirmed sender signature or domain."""
    message_stream: Annotated[str, Pick("message_stream")] | None = Field(None, title="Message stream", max_length=100)
    """The stream to send through, such as `outbound` or `broadcast`. Postmark takes `outbound` when there is none."""


postmark = Adapter(
    id="postmark",
    title="Postmark",
    description="Send transactional email and hear what became of it.",
    category="Email",
    base_url="https://api.postmarkapp.com",
    auth=ApiKey(
        header="X-Postmark-Server-Token",
        field="server_token",
        title="Server API token",
        help="In Postmark: choose the server, then its API Tokens tab. It is not the account token.",
    ),
    config=Settings,
    aka=("postmarkapp", "transactional email"),
    docs_url="https://postmarkapp.com/developer",
    icon="postmark",
)


@postmark.errors
def check(response: Response) -> PowerstripError | None:
    """A mail that was not taken has an error code, whatever the status. In a batch each mail has its own.

    Source: postmarkapp.com/developer/api/overview, "Error codes".
    """
    if response.status >= 300 or b'"ErrorCode"' not in response.body:
        return None
    match response.json():
        case {"ErrorCode": int(code), "Message": str(words)} if code:
            return Rejected(f"{words} (error code {code})", response.status)
        case _:
            return None


def spelling(name: str) -> str:
    """Postmark writes PascalCase, with some words of its own."""
    own = {"sender": "From", "id": "ID", "message_id": "MessageID", "server_id": "ServerID", "content_id": "ContentID"}
    return own.get(name, to_pascal(name))


class Wire(Model):
    """A model that Postmark reads or writes. Ids come as numbers from some calls and as text from others."""

    model_config = ConfigDict(alias_generator=spelling, coerce_numbers_to_str=True)
