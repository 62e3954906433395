"""Schemes of known providers, ready to use: `@x.webhook(verify=stripe_signature())`.

Each names its protocol source and tells people where the secret is. All times are in seconds.
"""

from typing import Literal

from powerstrip.adapter.verify import (
    BasicPassword,
    Ecdsa,
    Hmac,
    HubSpotSigned,
    MailgunSigned,
    SignedJwt,
    SnsSigned,
    StandardWebhooks,
    StaticToken,
    TwilioSigned,
)


def slack_signature() -> Hmac:
    """Slack, "Verifying requests from Slack": `v0:time:body`."""
    return Hmac(
        header="x-slack-signature",
        timestamp="x-slack-request-timestamp",
        message="v0:{timestamp}:{body}",
        prefix="v0=",
        help="Slack, your app, Basic Information, App Credentials: Signing Secret.",
    )


def stripe_signature() -> Hmac:
    """Stripe, "Verify webhook signatures manually": `t=…,v1=…[,v1=…]`; the secret is used whole, `whsec_` included."""
    return Hmac(
        header="stripe-signature",
        separator=",",
        pair="v1",
        timestamp_pair="t",
        message="{timestamp}.{body}",
        help="Stripe, Developers, Webhooks, the endpoint: Signing secret (whsec_…).",
    )


def github_signature() -> Hmac:
    """GitHub, "Validating webhook deliveries": the SHA-256 header; the older SHA-1 one is never read."""
    return Hmac(
        header="x-hub-signature-256",
        prefix="sha256=",
        made_by="hub",
        label="Webhook secret",
        help="GitHub, the repository or organisation, Settings, Webhooks: paste it into Secret.",
    )


def linear_signature() -> Hmac:
    """Linear, "Webhooks": the body's `webhookTimestamp` (ms) within a minute."""
    return Hmac(
        header="linear-signature",
        timestamp_field="webhookTimestamp",
        timestamp_unit="ms",
        tolerance=60,
        help="Linear, Settings, API, Webhooks, the webhook: Signing secret.",
    )


def jira_signature() -> Hmac:
    """Jira Cloud, "Webhooks", secured with a secret (WebSub): `X-Hub-Signature: sha256=…`. No time is signed."""
    return Hmac(
        header="x-hub-signature",
        prefix="sha256=",
        made_by="hub",
        label="Webhook secret",
        help="Jira, System, WebHooks, the webhook: paste it into Secret.",
    )


def intercom_signature() -> Hmac:
    """Intercom, "Webhook notifications": SHA-1, with the app's client secret. No time is signed."""
    return Hmac(
        header="x-hub-signature",
        prefix="sha1=",
        digest="sha1",
        label="Client secret",
        help="Intercom, Developer Hub, your app, Basic information: Client secret.",
    )


def notion_signature() -> Hmac:
    """Notion, "Webhooks": the key is the verification token of the first delivery. No time is signed."""
    return Hmac(
        header="x-notion-signature",
        prefix="sha256=",
        made_by="handover",
        handover="verification_token",
        label="Verification token",
        help="Notion sends it when the subscription is made: Integrations, the integration, Webhooks; paste it at Verify.",
    )


def openai_signature() -> StandardWebhooks:
    """OpenAI, "Webhooks": Standard Webhooks."""
    return StandardWebhooks(help="OpenAI, Settings, Project, Webhooks: the signing secret (whsec_…) is shown once.")


def twilio_signature() -> TwilioSigned:
    """Twilio, "Webhooks security"."""
    return TwilioSigned(label="Auth token", help="Twilio Console, Account, API keys & tokens: Auth Token (the primary one).")


def sendgrid_signature() -> Ecdsa:
    """SendGrid, "Event Webhook security features": time and body, the trailing line break included."""
    return Ecdsa(
        header="x-twilio-email-event-webhook-signature",
        timestamp="x-twilio-email-event-webhook-timestamp",
        help="SendGrid, Mail Settings, Event Webhooks, Security features: switch on Signature Verification, copy the key.",
    )


def hubspot_signature(*versions: Literal["v1", "v2", "v3"]) -> HubSpotSigned:
    """HubSpot, "Validating requests". All versions unless some are named; v1 and v2 sign no time."""
    return HubSpotSigned(
        versions=versions or ("v3", "v2", "v1"), label="Client secret", help="HubSpot, your app, Auth: Client secret."
    )


def mailgun_signature() -> MailgunSigned:
    """Mailgun, "Securing webhooks"."""
    return MailgunSigned(
        label="Webhook signing key", help="Mailgun, Settings, API security: HTTP webhook signing key (not the API key)."
    )


def sns_signature() -> SnsSigned:
    """Amazon SNS, "Verifying the signatures of Amazon SNS messages"."""
    return SnsSigned(help="AWS, Simple Notification Service, Topics, the topic: ARN. Leave raw message delivery off.")


def pubsub_push() -> SignedJwt:
    """Google Pub/Sub, "Authentication for push subscriptions": an OIDC token of Google for one service account."""
    return SignedJwt(
        issuer="https://accounts.google.com",
        jwks_url="https://www.googleapis.com/oauth2/v3/certs",
        algorithms=("RS256",),
        claim="email",
        label="Audience and service account",
        help="Google Cloud, Pub/Sub, the subscription: its audience, a space, and the address of its push service account.",
    )


def google_channel_token() -> StaticToken:
    """Google Calendar and Drive, "Push notifications": the token given when the channel was made."""
    return StaticToken(header="x-goog-channel-token", help="The hub gives it to Google when it makes the channel.")


def fhir_channel_header() -> StaticToken:
    """FHIR R4 Subscription, `channel.header`: the server sends back the header it was given."""
    return StaticToken(
        header="authorization",
        prefix="Bearer ",
        puts=True,
        help="Put `Authorization: Bearer …` into the Subscription's channel.header.",
    )


def salesforce_organization() -> StaticToken:
    """Salesforce outbound messages are not signed: they only say which organisation they are of. The address is the secret."""
    return StaticToken(
        element="OrganizationId",
        made_by="provider",
        label="Organisation id",
        help="Salesforce, Setup, Company Information: Organization ID, in 18 characters.",
    )


def basic_password() -> BasicPassword:
    """RFC 7617, for providers that sign nothing and keep a password in the webhook's URL (Postmark)."""
    return BasicPassword(help="The webhook's URL carries it: copy the URL as the hub shows it.")
