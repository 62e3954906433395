"""Custom HTTP: any REST API as an adapter, by hand or imported from its description."""

from powerstrip_http import events
from powerstrip_http.provider import http

__all__ = ["events", "http"]
