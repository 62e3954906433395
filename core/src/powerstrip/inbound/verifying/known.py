"""Schemes of providers by their ids. An installed adapter's own scheme comes before them."""

from collections.abc import Callable, Mapping

from powerstrip.adapter import Verify, signatures

KNOWN: Mapping[str, Callable[[], Verify]] = {
    "fhir": signatures.fhir_channel_header,
    "github": signatures.github_signature,
    "google": signatures.google_channel_token,
    "hubspot": signatures.hubspot_signature,
    "intercom": signatures.intercom_signature,
    "jira": signatures.jira_signature,
    "linear": signatures.linear_signature,
    "mailgun": signatures.mailgun_signature,
    "notion": signatures.notion_signature,
    "openai": signatures.openai_signature,
    "postmark": signatures.basic_password,
    "s3": signatures.sns_signature,
    "salesforce": signatures.salesforce_organization,
    "sendgrid": signatures.sendgrid_signature,
    "slack": signatures.slack_signature,
    "stripe": signatures.stripe_signature,
    "twilio": signatures.twilio_signature,
}


def known_scheme(provider: str) -> Verify | None:
    """The scheme of a provider that the hub knows without its adapter; None for others."""
    found = KNOWN.get(provider)
    return found() if found else None
