"""What Postmark's actions take and give."""

import base64
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, RootModel, field_serializer, model_validator

from powerstrip.adapter import Content, Model, NoPick, Pick
from powerstrip_postmark.provider import Address, Addresses, Wire

MessageId = Annotated[str, Pick("message"), Field(min_length=1, max_length=100)]


class Attachment(Wire):
    """One attached file. Postmark takes 10 MB for the whole message."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    """The file's name as the reader sees it."""
    content: Content
    """What is in it."""
    content_type: str = "application/octet-stream"
    """Its media type."""
    content_id: Annotated[str, NoPick("You name the file by it.")] | None = None
    """`cid:logo.png` to show it inside the HTML body as `<img src="cid:logo.png">`."""

    @field_serializer("content")
    def _inline(self, content: Content) -> str:
        return base64.b64encode(content.read()).decode()


class Header(Wire):
    """One header line of the mail."""

    name: str
    """The header's name, such as `X-Order`."""
    value: str
    """What it says."""


class Message(Wire):
    """What every mail has."""

    sender: Annotated[Address, Pick("sender")] | None = None
    """Who sends: a confirmed sender signature. The integration's from address when left out."""
    to: Addresses
    """Who receives: up to 50 addresses, separated by commas."""
    cc: Addresses | None = None
    """Who gets a copy: up to 50 addresses."""
    bcc: Addresses | None = None
    """Who gets a copy unseen: up to 50 addresses."""
    reply_to: Addresses | None = None
    """Where answers go."""
    tag: Annotated[str, Field(max_length=1000)] | None = None
    """A word to find and count messages by."""
    metadata: dict[str, str] | None = None
    """Up to ten names and values of yours that come back in events."""
    headers: list[Header] | None = None
    """Further header lines."""
    attachments: list[Attachment] | None = None
    """Files to attach, 10 MB altogether."""
    track_opens: bool | None = None
    """Whether to notice that the mail is opened. The server's setting when left out."""
    track_links: Literal["None", "HtmlAndText", "HtmlOnly", "TextOnly"] | None = None
    """In which body links are followed. The server's setting when left out."""
    message_stream: Annotated[str, Pick("message_stream")] | None = None
    """The stream to send through. The integration's when left out, else `outbound`."""


class Email(Message):
    """One mail with its text."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Your receipt", "text_body": "Thank you."}
            ]
        }
    )

    subject: Annotated[str, Field(max_length=2000)]
    """The subject line."""
    text_body: str | None = None
    """The mail as plain text. Give this, `html_body` or both."""
    html_body: str | None = None
    """The mail as HTML."""

    @model_validator(mode="after")
    def _has_a_body(self) -> Self:
        if self.text_body is None and self.html_body is None:
            raise ValueError("Give a text_body, an html_body or both")
        return self


class TemplateEmail(Message):
    """One mail made from a template."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sender": "shop@example.com",
                    "to": "ada@example.com",
                    "template": "welcome",
                    "template_model": {"name": "Ada"},
                }
            ]
        }
    )

    template: Annotated[str, Pick("template"), Field(min_length=1, max_length=100)]
    """The template's alias, or its number where it has none."""
    template_model: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Values for the template's placeholders."""
    inline_css: bool | None = None
    """Whether style blocks are written into the elements. Postmark does so when left out."""


class Batch(Model):
    """Several mails in one request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "messages": [
                        {"sender": "shop@example.com", "to": "ada@example.com", "subject": "Hello", "text_body": "Hi Ada"},
                        {"sender": "shop@example.com", "to": "alan@example.com", "subject": "Hello", "text_body": "Hi Alan"},
                    ]
                }
            ]
        }
    )

    messages: Annotated[list[Email], Field(min_length=1, max_length=500)]
    """Up to 500 mails, 50 MB altogether."""


class Sent(Wire):
    """A mail that Postmark took."""

    message_id: str
    submitted_at: datetime | None = None
    to: str | None = None


class BatchResult(Wire):
    """What became of one mail of a batch; `message_id` is there only when Postmark took it."""

    error_code: int = 0
    """0 when it was taken, else Postmark's error code."""
    message: str = ""
    """`OK`, or Postmark's words about why not."""
    message_id: str | None = None
    to: str | None = None
    submitted_at: datetime | None = None


