"""Connecting by consent: the platform's OAuth clients, a person's way over the provider's page, and links for others."""

from powerstrip.connect.consent.apps import Apps, NewApp
from powerstrip.connect.consent.connecting import Connecting, connecting
from powerstrip.connect.consent.flows import Consents
from powerstrip.connect.consent.landing import KeepsGrants
from powerstrip.connect.consent.links import state_of
from powerstrip.connect.consent.redirects import callback_uri
from powerstrip.connect.consent.sessions import NewSession, Sessions
from powerstrip.connect.consent.values import Answer, Begun, ConsentFailed, NewConsent, missing_scopes, read_answer

__all__ = [
    "Answer",
    "Apps",
    "Begun",
    "Connecting",
    "ConsentFailed",
    "Consents",
    "KeepsGrants",
    "NewApp",
    "NewConsent",
    "NewSession",
    "Sessions",
    "callback_uri",
    "connecting",
    "missing_scopes",
    "read_answer",
    "state_of",
]
