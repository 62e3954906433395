"""Providers by the form of an identifier that a text holds: whose customer, ticket or message it must be."""

import re

from powerstrip.chat.parser.things import Things

_SHAPES = (
    ("stripe", re.compile(r"\b(?:ch|pi|cus|price|prod|sub|in|re|cs|evt)_[A-Za-z0-9]{8,}\b")),
    ("twilio", re.compile(r"\b(?:SM|MM|CA)[0-9a-f]{32}\b")),
    (
        "fhir",
        re.compile(
            r"\b(?:Patient|Observation|Encounter|Practitioner|Condition|Appointment|Procedure|DiagnosticReport|MedicationRequest)/[\w.-]+"
        ),
    ),
    (
        "salesforce",
        re.compile(r"\b(?:001|003|00Q|006|500|005)[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b|\bSELECT\b.+\bFROM\b", re.IGNORECASE),
    ),
    ("slack", re.compile(r"\b1[0-9]{9}\.[0-9]{6}\b")),
    ("s3", re.compile(r"\bs3://[\w.-]+|\barn:aws:s3")),
    (
        "jira",
        re.compile(
            r"\bcurrentUser\(\)|\b(?:assignee|resolution|issuetype|sprint|reporter)\s*(?:=|!=|in\b)|\bORDER BY\b|(?<![\w/#-])[A-Z][A-Z0-9]{1,9}-\d{1,6}\b"
        ),
    ),
    ("github", re.compile(r"(?<![\w./@-])[A-Za-z0-9][\w-]*/[A-Za-z][\w.-]*#\d+\b|\bgithub\.com/")),
)


def by_shape(things: Things) -> list[str]:
    """Providers whose identifiers are in the text, the surest first."""
    return [provider for provider, shape in _SHAPES if shape.search(things.raw)]