class BatchResults(RootModel[list[BatchResult]]):
    """Postmark's answer to a batch."""


class BatchSent(Model):
    """What became of a batch, mail by mail in the order given: one that is refused does not stop the others."""

    accepted: int
    refused: int
    results: list[BatchResult]


class Paged(Model):
    """One page of a list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"limit": 50}]})

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """How many at most, 500 being Postmark's limit."""
    cursor: Annotated[str, Field(pattern=r"^[0-9]{1,7}$")] | None = None
    """`next` of the page before."""


class Template(Wire):
    """A template kept in Postmark."""

    template_id: int
    alias: str | None = None
    name: str
    active: bool = True
    template_type: str = "Standard"
    """`Standard`, or `Layout` for one that others are set in."""


class TemplateList(Wire):
    """Postmark's page of templates."""

    total_count: int = 0
    templates: list[Template] = Field(default_factory=list[Template])


class Templates(Model):
    """One page of templates."""

    templates: list[Template]
    total_count: int
    next: str | None = None
    """Cursor of the following page; none on the last one."""


class BounceQuery(Paged):
    """Which bounces."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "HardBounce", "limit": 50}]})

    type: str | None = None
    """Kind of bounce, such as `HardBounce`, `SoftBounce`, `SpamNotification` or `Blocked`."""
    email: str | None = None
    """Only for this address."""
    message_id: MessageId | None = None
    """Only of this message."""
    tag: str | None = None
    """Only of messages with this tag."""
    inactive: bool | None = None
    """Only addresses that Postmark has stopped sending to (true), or still sends to (false)."""
    from_date: date | None = None
    """Only since this day."""
    to_date: date | None = None
    """Only up to this day."""
    message_stream: Annotated[str, Pick("message_stream")] | None = None
    """Only of this stream."""


class Bounce(Wire):
    """A mail that came back."""

    id: str
    type: str
    email: str
    message_id: str | None = None
    bounced_at: datetime | None = None
    name: str | None = None
    description: str | None = None
    details: str | None = None
    subject: str | None = None
    tag: str | None = None
    inactive: bool = False
    """Whether Postmark has stopped sending to this address."""
    can_activate: bool = False
    """Whether it can be told to send there again."""
    message_stream: str | None = None


class BounceList(Wire):
    """Postmark's page of bounces."""

    total_count: int = 0
    bounces: list[Bounce] = Field(default_factory=list[Bounce])


class Bounces(Model):
    """One page of bounces, the latest first."""

    bounces: list[Bounce]
    total_count: int
    next: str | None = None
    """Cursor of the following page; none on the last one. Postmark lists 10,000 at most."""


class MessageRef(Model):
    """Which sent message."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message_id": "07311c54-0687-4ab9-b034-b54b5bad88ba"}]})

    message_id: MessageId
    """The id that sending it gave."""


class MessageEvent(Wire):
    """Something that happened to a message."""

    type: str
    """`Delivered`, `Transient`, `Opened`, `LinkClicked`, `Bounced` or `SubscriptionChanged`."""
    recipient: str | None = None
    received_at: datetime | None = None
    details: dict[str, Any] = Field(default_factory=dict[str, Any])


class SentMessage(Wire):
    """A message that was sent, and what became of it."""

    message_id: str
    status: str | None = None
    sender: str | None = None
    recipients: list[str] = Field(default_factory=list[str])
    subject: str | None = None
    tag: str | None = None
    message_stream: str | None = None
    received_at: datetime | None = None
    text_body: str | None = None
    html_body: str | None = None
    message_events: list[MessageEvent] = Field(default_factory=list[MessageEvent])


class Nothing(Model):
    """Nothing has to be said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class BounceCount(Wire):
    """How many bounces of one kind there are."""

    name: str
    count: int
    type: str | None = None
    """None for the sum of all kinds."""


class DeliveryStats(Wire):
    """Bounces by kind."""

    inactive_mails: int = 0
    """Addresses that Postmark has stopped sending to."""
    bounces: list[BounceCount] = Field(default_factory=list[BounceCount])
